"""What fails beside the clips themselves (threads, the engine's own code) leaves no run without an end."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage, make
from tui_gen.base.detached_call import THREAD_NAME
from tui_gen.base.errors import ObstructedError, SourceUnreachableError
from tui_gen.engine.model.events import ClipEnded
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Clip, Plan, Report
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.storage import recorder as recorder_module


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@dataclass(frozen=True, slots=True)
class IndivisibleUnit:
    """A unit that fails when what is left of it is asked for."""

    source: str
    clips: tuple[Clip, ...]

    def without(self, done: Collection[Clip]) -> IndivisibleUnit | None:
        if done:
            raise KeyError(*done)
        return self


async def test_a_unit_that_cannot_be_given_back_costs_its_source_and_not_the_end_of_the_run(
    ledger_path: Path,
) -> None:
    bench = Bench(ToyStage({"a": 4, "b": 4}), ledger_path, options=Options(workers=2))
    plan = bench.stage.plan

    def indivisible(records: Mapping[str, SourceRecord]) -> Plan:
        first, *others = plan(records).sources
        unit = IndivisibleUnit("a", tuple(Clip("a", k) for k in range(4)))
        return replace(plan(records), sources=(replace(first, units=(unit,)), *others))

    def act(clip: Clip) -> Iterable[Report]:
        if clip == Clip("a", 1):
            message = "full"
            raise ObstructedError(message)
        return make(clip)

    bench.stage.act = act
    bench.stage.plan = indivisible  # type: ignore[method-assign]
    bench.keeps_rules = False
    async with asyncio.timeout(20):
        assert (await bench.engine.run()).exit_code == 3
    assert bench.state.sources["a"].quarantined == "internal error: KeyError: Clip(source='a', index=0)"
    assert bench.state.categories["all"].images == 5


async def test_an_outcome_that_cannot_be_recorded_costs_its_source_and_is_not_repeated_without_end(
    ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(ToyStage({"a": 4, "b": 4}), ledger_path, options=Options(workers=2))
    append = bench.ledger.append

    def refuse(events: list[object]) -> None:
        if any(isinstance(event, ClipEnded) and event.outcome.clip.source == "a" for event in events):
            message = "not serializable"
            raise TypeError(message)
        append(events)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.ledger, "append", refuse)
    async with asyncio.timeout(20):
        assert (await bench.engine.run()).exit_code == 3
    assert bench.state.sources["a"].quarantined == "internal error: TypeError: not serializable"
    assert bench.state.categories["all"].images == 4


async def test_a_machine_without_room_for_a_thread_makes_no_recorded_clip_again(
    ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "SYNC_EVERY_LINES", 3)
    bench = Bench(ToyStage({"a": 20}), ledger_path)
    refusals = 2

    async def to_thread(call: Callable[[], object]) -> object:
        nonlocal refusals
        await asyncio.sleep(0)
        if refusals:
            refusals -= 1
            message = "can't start new thread"
            raise RuntimeError(message)
        return call()

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    run = asyncio.create_task(bench.engine.run())
    while not run.done():
        await bench.recorder.sync(bench.engine.gate)  # as every second beside the work
        await asyncio.sleep(0)
    assert (await run).exit_code == 0
    assert refusals == 0
    assert Counter(bench.stage.performed) == {Clip("a", k): 1 for k in range(20)}


async def test_a_machine_without_room_for_a_look_is_asked_again_for_a_source(
    ledger_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_gen.engine.scheduling.source_waits.LOOK_FOR_SOURCES_SECONDS", 0.01)
    share, refusals, real = tmp_path / "share", list[str](), threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if not refusals and thread.name == THREAD_NAME:
            refusals.append(thread.name)
            share.mkdir()
            message = "can't start new thread"
            raise RuntimeError(message)
        real(thread)

    def act(clip: Clip) -> Iterable[Report]:
        if not share.exists():
            message = "share is missing"
            raise SourceUnreachableError(message, str(share))
        return make(clip)

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr("tui_gen.base.detached_call._idle", [])  # a thread is started for the look
    bench = Bench(ToyStage({"a": 10}, act), ledger_path)
    async with asyncio.timeout(20):
        assert (await bench.engine.run()).exit_code == 0
    assert refusals == [THREAD_NAME]
    assert bench.state.categories["all"].images == 10
