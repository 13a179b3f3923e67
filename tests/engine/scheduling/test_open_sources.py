"""At most so many sources are read at once, and their places are free again whatever happens to them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage, ToyUnit, make
from tui_gen.base.errors import SourceUnreachableError
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Clip, Failed, Learned, Plan, Report, Unit
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling import source_waits
from tui_gen.engine.scheduling.options import Options


@dataclass
class Reading(ToyStage):
    """A stage that knows which sources it reads. With `looks`, a source is looked at before its clips."""

    looks: bool = False
    reading: Counter[str] = field(default_factory=Counter)
    most: int = 0  # sources read at once
    opened_in_turn: list[str] = field(default_factory=list)

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        plan = super().plan(records)
        if not self.looks:
            return plan
        sources = tuple(
            source
            if (record := records.get(source.source)) is not None and "seen" in record.facts
            else replace(source, units=(ToyUnit(source.source, ()),), key="not seen")
            for source in plan.sources
        )
        return replace(plan, sources=sources)

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        self.reading[unit.source] += 1
        if self.opened_in_turn[-1:] != [unit.source]:
            self.opened_in_turn.append(unit.source)
        self.most = max(self.most, len(+self.reading))
        try:
            if not unit.clips:
                await asyncio.sleep(0)
                yield Learned(unit.source, {"seen": True})
            async for report in super().perform(unit):
                yield report
        finally:
            self.reading[unit.source] -= 1


def bench_of(stage: Reading, folder: Path, *, workers: int, most: int | None) -> Bench:
    return Bench(stage, folder / "ledger.jsonl", options=Options(workers=workers, open_sources=most))


QUOTAS = {"a": 40, "b": 40, "c": 40, "d": 8}


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize(("workers", "most"), [(1, 1), (8, 1), (8, 2), (32, 3), (2, 3)])
async def test_no_more_sources_are_read_at_once_than_allowed(
    tmp_path: Path, workers: int, most: int, *, looks: bool
) -> None:
    stage = Reading(QUOTAS, looks=looks)
    bench = bench_of(stage, tmp_path, workers=workers, most=most)
    async with asyncio.timeout(20):
        assert (await bench.engine.run()).exit_code == 0
    assert stage.most == min(most, workers)
    assert Counter(clip.source for clip in stage.performed) == QUOTAS


async def test_without_a_limit_every_worker_may_read_another_source(tmp_path: Path) -> None:
    stage = Reading(dict.fromkeys("abcdefgh", 4))
    assert (await bench_of(stage, tmp_path, workers=8, most=None).engine.run()).exit_code == 0
    assert stage.most == 8


@pytest.mark.parametrize("looks", [False, True])
async def test_workers_share_an_open_source_and_finish_it_before_the_next(
    tmp_path: Path, *, looks: bool
) -> None:
    stage = Reading({"a": 64, "b": 64, "c": 64}, looks=looks, stretch=16)
    bench = bench_of(stage, tmp_path, workers=8, most=1)
    assert (await bench.engine.run()).exit_code == 0
    assert stage.opened_in_turn == ["a", "b", "c"]
    assert max(stage.handed_out) == 8  # of 64 clips for eight workers: none is without


async def test_a_stage_that_reads_no_sources_is_not_limited(tmp_path: Path) -> None:
    stage = Reading(dict.fromkeys("abcdefgh", 4))
    stage.reads_sources = False
    assert (await bench_of(stage, tmp_path, workers=8, most=1).engine.run()).exit_code == 0
    assert stage.most == 8


async def test_a_skipped_source_leaves_its_place_and_gets_one_again(tmp_path: Path) -> None:
    stage = Reading({"a": 200, "b": 60})
    bench = bench_of(stage, tmp_path, workers=4, most=1)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(stage.performed) >= 5)
    await bench.steering.steer(do.Skip("a"))
    await bench.until(lambda: len(stage.performed) >= 40)
    assert stage.opened_in_turn == ["a", "b"]
    await bench.steering.steer(do.Unskip("a"))
    async with asyncio.timeout(20):
        assert (await run).exit_code == 0
    assert Counter(clip.source for clip in stage.performed) == {"a": 200, "b": 60}
    assert stage.most == 1


async def test_a_paused_run_keeps_the_places_and_goes_on(tmp_path: Path) -> None:
    stage = Reading(QUOTAS)
    bench = bench_of(stage, tmp_path, workers=8, most=2)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(stage.performed) >= 5)
    await bench.steering.steer(do.Pause())
    for _ in range(50):
        await asyncio.sleep(0)
    await bench.steering.steer(do.Resume())
    async with asyncio.timeout(20):
        assert (await run).exit_code == 0
    assert stage.most == 2


async def test_a_source_that_comes_first_gets_the_next_place(tmp_path: Path) -> None:
    stage = Reading({"a": 200, "b": 40, "c": 40})
    bench = bench_of(stage, tmp_path, workers=4, most=1)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(stage.performed) >= 5)
    await bench.steering.steer(do.SetPriority("c", 0))
    async with asyncio.timeout(20):
        assert (await run).exit_code == 0
    assert stage.opened_in_turn == ["a", "c", "a", "b"]
    assert stage.most == 1


async def test_a_quarantined_source_leaves_its_place_and_a_retried_one_is_next(tmp_path: Path) -> None:
    is_sound = False

    def act(clip: Clip) -> Iterable[Report]:
        return make(clip) if is_sound or clip.source != "a" else [Failed(clip, "killed", 3, 1.0)]

    stage = Reading({"a": 20, "b": 100, "c": 20}, act)
    bench = bench_of(stage, tmp_path, workers=3, most=1)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: sum(clip.source == "b" for clip in stage.performed) >= 10)
    is_sound = True
    await bench.steering.steer(do.Retry("a"))
    async with asyncio.timeout(20):
        await run
    assert stage.opened_in_turn == ["a", "b", "a", "b", "c"]
    assert stage.most == 1
    assert bench.state.categories["all"].images == 140


async def test_a_retried_source_that_waits_for_a_place_ends_no_worker(tmp_path: Path) -> None:
    stage = Reading(
        {"a": 8, "b": 400}, lambda clip: [Failed(clip, "x", 1, 0.1)] if clip.source == "a" else make(clip)
    )
    bench = bench_of(stage, tmp_path, workers=2, most=1)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: sum(clip.source == "b" for clip in stage.performed) >= 10)
    await bench.steering.steer(do.Retry("a"))
    for _ in range(50):
        await asyncio.sleep(0)
        assert not any(slot.is_draining for slot in bench.state.slots.values())
    await bench.steering.steer(do.Stop())
    await run


class ReachableAtLast(LocalExecutor):
    """The disk of source "a" is back after some looks."""

    looks = 0

    async def sees(self, path: str) -> bool:
        del path
        self.looks += 1
        return self.looks > 3


async def test_a_source_that_cannot_be_reached_leaves_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_waits, "LOOK_FOR_SOURCES_SECONDS", 0.001)
    executor = ReachableAtLast()

    def act(clip: Clip) -> Iterable[Report]:
        if clip.source == "a" and executor.looks <= 3:
            message = "the share is gone"
            raise SourceUnreachableError(message, "/films/a.mkv")
        return make(clip)

    stage = Reading({"a": 20, "b": 20, "c": 20}, act)
    options = Options(workers=4, open_sources=1)
    bench = Bench(stage, tmp_path / "ledger.jsonl", options=options, executor=executor)
    async with asyncio.timeout(20):
        assert (await bench.engine.run()).exit_code == 0
    assert stage.opened_in_turn[:2] == ["a", "b"]
    assert stage.most == 1
    assert bench.state.categories["all"].images == 60
