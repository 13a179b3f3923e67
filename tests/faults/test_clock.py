"""The wall clock may jump while a run is on: nothing that waits or counts looks at it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import environment, run, run_inside
from tests.faults.conftest import Scene, needs

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    long offset = 0;
    FILE *file = clock == CLOCK_REALTIME ? fopen(getenv("CLOCK_OFFSET"), "r") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &offset) == 1) now->tv_sec += offset;
        fclose(file);
    }
    return failed;
}
"""


@pytest.fixture
def stepped(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """Return an environment whose wall clock is off by the seconds in a file, and the file."""
    source, shim, offset = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "offset"
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True)
    return environment(LD_PRELOAD=str(shim), CLOCK_OFFSET=str(offset)), offset


@needs("gcc")
@pytest.mark.parametrize("hours", [-24, pytest.param(30 * 24, marks=pytest.mark.soak)])
def test_a_jump_of_the_clock_kills_nothing_and_makes_no_time_negative(
    hours: int, scene: Scene, stepped: tuple[dict[str, str], Path]
) -> None:
    env, offset = stepped
    with scene.start("--verbose", env=env) as running:
        scene.wait_for_clips(running, 3)
        offset.write_text(str(hours * 3600))
        done = running.end()
    assert done.code == 0, str(done)
    status = scene.data.status()
    assert status["progress"]["clips_retried"] == status["progress"]["clips_failed"] == 0
    assert 0 < status["elapsed_seconds"] < 100
    assert status["eta"] is None or status["eta"] >= 0
    steps = [line["seconds"] for line in ledger(scene) if line["kind"] == "clock"]
    assert len(steps) == 1
    assert steps[0] == pytest.approx(hours * 3600, abs=60)
    scene.finish(done)
    assert 0 < scene.data.status()["elapsed_seconds"] < 200


@pytest.mark.soak
@needs("gcc")
@pytest.mark.parametrize("hours", [-1, 1])
def test_an_engine_whose_clock_was_set_is_not_shown_as_stale(
    hours: int, scene: Scene, stepped: tuple[dict[str, str], Path]
) -> None:
    """Set the engine's clock by an hour and look at it by the right one: the rate does not move either."""
    env, offset = stepped
    with scene.start("--workers", "1", env=env) as running:
        scene.wait_for_clips(running, 3)
        assert run_inside("ctl", "-c", scene.data.config, "pause").code == 0  # or the run may end unseen
        before = scene.data.status()["elapsed_seconds"]
        offset.write_text(str(hours * 3600))
        seen = run("monitor", scene.data.config, "--once")
        assert seen.code == 0, str(seen)
        assert seen.out.startswith(("RUNNING", "PAUSED")), str(seen)
        shown = json.loads(run("monitor", scene.data.config, "--once", "--json").out)
        assert before <= shown["elapsed_seconds"] < before + 100
        assert run_inside("ctl", "-c", scene.data.config, "resume").code == 0
        done = running.end()
    assert done.code == 0, str(done)
    told = run("report", scene.data.config)
    assert told.code == 0, str(told)
    assert "1 h" not in told.out
    scene.finish(done)


def ledger(scene: Scene) -> list[dict[str, Any]]:
    return [json.loads(line) for line in scene.data.ledger_path.read_bytes().splitlines()]
