"""Engines and clients of two versions understand pause, resume, drain, stop and status of each other.

The earlier version is a commit of this repository. Where the clone does not have it, the tests skip.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.golden.program import ROOT, Engine, environment, read_ledger
from tests.golden.wire import give_order, lay_out_long_film

COMMIT = "344604d"
"""The last one before modules moved."""
METADATA = "Metadata-Version: 2.1\nName: tui-gen\nVersion: 0.1.0\n"
ENTRY_POINTS = "[tui_gen.jobs]\nsuperres = tui_gen.jobs.superres\n"

Environment = dict[str, str]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return the environment in which `tui_gen` is the earlier version."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    archive = subprocess.run(
        [git, "-C", str(ROOT), "archive", COMMIT, "tui_gen", "tui_gen.tcss", "generator_config.json"],
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        pytest.skip(f"the clone has no commit {COMMIT}: {archive.stderr.decode(errors='replace').strip()}")
    tree = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")
    # Jobs are found by the metadata of the package, which a tree of sources does not have.
    about = tree / "tui_gen-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA, encoding="ascii")
    (about / "entry_points.txt").write_text(ENTRY_POINTS, encoding="ascii")
    env = environment(PYTHONPATH=str(tree))
    imported = subprocess.run(
        [sys.executable, "-c", "import tui_gen; print(tui_gen.__file__)"],
        capture_output=True,
        check=True,
        cwd=tree.parent,
        env=env,
        text=True,
    )
    assert Path(imported.stdout.strip()).is_relative_to(tree)
    return env


@pytest.mark.soak
@pytest.mark.parametrize(
    "is_engine_earlier",
    [
        pytest.param(True, id="earlier engine"),
        pytest.param(False, id="earlier client"),
    ],
)
def test_a_client_of_another_version_steers_an_engine(
    *, is_engine_earlier: bool, earlier: Environment, tmp_path: Path
) -> None:
    config = lay_out_long_film(tmp_path)
    engine_env, client_env = (earlier, None) if is_engine_earlier else (None, earlier)

    def order(word: str, *flags: str) -> str:
        done = give_order(config, word, *flags, env=client_env)
        assert done.code == 0, str(done)
        return done.out

    with Engine(config, env=engine_env) as engine:
        engine.wait_for_socket()
        order("pause")
        assert json.loads(order("status", "--json"))["state"] == "paused"
        order("resume")
        engine.wait_until(lambda: engine.clips_made() > 0, "a clip")
        order("drain")
        assert engine.end() == 4
    with Engine(config, env=engine_env) as engine:
        engine.wait_for_socket()
        order("stop")
        assert engine.end() == 4
    lines = read_ledger(engine.ledger)
    phases = [line["phase"] for line in lines if line["kind"] == "phase"]
    assert [phase for phase in phases if phase != "running"] == ["paused", "draining", "stopping"]
    ends = [(line["result"], line["exit_code"]) for line in lines if line["kind"] == "end"]
    assert ends == [("stopped", 4), ("stopped", 4)]
