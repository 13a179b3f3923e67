"""The run is killed at any moment, with all its children, and goes on to the same bytes."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import command, environment
from tests.jobs.anime.series import Series

pytestmark = pytest.mark.crash


def begun(made: Series, folder: Path) -> Series:
    """Return a dataset whose sources are drawn and which no run has begun."""
    series = Series(folder)
    for name in ("series", "pictures"):
        shutil.copytree(made.folder / name, folder / name)
    series.write()
    return series


def killed_after(seconds: float, series: Series) -> bool:
    """Run, kill the engine after so long, and see its children end; say whether it was still at work."""
    run = subprocess.Popen(
        command("run", series.config, "--workers", "2"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        children = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        assert not psutil.wait_procs(children, timeout=10)[1], "a child was left behind"
    _, errors = run.communicate()
    assert b"Traceback" not in errors, errors.decode()
    return run.returncode != 0


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_kills_at_random_moments_change_no_byte(times: int, made: Series, tmp_path: Path) -> None:
    chance, killed, datasets = random.Random(times), 0, 0
    while killed < times:
        series = begun(made, tmp_path / str(datasets))
        datasets += 1
        # Most of the time is that of the start: later kills meet later stages.
        while killed < times and killed_after(chance.uniform(1.0, 5.0), series):
            killed += 1
        done = series.run()
        assert "by hand" not in done.out, done.out
        assert series.tree() == made.tree()
        before = series.stamps()
        series.run()
        assert series.stamps() == before
    sys.stdout.write(f"\nkilled {killed} times while {datasets} datasets were made\n")


STRACE = shutil.which("strace")


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize("number", range(3, 160, 7))
def test_a_child_that_dies_at_a_rename_leaves_nothing_half(number: int, made: Series, tmp_path: Path) -> None:
    """Each process is killed at its n-th rename: children at work, and the engine itself."""
    series = begun(made, tmp_path / "series")
    inject = f"inject=rename,renameat,renameat2:signal=SIGKILL:when={number}"
    began = time.monotonic()
    subprocess.run(
        [str(STRACE), "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2", "-e", inject,
         *command("run", series.config, "--workers", "1")],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=110,
    )  # fmt: skip
    done = series.run()
    assert "by hand" not in done.out, done.out
    assert series.tree() == made.tree(), f"after {time.monotonic() - began:.1f} s"


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize(
    "number", [20, *(pytest.param(each, marks=pytest.mark.soak) for each in (1, 2, 3, 50, 90, 130, 170))]
)
def test_a_removal_of_images_that_is_killed_goes_on(number: int, series: Series) -> None:
    """The child that removes the intermediate images is killed at its n-th removal of a file."""
    training = series.tree(series.training)
    series.write(remove_intermediate=True)
    inject = f"inject=unlink,unlinkat:signal=SIGKILL:when={number}"
    subprocess.run(
        [str(STRACE), "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlink,unlinkat", "-e", inject,
         *command("run", series.config, "--workers", "1")],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=110,
    )  # fmt: skip
    if number >= 20:
        left = list((series.output / "intermediate").rglob("*.png"))
        assert left, "it was not killed"
    done = series.run()
    assert "by hand" not in done.out, done.out
    assert not (series.output / "intermediate").exists()
    assert series.tree(series.training) == training
