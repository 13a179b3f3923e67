"""Boxes and schedulers that differ from what a run expects: each a clear sentence, and nothing is lost."""

from __future__ import annotations

import http.server
import json
import shutil
import stat
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import run_inside
from tests.cluster.certificates import authority, signed
from tests.cluster.films import FILMS, Scene, link_films, make_data, scene_in
from tests.cluster.harness import REPOSITORY
from tests.faults.conftest import needs, needs_root
from tests.faults.test_clock import SHIM
from tui_gen import __version__
from tui_gen.config.cluster_settings import TlsFiles

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


def refusals(scene: Scene) -> dict[str, str]:
    """Return what `check --cluster` says of each machine: "" if it can work."""
    done = scene.check("--json")
    found: dict[str, Any] = json.loads(done.out)
    return {
        machine["name"]: next((step["detail"] for step in machine["steps"] if step["passed"] is False), "")
        for machine in found["machines"]
    }


def test_other_prefixes_links_and_spaces(scene: Scene) -> None:
    share = scene.folder / "a share, with spaces"
    (share / "only b").mkdir(parents=True)
    (share / "all films").mkdir()
    link_films(scene.films, share / "all films")
    (share / "all films" / "b" / "bert.mp4").rename(share / "only b" / "bert.mp4")
    (share / "link to the output").symlink_to(scene.data.output)
    (share / "link to the films").symlink_to(scene.films)
    scene.data.output.mkdir()
    scene.configure(
        paths={str(scene.data.output): str(share / "link to the output")},
        machines={
            "box1": {
                "paths": {
                    str(scene.films): str(share / "all films"),
                    str(scene.films / "b"): str(share / "only b"),
                }
            },
            "box2": {"paths": {str(scene.films): str(share / "link to the films")}},
        },
    )
    assert refusals(scene) == {"box1": "", "box2": ""}
    with scene.start() as running:
        scene.finish(running)
    assert scene.makers() == {"box1", "box2"}


def other_version(folder: Path) -> dict[str, str]:
    """Copy the program with another version; return the environment that finds the copy."""
    shutil.copytree(REPOSITORY / "tui_gen", folder / "tui_gen", ignore=shutil.ignore_patterns("__pycache__"))
    begin = folder / "tui_gen" / "__init__.py"
    text = begin.read_text().replace(f'"{__version__}"', '"0.0.1"')
    assert "0.0.1" in text
    begin.write_text(text)
    return {"PYTHONPATH": str(folder)}


