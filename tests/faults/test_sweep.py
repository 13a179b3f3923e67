"""The program is killed at every one of its own renames, flushes and openings, and loses nothing by it."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.acceptance.program import Dataset, check_whole
from tests.faults.conftest import PATIENCE, Scene, make_scene

pytestmark = pytest.mark.crash

# A run of nine clips makes some 70 renames, 150 flushes and 260 openings.
ALWAYS = [
    ("rename", 2), ("rename", 3), ("rename", 20), ("fsync", 3), ("fsync", 60), ("open", 9), ("open", 120)
]  # fmt: skip
UP_TO = 200
AT_ONCE = 25


@pytest.fixture(scope="module")
def small(studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return an undisturbed dataset of a few clips: it is made again some six hundred times."""
    scene = make_scene(tmp_path_factory.mktemp("small"), studio, {}, base_frame_limit=3)
    done = scene.run()
    assert done.code == 0, str(done)
    check_whole(scene.data)
    return scene.data


def killed_at(scene: Scene, call: str, number: int) -> bool:
    """Run, killed at the n-th such call that it makes on files of the output; say whether it was."""
    patience = {**PATIENCE, "kill": [call, number, str(scene.data.output)]}
    with scene.start("--workers", "2", patience=patience) as running:
        done = running.end()
    assert "Traceback" not in done.err, str(done)
    assert done.code in {0, -signal.SIGKILL}, str(done)
    return done.code != 0


def sweep(tmp_path: Path, studio: Path, small: Dataset, kills: list[tuple[str, int]]) -> int:
    reference, killed = small.tree(), 0
    for call, number in kills:
        folder = tmp_path / f"{call}{number}"
        folder.mkdir()
        scene = make_scene(folder, studio, reference, base_frame_limit=3)
        killed += killed_at(scene, call, number)
        scene.check_no_survivor()
        scene.finish()
    return killed


@pytest.mark.slow
def test_a_kill_at_some_renames_flushes_and_openings_changes_no_byte(
    tmp_path: Path, studio: Path, small: Dataset
) -> None:
    assert sweep(tmp_path, studio, small, ALWAYS) == len(ALWAYS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("call", ["rename", "fsync", "open"])
@pytest.mark.parametrize("start", range(1, UP_TO, AT_ONCE))
def test_a_kill_at_every_rename_flush_and_opening_changes_no_byte(
    call: str, start: int, tmp_path: Path, studio: Path, small: Dataset
) -> None:
    sweep(tmp_path, studio, small, [(call, number) for number in range(start, start + AT_ONCE)])


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_kills_at_random_moments_change_no_byte(times: int, scene: Scene) -> None:
    chance = random.Random(times)
    for _ in range(times):
        with scene.start("--workers", "3") as running:
            running.wait_until(scene.data.ledger_path.exists, "a ledger")
            moment = running.age_seconds + chance.uniform(0.0, 1.2)
            while running.process.poll() is None and running.age_seconds < moment:
                pass
            running.process.kill()
            running.process.wait()
    scene.finish()
