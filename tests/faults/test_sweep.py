"""The program is killed at every one of its own renames, flushes and openings, and loses nothing by it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import Dataset, check_whole
from tests.faults.conftest import PATIENCE, Scene, make_scene

pytestmark = pytest.mark.crash

# A run of nine clips makes some 70 renames, 150 flushes and 260 openings.
ALWAYS = [
    ("rename", 20), ("fsync", 60), ("open", 120)
]  # fmt: skip
UP_TO = 200
AT_ONCE = 25
# The number of calls differs a little between two runs: only so many in a row that kill nothing are the end.
SURVIVED_AT_THE_END = 3


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
    """Kill once at each of these calls, and return how many there were to be killed at."""
    reference, killed, survived = small.tree(), 0, 0
    for call, number in kills:
        scene = make_scene(
            folder_of_its_own(tmp_path, f"{call}-{number}"), studio, reference, base_frame_limit=3
        )
        dead = killed_at(scene, call, number)
        scene.check_no_survivor()
        scene.finish()
        killed, survived = killed + dead, 0 if dead else survived + 1
        if survived == SURVIVED_AT_THE_END:
            break
    return killed


@pytest.mark.soak
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
    kills = [(call, number) for number in range(start, start + AT_ONCE)]
    killed = sweep(tmp_path, studio, small, kills)
    sys.stdout.write(f"\n{call} {start} to {start + AT_ONCE - 1}: killed {killed} times\n")
    assert killed or start > 1


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_kills_at_random_moments_change_no_byte(
    times: int, tmp_path: Path, studio: Path, undisturbed: Dataset
) -> None:
    chance, killed, datasets = random.Random(times), 0, 0
    longest = 1.0 + undisturbed.status()["elapsed_seconds"]
    while killed < times:
        # A dataset is killed again and again until a run ends before its kill; then comes another.
        scene = make_scene(folder_of_its_own(tmp_path, str(datasets)), studio, undisturbed.tree())
        datasets += 1
        while killed < times and killed_after(chance.uniform(0.0, longest), scene):
            killed += 1
        scene.finish()
    sys.stdout.write(f"\nkilled {killed} times while {datasets} datasets were made\n")


def folder_of_its_own(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def killed_after(seconds: float, scene: Scene) -> bool:
    """Run, killed after so long; say whether it was, or had ended before."""
    with scene.start("--workers", "3") as running:
        try:
            done = running.end(seconds)
        except subprocess.TimeoutExpired:
            running.process.kill()
            done = running.end()
    assert done.code in {0, -signal.SIGKILL}, str(done)
    assert "Traceback" not in done.err, str(done)
    scene.check_no_survivor()
    return done.code != 0
