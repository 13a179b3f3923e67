"""The key `cluster`: its settings, and its faults with line and key, in the configuration of every job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tui_gen.config.cluster_settings import ClusterSettings, MachineSettings, TlsFiles
from tui_gen.config.faults import ConfigurationError
from tui_gen.contract.registry import read_config
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.recipe import Fingerprints, recipe_of
from tui_gen.media.ffmpeg import Ffmpeg

FILES: dict[str, dict[str, Any]] = {
    "superres": {"base_settings": {"output_base_dir": "out"}},
    "videomnist": {"job": "videomnist", "output_dir": "out", "digits": "drawn"},
    "anime": {"job": "anime", "output_dir": "out", "sources": []},
}
PLAIN = {"address": "tcp://nas:8786"}
TLS = {"ca": "ca.pem", "cert": "/etc/me.pem", "key": "keys/me.key"}
WHOLE = {
    "address": "tls://nas:8786",
    "paths": {"/films": "/mnt/nas/my films"},
    "output": "send",
    "machines": {"box3": {"workers": 6, "paths": {"/out": "/srv/out"}, "ffmpeg": "/usr/bin/ffmpeg"}, "b": {}},
    "tls": TLS,
}
every_job = pytest.mark.parametrize("job", ["superres", "videomnist", "anime"])


def written(folder: Path, job: str, cluster: object) -> Path:
    source = folder / "images"  # anime refuses a configuration without sources
    source.mkdir(exist_ok=True)
    (source / "a.png").write_bytes(b"")
    sources = {"sources": [str(source)]} if job == "anime" else {}
    path = folder / "c.json"
    path.write_text(json.dumps({**FILES[job], **sources, "cluster": cluster}, indent=1), encoding="utf-8")
    return path


@every_job
def test_a_run_gets_the_settings(tmp_path: Path, job: str) -> None:
    assert read_config(written(tmp_path, job, None)).run.cluster is None
    assert read_config(written(tmp_path, job, PLAIN)).run.cluster == ClusterSettings("tcp://nas:8786")
    assert read_config(written(tmp_path, job, WHOLE)).run.cluster == ClusterSettings(
        "tls://nas:8786",
        paths={"/films": "/mnt/nas/my films"},
        output="send",
        machines={
            "box3": MachineSettings(6, {"/out": "/srv/out"}, "/usr/bin/ffmpeg"),
            "b": MachineSettings(),
        },
        tls=TlsFiles(f"{tmp_path}/ca.pem", "/etc/me.pem", f"{tmp_path}/keys/me.key"),
    )


def recipe(path: Path, job: str) -> object:
    if job == "superres":  # which opens no configuration without films
        ffmpeg, fingerprints = Ffmpeg("/ffmpeg", "9"), Fingerprints("colours")
        return recipe_of(load_settings(path), (), ffmpeg=ffmpeg, fingerprints=fingerprints)
    return read_config(path).open({}).job.recipe


@pytest.mark.parametrize("job", ["superres", "videomnist"])
def test_the_recipe_does_not_depend_on_the_cluster(tmp_path: Path, job: str) -> None:
    at_home, plain, whole = (recipe(written(tmp_path, job, cluster), job) for cluster in (None, PLAIN, WHOLE))
    assert at_home == plain == whole


@every_job
@pytest.mark.parametrize(
    ("cluster", "place", "words"),
    [
        ("tcp://nas:8786", "cluster", 'got "tcp://nas:8786"; write an object, like {"address":'),
        ({}, "cluster.address", "is missing; write the address of the dask scheduler"),
        ({**PLAIN, "adress": ""}, "cluster.adress", 'is not a known key; did you mean "address"?'),
        ({"address": 8786}, "cluster.address", "got 8786; write the address of the dask scheduler"),
        ({"address": "nas:8786"}, "cluster.address", '"nas:8786" begins neither with tcp:// nor with tls://'),
        ({"address": "tls://nas:8786"}, "cluster.tls", "is missing, and an address that begins with tls://"),
        ({**PLAIN, "tls": TLS}, "cluster.tls", "is not used: the address begins with tcp://; write an"),
        (
            {**WHOLE, "tls": {"ca": "a", "key": "k"}},
            "cluster.tls.cert",
            "is missing; write the file with the certificate",
        ),
        ({**WHOLE, "tls": {**TLS, "key": ""}}, "cluster.tls.key", 'got ""; write the file with the private'),
        ({**PLAIN, "output": "nfs"}, "cluster.output", 'got "nfs"; write "shared" or "send"'),
        ({**PLAIN, "paths": ["/a"]}, "cluster.paths", 'got ["/a"]; write folders and their paths there'),
        ({**PLAIN, "paths": {"/a": 1}}, 'cluster.paths["/a"]', "got 1; write an absolute path"),
        ({**PLAIN, "paths": {"a": "/a"}}, "cluster.paths.a", '"a" is not an absolute path; write one like'),
        ({**PLAIN, "paths": {"/a": "~/a"}}, 'cluster.paths["/a"]', '"~/a" is not an absolute path; write'),
        ({**PLAIN, "paths": {"/a": ""}}, 'cluster.paths["/a"]', '"" is not an absolute path; write one like'),
        ({**PLAIN, "paths": {"/a/": "/b"}}, 'cluster.paths["/a/"]', '"/a/" ends with a slash; write "/a"'),
        ({**PLAIN, "paths": {"/a": "/b//"}}, 'cluster.paths["/a"]', '"/b//" ends with a slash; write "/b"'),
        ({**PLAIN, "paths": {"/a": "/b/../c"}}, 'cluster.paths["/a"]', '"/b/../c" is not written as a plain'),
        ({**PLAIN, "paths": {"//a": "/b"}}, 'cluster.paths["//a"]', '"//a" is not written as a plain path'),
        ({**PLAIN, "paths": {"/": "/b"}}, 'cluster.paths["/"]', '"/" is the root of all folders; write a'),
        ({**PLAIN, "paths": {"/a": "/b\0"}}, 'cluster.paths["/a"]', '"/b\\u0000" holds a NUL; write a path'),
        (
            {**PLAIN, "paths": {"/a": "/c", "/b": "/c"}},
            "cluster.paths",
            '"/b" and "/a" have the same path "/c"; give each folder a path of its own',
        ),
        ({**PLAIN, "machines": {"b": 3}}, "cluster.machines.b", "got 3; write machines and what differs"),
        ({**PLAIN, "machines": {"": {}}}, 'cluster.machines[""]', "is no name of a machine; write the name"),
        (
            {**PLAIN, "machines": {"b": {"workers": 0}}},
            "cluster.machines.b.workers",
            "got 0; write a whole number from 1 to 1024, or null for as many as the machine lends",
        ),
        (
            {**PLAIN, "machines": {"b": {"threads": 1}}},
            "cluster.machines.b.threads",
            "is not a known key; ",
        ),
        (
            {**PLAIN, "machines": {"b": {"ffmpeg": "ffmpeg"}}},
            "cluster.machines.b.ffmpeg",
            '"ffmpeg" is not an absolute path; write a path of that machine, like "/usr/bin/ffmpeg"',
        ),
        (
            {**PLAIN, "machines": {"b": {"paths": {"/out": "out"}}}},
            'cluster.machines.b.paths["/out"]',
            '"out" is not an absolute path; write one like',
        ),
        (
            {**PLAIN, "paths": {"/a": "/c"}, "machines": {"b": {"paths": {"/b": "/c"}}}},
            "cluster.machines.b.paths",
            '"/b" and "/a" have the same path "/c"; give each folder a path of its own',
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(
    tmp_path: Path, job: str, cluster: object, place: str, words: str
) -> None:
    path = written(tmp_path, job, cluster)
    with pytest.raises(ConfigurationError) as refused:
        read_config(path)
    (problem,) = refused.value.problems
    assert problem.key == place
    assert f"{problem.wrong}; {problem.remedy}".startswith(words)
    assert problem.line is not None
    assert problem.line >= path.read_text(encoding="utf-8").splitlines().index(
        next(line for line in path.read_text(encoding="utf-8").splitlines() if '"cluster"' in line)
    )


def test_a_machine_may_replace_the_path_of_all_machines(tmp_path: Path) -> None:
    cluster = {**PLAIN, "paths": {"/a": "/x", "/b": "/y"}, "machines": {"m": {"paths": {"/a": "/z"}}}}
    settings = read_config(written(tmp_path, "superres", cluster)).run.cluster
    assert settings is not None
    assert settings.machine("m").paths == {"/a": "/z", "/b": "/y"}
    assert settings.machine("n").paths == {"/a": "/x", "/b": "/y"}
