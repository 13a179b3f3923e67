"""What goes on beside the work must neither die unnoticed nor write where the run did not begin."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.engine.toy import Bench, ToyStage
from tui_gen.base.detached_call import detached_call, exhaustion
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import History
from tui_gen.engine.run import disk_guard
from tui_gen.engine.run import housekeeping as watching
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.housekeeping import Watch
from tui_gen.engine.storage.lock import Lock


@asynccontextmanager
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Bench, Path]]:
    monkeypatch.setattr(watching, "BEAT_SECONDS", 0.0)
    output = tmp_path / "out"
    run_folder = output / ".tui-gen"
    run_folder.mkdir(parents=True)
    bench = Bench(ToyStage({"a": 1}), tmp_path / "ledger.jsonl")
    what = Watched(output, run_folder, output / "status.json", 0)
    lock = Lock(run_folder / "lock")
    watch = Watch(what, recorder=bench.recorder, gate=bench.engine.gate, lock=lock, history=History())
    task = asyncio.create_task(watch.run())
    try:
        yield bench, output
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lock.release()


async def test_a_guard_that_fails_is_told_of_and_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def broken(*_: object, **__: object) -> object:
        nonlocal calls
        calls += 1
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(psutil, "virtual_memory", broken)
    async with watched(tmp_path, monkeypatch) as (bench, output):
        await bench.until(lambda: calls >= 3)
        assert "looking after the run failed: OSError" in bench.state.problems[0].text
        assert bench.state.problems[0].count >= 2
        assert (output / "status.json").exists()


async def test_few_free_files_hold_the_work_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_guard, "MIN_FREE_FILES", 1 << 62)
    async with watched(tmp_path, monkeypatch) as (bench, _):
        await bench.until(lambda: bench.engine.gate.is_closed)
        assert "more files" in bench.engine.gate.reason
        monkeypatch.setattr(disk_guard, "MIN_FREE_FILES", 1)
        await bench.until(lambda: not bench.engine.gate.is_closed)


async def test_nothing_is_written_where_another_folder_has_taken_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path, monkeypatch) as (bench, output):
        await bench.until((output / "status.json").exists)
        held_out_folder = output.rename(tmp_path / "elsewhere")
        (output / ".tui-gen").mkdir(parents=True)
        await bench.until(lambda: bench.engine.gate.is_closed)
        (output / "status.json").unlink(missing_ok=True)
        measured = bench.state.system
        await bench.until(lambda: bench.state.system is not measured)
        assert [path.name for path in output.rglob("*")] == [".tui-gen"]
        assert "is not the folder this run began in" in bench.engine.gate.reason
        (output / ".tui-gen").rmdir()
        output.rmdir()
        held_out_folder.rename(output)
        await bench.until(lambda: not bench.engine.gate.is_closed)


async def test_a_flush_that_fails_holds_the_work_until_one_succeeds_even_if_nobody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, failures = os.fsync, iter(range(3))

    def failing(descriptor: int) -> None:
        if next(failures, None) is not None:
            raise OSError(errno.EIO, "Input/output error")
        flush(descriptor)

    async with watched(tmp_path, monkeypatch) as (bench, _):
        bench.recorder.write(ev.SourceSkipped(1.0, "b"))
        monkeypatch.setattr(os, "fsync", failing)
        await bench.until(lambda: bench.engine.gate.is_closed)
        assert bench.engine.gate.reason == "cannot write the ledger: Input/output error"
        await bench.until(lambda: not bench.engine.gate.is_closed)
        await bench.until(lambda: bench.ledger.unsynced_lines == 0)


async def test_a_status_that_is_being_written_when_the_run_ends_is_not_mixed_with_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(ToyStage({"a": 1}), tmp_path / "ledger.jsonl")
    lock = Lock(tmp_path / "lock")
    what = Watched(tmp_path, tmp_path, tmp_path / "status.json", 0)
    watch = Watch(what, recorder=bench.recorder, gate=bench.engine.gate, lock=lock, history=History())
    first, second = threading.Event(), threading.Event()
    was_met = False

    def slow(_: int) -> None:
        nonlocal was_met
        if first.is_set():
            second.set()
            return
        first.set()
        was_met = second.wait(0.3)

    monkeypatch.setattr(os, "fsync", slow)
    writing = asyncio.create_task(watch.write_status())
    await bench.until(first.is_set)
    writing.cancel()
    bench.recorder.show(ev.WorkersChanged(1.0, 7))
    await watch.write_status()
    lock.release()
    assert not was_met, "two wrote to one file"
    assert json.loads(what.status_path.read_bytes())["workers"] == 7


async def test_a_call_that_never_returns_holds_up_neither_others_nor_the_end() -> None:
    never = threading.Event()
    hung = [asyncio.create_task(detached_call(never.wait)) for _ in range(100)]
    assert await detached_call(lambda: 7) == 7
    assert await asyncio.to_thread(lambda: 8) == 8
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "aside")
    never.set()


async def test_what_a_call_raises_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise FileNotFoundError(errno.ENOENT, "gone")

    with pytest.raises(FileNotFoundError):
        await detached_call(fail)


@pytest.mark.parametrize(
    ("error", "is_no_room"),
    [
        (OSError(errno.EMFILE, "Too many open files"), True),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), True),
        (RuntimeError("can't start new thread"), True),
        (MemoryError(), True),
        (OSError(errno.EIO, "Input/output error"), False),
        (RuntimeError("something else"), False),
    ],
)
def test_a_full_machine_is_told_from_other_errors(error: Exception, *, is_no_room: bool) -> None:
    assert (exhaustion(error) is not None) == is_no_room