def other_ffmpeg(path: Path, program: str) -> Path:
    """Make an ffmpeg that tells of another version."""
    path.write_text(
        '#!/bin/sh\ncase "$*" in\n'
        f"*-version*) '{program}' \"$@\" | sed 's/^ffmpeg version [^ ]*/ffmpeg version 5.1.9/' ;;\n"
        f"*) exec '{program}' \"$@\" ;;\nesac\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_boxes_that_would_make_other_bytes_are_refused(empty_scene: Scene, embedded_ffmpeg: str) -> None:
    scene = empty_scene
    lacking = scene.folder / "not all films"
    lacking.mkdir()
    link_films(scene.films, lacking)
    (lacking / next(iter(FILMS))).unlink()
    scene.configure(
        machines={
            "tools": {"ffmpeg": str(other_ffmpeg(scene.folder / "ffmpeg", embedded_ffmpeg))},
            "films": {"paths": {str(scene.films): str(lacking)}},
            "output": {"paths": {str(scene.data.output): str(lacking)}},
        }
    )
    scene.data.output.mkdir()
    scene.lend("good")
    scene.lend("older", env=other_version(scene.folder / "older"))
    for name in ("tools", "films", "output"):
        scene.lend(name)
    scene.connected()
    expected = {
        "good": "",
        "older": f"it runs version 0.0.1, not {__version__}",
        "tools": "it would make other bytes: ffmpeg: ",
        "films": f"{next(iter(FILMS))}: No such file or directory",
        "output": str(scene.data.output),
    }
    said = refusals(scene)
    assert said.keys() == expected.keys()
    for name, words in expected.items():
        assert words in said[name], said
    assert "-> '5.1.9'" in said["tools"]
    with scene.start() as running:
        scene.until_made(running, 1)
        for name, words in expected.items():
            if words:
                assert words in scene.until_phase(name, "refused")
        scene.finish(running, again=0)
    assert scene.makers() == {"good"}


def test_a_box_that_works_for_another_run(scene: Scene) -> None:
    (scene.folder / "other").mkdir()
    other = Scene(
        scene.folder / "other",
        scene.films,
        make_data(scene.folder / "other", scene.films),
        scene.reference,
        scene.cluster,
        scene.boxes,
        scene.slots,
    )
    scene.configure(machines={name: {"workers": 1} for name in scene.boxes})  # the first run lasts longer
    run_inside("ctl", "-c", scene.data.config, "status")  # loads what the next call needs
    with scene.start() as first:
        scene.until_phase("box1", "running")
        assert run_inside("ctl", "-c", scene.data.config, "pause").code == 0
        said = refusals(other)
        with other.start() as second:
            reason = other.until_phase("box1", "refused")
            assert run_inside("ctl", "-c", scene.data.config, "resume").code == 0
            assert first.end().code == 0
            assert second.end().code == 0
    assert reason.startswith("it works for ")
    assert reason.endswith(str(scene.data.output))
    assert set(said.values()) == {reason}
    scene.check_dataset()
    other.check_finished()
    assert other.makers() == {"box1", "box2"}


@needs("gcc")
def test_a_clock_that_differs_by_an_hour(empty_scene: Scene) -> None:
    scene = empty_scene
    source, shim, offset = (scene.folder / name for name in ("shim.c", "shim.so", "offset"))
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    offset.write_text("3600")
    scene.lend("box1", env={"LD_PRELOAD": str(shim), "CLOCK_OFFSET": str(offset)})
    scene.lend("box2")
    scene.connected()
    assert refusals(scene) == {"box1": "", "box2": ""}
    with scene.start() as running:
        done = scene.finish(running, again=0)
    assert scene.makers() == {"box1", "box2"}
    began = scene.data.ledger()[0]["at"]
    clips = [line for line in scene.data.ledger() if line["kind"] == "clip"]
    assert all(0 <= line["at"] - began < 1000 for line in clips)
    assert "1 h" not in done.out


@needs_root
@needs("unshare")
def test_boxes_without_the_output_folder_send_the_files(empty_scene: Scene) -> None:
    scene = empty_scene
    scene.data.output.mkdir()
    hide = 'mount -t tmpfs -o mode=0555,size=64k tmpfs "$0" && exec "$@"'
    prefix = ("unshare", "-m", "sh", "-c", hide, str(scene.data.output))
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no mount namespace can be made: {tried.stderr}")
    for name in ("box1", "box2"):
        scene.lend(name, prefix=prefix)
    scene.connected()
    assert all(
        "is another folder there" in said or "No such file" in said for said in refusals(scene).values()
    )
    scene.configure(output="send")
    assert refusals(scene) == {"box1": "", "box2": ""}
    with scene.start() as running:
        scene.until_made(running)
        scene.boxes["box1"].runner().kill()
        assert running.end().code == 0
    scene.check_dataset()
    assert scene.makers() == {"box1", "box2"}
    scene.check_no_box_is_left()  # nor what the killed process had not sent


# ------------------------------------------------------------------------------------ schedulers


def test_a_server_of_another_kind_is_refused(empty_scene: Scene) -> None:
    scene = empty_scene
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        scene.configure(address=f"tcp://127.0.0.1:{server.server_port}")
        for done in (scene.start().end(), scene.check()):
            assert done.code == 2, str(done)
            assert "is no dask scheduler" in done.err, str(done)
            assert "Traceback" not in done.err
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
    assert not scene.data.output.exists()


def options_of(files: TlsFiles) -> tuple[str, ...]:
    return ("--tls-ca-file", files.ca, "--tls-cert", files.cert, "--tls-key", files.key)


def test_a_certificate_of_a_stranger_is_refused(
    tmp_path: Path, studio: Path, at_home: Mapping[str, str]
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    ca, others = authority(ours), authority(theirs)
    nas, box, stranger = signed(ca, "nas"), signed(ca, "box"), signed(others, "stranger")
    mixed = TlsFiles(box.ca, stranger.cert, stranger.key)
    options = ("--protocol", "tls", *options_of(nas))
    with scene_in(tmp_path, studio, at_home, *options, protocol="tls") as scene:
        for files, words in ((stranger, "is not one of the authority"), (mixed, "refuses the certificate")):
            scene.configure(tls={"ca": files.ca, "cert": files.cert, "key": files.key})
            for done in (scene.start().end(), scene.check()):
                assert done.code == 2, str(done)
                assert words in done.err, str(done)
                assert "Traceback" not in done.err
        assert not scene.data.output.exists()
        scene.configure(tls={"ca": box.ca, "cert": box.cert, "key": box.key})
        lent = ("--tls-ca", box.ca, "--tls-cert", box.cert, "--tls-key", box.key)
        scene.lend("box1", 2, *lent)
        scene.connected()
        with scene.start() as running:
            scene.finish(running)
