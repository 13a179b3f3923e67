"""The disk guard looks when it matters: before the first clip, and before the disk can be full."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.commands.run.toy_run import ToyRun, toy_config
from tests.engine.toy import Bench, ToyStage
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import History
from tui_gen.engine.run import housekeeping
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.housekeeping import Watch
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.storage.lock import Lock

DISK_BYTES = 10_000
PATCH_BYTES = 10  # of the toy job
WORKERS = 4


def test_a_disk_that_is_low_from_the_start_holds_a_run_before_any_worker_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_run = ToyRun(toy_config(tmp_path / "out", min_free_bytes=500), ToyStage({"a": 8}))
    opened: list[int] = []

    def usage(_: object) -> SimpleNamespace:
        opened.append(toy_run.stage.opened)
        is_low = len(opened) < 3
        return SimpleNamespace(free=100 if is_low else 5000, total=DISK_BYTES)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr(housekeeping, "BEAT_SECONDS", 0.05)
    assert toy_run.perform().exit_code == 0
    assert opened[:3] == [0, 0, 0]
    assert toy_run.session.state.problems[0].text.startswith("disk low: waits until")


async def test_the_guard_looks_as_soon_as_what_was_written_could_reach_the_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = ToyStage({"a": 200, "b": 200})
    bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=WORKERS))
    threshold = DISK_BYTES - 100 * PATCH_BYTES

    def usage(_: object) -> SimpleNamespace:
        return SimpleNamespace(free=DISK_BYTES - PATCH_BYTES * len(stage.performed), total=DISK_BYTES)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    lock = Lock(tmp_path / "lock")
    watched = Watched(tmp_path, tmp_path, tmp_path / "status.json", threshold)
    # It never beats: only what is written makes it look.
    watch = Watch(watched, recorder=bench.recorder, gate=bench.engine.gate, lock=lock, history=History())
    await watch.look_first()
    work = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.engine.gate.is_closed or work.done())
    await bench.until(lambda: bench.recorder.bytes_written == PATCH_BYTES * len(stage.performed))
    assert bench.engine.gate.reason.startswith("disk low")
    assert 100 < len(stage.performed) <= 101 + WORKERS
    bench.engine.end("stop")
    await work
    lock.release()


async def test_a_look_that_fails_costs_no_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, looks = ToyStage({"a": 20}), 0

    def usage(_: object) -> SimpleNamespace:
        nonlocal looks
        looks += 1
        if looks > 1:
            message = "a bug"
            raise ValueError(message)
        return SimpleNamespace(free=DISK_BYTES, total=DISK_BYTES)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    bench, lock = Bench(stage, tmp_path / "ledger.jsonl"), Lock(tmp_path / "lock")
    watched = Watched(tmp_path, tmp_path, tmp_path / "status.json", DISK_BYTES - 5 * PATCH_BYTES)
    watch = Watch(watched, recorder=bench.recorder, gate=bench.engine.gate, lock=lock, history=History())
    await watch.look_first()
    ended = await bench.engine.run()
    lock.release()
    assert (ended.exit_code, bench.state.clips_made, bench.state.clips_failed) == (0, 20, 0)
    noted = [event for _, event in bench.state.recent if isinstance(event, ev.ProblemNoted)]
    assert "looking after the run failed: ValueError" in noted[0].text
