"""The number of workers in a real run: it grows by steps, and a shell asks before too many."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.program import Running, run_inside
from tests.jobs.videomnist.datasets import Digits, digits_in
from tui_gen.base.exit_codes import ExitCode
from tui_gen.engine.model.worker_room import STEP_BY_STEP

SECONDS = 60.0


def statuses(data: Digits, running: Running) -> Iterator[dict[str, object]]:
    """Yield what the status file says, each time it says something new."""
    path, said = data.output / ".generator_status.json", b""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and running.process.poll() is None:
        before, said = said, path.read_bytes() if path.exists() else b""
        if said not in {before, b""}:
            yield json.loads(said)
        time.sleep(0.02)


def test_the_workers_of_a_run_begin_by_steps_and_a_shell_asks_before_too_many(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    data = digits_in(tmp_path / "digits", videos_per_digit=200, sequence_length=40)
    with data.start("--workers", str(cores + 2)) as running:
        first = next(status for status in statuses(data, running) if status["workers_held"])
        assert (first["workers_allowed"], first["workers_held"]) == (cores, STEP_BY_STEP)
        whole = next(status for status in statuses(data, running) if not status["workers_held"])
        assert whole["workers_allowed"] == whole["workers"] == cores + 2

        refused = run_inside("ctl", "-c", data.config, "workers", "250")
        assert refused.code == ExitCode.REFUSED
        assert f"keep up with {2 * cores} workers" in refused.err
        assert "with --yes it is done all the same" in refused.err
        obeyed = run_inside("ctl", "-c", data.config, "workers", "250", "--yes")
        assert obeyed.code == ExitCode.DONE, str(obeyed)
        assert obeyed.out.startswith("250 workers\n")
        at_work = next(status for status in statuses(data, running) if status["workers"] == 250)
        assert at_work["workers_allowed"] < 50  # type: ignore[operator]
        assert run_inside("ctl", "-c", data.config, "stop").code == ExitCode.DONE
        assert running.end(seconds=SECONDS).code == ExitCode.STOPPED
