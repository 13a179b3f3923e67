"""The wall clock may jump while a run is on: nothing that waits or counts looks at it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import environment
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


@needs("gcc")
@pytest.mark.parametrize("days", [-1, 30])
def test_a_jump_of_the_clock_kills_nothing_and_makes_no_time_negative(
    days: int, scene: Scene, tmp_path: Path
) -> None:
    source, shim, offset = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "offset"
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True)
    env = environment(LD_PRELOAD=str(shim), CLOCK_OFFSET=str(offset))
    with scene.start("--verbose", env=env) as running:
        scene.wait_for_clips(running, 3)
        offset.write_text(str(days * 86400))
        done = running.end()
    assert done.code == 0, str(done)
    status = scene.data.status()
    assert status["progress"]["clips_retried"] == status["progress"]["clips_failed"] == 0
    assert 0 < status["elapsed_seconds"] < 100
    assert status["eta"] is None or status["eta"] >= 0
    scene.finish(done)
    assert 0 < scene.data.status()["elapsed_seconds"] < 200
