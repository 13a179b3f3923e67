"""The number of workers in a real run: it grows by steps, and a shell asks before too many."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Running, command, run_inside
from tests.jobs.videomnist.datasets import Digits, digits_in
from tui_gen.base.exit_codes import ExitCode
from tui_gen.engine.model.worker_room import NO_MEMORY, STEP_BY_STEP

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
        # The status is written about once a second, and so does the number grow: one step may be over.
        assert first["workers_allowed"] in {cores, cores + 1}
        assert first["workers_held"] == STEP_BY_STEP
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


@pytest.fixture
def group() -> Iterator[Path]:
    """Make a control group with a limit of memory; give the file of the limit."""
    root = Path("/sys/fs/cgroup/memory")
    folder = (root if root.is_dir() else root.parent) / f"tui-gen-test-{os.getpid()}"
    try:
        folder.mkdir()
        limit = next(
            folder / name for name in ("memory.limit_in_bytes", "memory.max") if (folder / name).exists()
        )
        limit.write_text(str(LITTLE_BYTES))
    except (OSError, StopIteration) as error:
        pytest.skip(f"no control group can be made: {error}")
    yield limit
    folder.rmdir()


LITTLE_BYTES = 450 << 20
"""Room for the engine (about 100 MB) and for one or two workers as they are estimated (100 MB each)."""


@pytest.mark.soak
def test_memory_of_a_container_holds_the_workers_until_there_is_more(tmp_path: Path, group: Path) -> None:
    data = digits_in(tmp_path / "digits", videos_per_digit=2000, sequence_length=40)
    join = f'echo $$ > "{group.parent}/cgroup.procs" && exec "$@"'
    run = command("run", data.config, "--workers", "40")
    with Running(["/bin/sh", "-c", join, "sh", *run]) as running:
        held = next(s for s in statuses(data, running) if s["workers_held"] == NO_MEMORY)
        assert 1 <= len(held["slots"]) <= held["workers_allowed"] < 5  # type: ignore[arg-type, operator]
        group.write_text(str(20 * LITTLE_BYTES))
        assert any(s["workers_allowed"] > held["workers_allowed"] for s in statuses(data, running))  # type: ignore[operator]
        run_inside("ctl", "-c", data.config, "stop")
        assert running.end(seconds=SECONDS).code == ExitCode.STOPPED
    log = (data.output / ".tui-gen" / "engine.log").read_text(encoding="utf-8")
    assert "of 40 workers: memory for no more; a worker takes 100.0 MB (estimated)" in log
    assert "there is memory for more workers again" in log
