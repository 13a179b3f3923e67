"""Machines come and go: a lost one costs no clip and no source, and a run without one waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage
from tui_gen.engine.executors.base import MachineLostError
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model.work import Clip, Doing, Report, Stage, Unit
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options


class Machines(LocalExecutor):
    """Some machines of a few places each. One is lost whenever a clip of `poison` is begun."""

    def __init__(self, places: Mapping[str, int], poison: Mapping[Clip, int] | None = None) -> None:
        self.places, self.poison = dict(places), dict(poison or {})
        self.most = Counter[str]()
        self.call: Callable[[], None] = lambda: None

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str:
        del source, stage
        found = next((name for name, room in self.places.items() if in_hand.get(name, 0) < room), None)
        if found is not None:
            self.most[found] = max(self.most[found], in_hand.get(found, 0) + 1)
        return found  # type: ignore[return-value] # LocalExecutor always has room

    def target(self, machine: str) -> int:
        return self.places.get(machine, 0)

    async def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        async for report in super().perform(machine, stage, unit):
            if isinstance(report, Doing) and self.poison.get(report.clip):
                self.poison[report.clip] -= 1
                message = f"{machine} was killed"
                raise MachineLostError(message)
            yield report

    def on_change(self, call: Callable[[], None]) -> None:
        self.call = call


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


async def test_units_go_to_machines_that_have_room(ledger_path: Path) -> None:
    machines = Machines({"box1": 1, "box2": 3})
    bench = Bench(ToyStage({"a": 40, "b": 40}), ledger_path, options=Options(8), executor=machines)
    assert (await bench.engine.run()).exit_code == 0
    assert machines.most == {"box1": 1, "box2": 3}
    assert Counter(bench.stage.performed) == {Clip(source, k): 1 for source in "ab" for k in range(40)}


async def test_a_machine_that_is_to_do_less_ends_its_newest_worker(ledger_path: Path) -> None:
    machines = Machines({"box1": 2, "box2": 2})
    bench = Bench(ToyStage({"a": 400}), ledger_path, options=Options(8), executor=machines)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.state.slots) == 4)
    machines.places["box1"] = 1
    machines.call()
    await bench.until(lambda: len(bench.state.slots) == 3)
    machines.most.clear()
    await bench.until(lambda: len(bench.stage.performed) > 200)
    assert machines.most["box1"] <= 1
    assert (await run).exit_code == 0


async def test_a_run_without_a_machine_waits_for_one(ledger_path: Path) -> None:
    machines = Machines({})
    bench = Bench(ToyStage({"a": 10}), ledger_path, executor=machines)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.phase == "waiting")
    assert bench.state.reason == "no machine can take work"
    machines.places["box1"] = 2
    machines.call()
    assert (await run).exit_code == 0
    assert len(bench.stage.performed) == 10


async def test_a_run_without_a_machine_can_be_ended(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 10}), ledger_path, executor=Machines({}))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.phase == "waiting")
    await bench.steering.steer(do.Drain())
    assert (await run).exit_code == 4


@pytest.mark.parametrize("deaths", [1, 2])
async def test_a_lost_machine_is_nobodys_fault(ledger_path: Path, deaths: int) -> None:
    machines = Machines({"box1": 2}, {Clip("a", 5): deaths, Clip("b", 0): deaths})
    bench = Bench(ToyStage({"a": 10, "b": 10}), ledger_path, executor=machines)
    assert (await bench.engine.run()).exit_code == 0
    assert Counter(bench.stage.performed) == {Clip(source, k): 1 for source in "ab" for k in range(10)}
    assert bench.state.clips_failed == 0
    assert bench.state.problems == []
    assert not any(source.quarantined for source in bench.state.sources.values())


async def test_a_clip_whose_process_dies_three_times_fails_alone(ledger_path: Path) -> None:
    machines = Machines({"box1": 2}, {Clip("a", 5): 9})
    bench = Bench(ToyStage({"a": 10, "b": 10}), ledger_path, executor=machines)
    assert (await bench.engine.run()).exit_code == 3
    assert [problem.text for problem in bench.state.problems] == [
        "clip 5 failed: its process died three times"
    ]
    assert machines.poison == {Clip("a", 5): 6}
    assert bench.state.categories["all"].images == 19
    assert not any(source.quarantined for source in bench.state.sources.values())
