"""Machines come and go: a lost one costs no clip and no source, and a run without one waits."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.engine.machines import Cluster, Machines
from tests.engine.toy import Bench, ToyStage, make
from tui_gen.base.errors import OutOfMemoryError
from tui_gen.config.run_config import ScheduleEntry
from tui_gen.engine.executors.base import MachineLoad
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_metrics import divided, machines_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Report, Stage
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.storage.ledger import read_for_resume
from tui_gen.processes.machine_memory import Memory


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


# ------------------------------------------------------------------ a cluster


async def test_the_capacity_is_the_number_of_workers_and_local_memory_limits_nothing(
    ledger_path: Path,
) -> None:
    cluster = Cluster({"box1": 3, "box2": 5})
    tiny = Machine(cores=1, memory=lambda: Memory(0, 10**9))
    bench = Bench(ToyStage({"a": 400}), ledger_path, options=Options(1, machine=tiny), executor=cluster)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.state.slots) == 8)
    assert bench.state.workers_target == 8
    assert bench.state.worker_memory is None
    assert {name: each.in_hand for name, each in bench.state.machines.items()} == {"box1": 3, "box2": 5}
    assert Counter(slot.machine for slot in bench.state.slots.values()) == {"box1": 3, "box2": 5}
    assert (await run).exit_code == 0
    assert all(each.in_hand == 0 for each in bench.state.machines.values())
    assert sum(each.clips_made for each in bench.state.machines.values()) == 400


async def test_the_ledger_names_the_machine_of_each_clip(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 40}), ledger_path, executor=Cluster({"box1": 1, "box2": 2}))
    assert (await bench.engine.run()).exit_code == 0
    lines = [json.loads(line) for line in ledger_path.read_text(encoding="ascii").splitlines()]
    by = Counter(line["machine"] for line in lines if line["kind"] == "clip")
    assert by == {name: each.clips_made for name, each in bench.state.machines.items()}
    assert by.keys() == {"box1", "box2"}


async def test_the_ledger_of_a_run_at_home_names_no_machine(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 4}), ledger_path)
    assert (await bench.engine.run()).exit_code == 0
    assert "machine" not in ledger_path.read_text(encoding="ascii")
    assert bench.state.machines == {}


async def test_a_lost_machine_ends_no_worker_of_another(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 2, "box2": 2, "box3": 2})
    bench = Bench(ToyStage({"a": 600}), ledger_path, executor=cluster)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.state.slots) == 6)
    drained, apply = set[str](), bench.state.apply

    def watched(event: ev.Event) -> None:
        if isinstance(event, ev.SlotDrained):
            drained.add(bench.state.slots[event.slot].machine)
        apply(event)

    with patch.object(RunState, "apply", lambda _, event: watched(event)):
        cluster.change("box1", "lost", "connection reset", workers=0)
        await bench.until(lambda: not bench.state.machines["box1"].in_hand)
    assert drained == {"box1"}
    assert bench.state.workers_target == 4
    problems = [problem.text for problem in bench.state.problems]
    assert problems == ["machine box1 was lost: connection reset"]
    assert (await run).exit_code == 0


async def test_a_run_whose_machines_are_all_gone_waits_and_goes_on(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 2})
    cluster.change("box1", "enlisting", workers=0)
    bench = Bench(ToyStage({"a": 10}), ledger_path, executor=cluster)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.phase == "waiting")
    assert (bench.state.reason, bench.state.workers_target) == ("no machine can take work", 0)
    cluster.change("box1", "running", workers=2)
    assert (await run).exit_code == 0
    assert bench.state.machines["box1"].clips_made == 10


async def test_the_load_of_a_machine_is_kept_while_it_answers(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 2})
    bench = Bench(ToyStage({"a": 10}), ledger_path, executor=cluster)
    cluster.tell(MachineLoad("box1", 97.0, 8 * 10**9, 32 * 10**9))
    assert bench.state.machines["box1"].load == ev.MachineMeasured(
        bench.state.last_at, "box1", 97.0, 8 * 10**9, 32 * 10**9
    )
    cluster.change("box1", "silent", workers=0)
    assert bench.state.machines["box1"].load is None


async def test_a_number_for_one_machine_is_its_own(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 2, "box2": 2})
    bench = Bench(ToyStage({"a": 400}), ledger_path, executor=cluster)
    assert await bench.steering.steer(do.SetWorkers(5, "box2")) == "5 workers on box2"
    assert cluster.places == {"box1": 2, "box2": 5}
    assert bench.state.workers_target == 7
    assert await bench.steering.steer(do.SetWorkers(0, "box1")) == "0 workers on box1"
    assert (await bench.engine.run()).exit_code == 0
    assert bench.state.machines["box1"].clips_made == 0
    for count, name, why in (
        (3, "box9", "box9: no machine is called that; known are box1, box2"),
        (-1, "box1", "workers of a machine go from 0 to 256, not -1"),
    ):
        with pytest.raises(do.CommandRefusedError, match=why):
            await bench.steering.steer(do.SetWorkers(count, name))


async def test_at_home_no_machine_has_a_number(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 4}), ledger_path)
    with pytest.raises(do.CommandRefusedError, match="box1: this run has no other machines"):
        await bench.steering.steer(do.SetWorkers(3, "box1"))


async def test_a_number_without_a_machine_is_divided_by_cores_also_when_one_comes(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 2, "box2": 2}, cores={"box1": 8, "box2": 4, "box3": 4})
    bench = Bench(ToyStage({"a": 400}), ledger_path, executor=cluster)
    assert await bench.steering.steer(do.SetWorkers(6)) == "6 workers"
    assert cluster.places == {"box1": 4, "box2": 2}
    cluster.change("box3", "running", workers=4)
    assert cluster.places == {"box1": 3, "box2": 2, "box3": 1}
    cluster.change("box1", "lost", workers=0)
    assert cluster.places == {"box1": 0, "box2": 3, "box3": 3}
    assert bench.state.workers_target == 6
    await bench.steering.steer(do.SetWorkers(1, "box2"))
    cluster.change("box1", "running", workers=8)
    assert cluster.places == {"box1": 8, "box2": 1, "box3": 3}


def test_workers_are_divided_by_cores_and_none_is_left_over() -> None:
    assert divided(6, {"box1": 8, "box2": 4, "box10": 4}) == {"box1": 3, "box2": 2, "box10": 1}
    assert divided(1, {"box1": 4, "box2": 4}) == {"box1": 1, "box2": 0}
    assert divided(5, {}) == {}
    for count in range(40):
        assert sum(divided(count, {"a": 3, "b": 7, "c": 1}).values()) == count


def once_out_of_memory() -> Callable[[Clip], list[Report]]:
    """Make clips, but for the first attempt at the fourth one, for which memory runs out."""
    left = [1]

    def act(clip: Clip) -> list[Report]:
        if left[0] and clip.index == 3:
            left[0] = 0
            message = "the kernel killed ffmpeg"
            raise OutOfMemoryError(message)
        return make(clip)

    return act


async def test_memory_that_runs_out_on_a_machine_reduces_its_workers_alone(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 3, "box2": 3})
    bench = Bench(ToyStage({"a": 100}, act=once_out_of_memory()), ledger_path, executor=cluster)
    assert (await bench.engine.run()).exit_code == 0
    assert sorted(cluster.places.values()) == [2, 3]
    problem = bench.state.problems[0].text
    assert problem.endswith(": the kernel killed ffmpeg; fewer workers from now on")
    assert problem.startswith("machine box")


async def test_a_schedule_gives_the_machines_back_what_they_lend(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 6, "box2": 2}, cores={"box1": 6, "box2": 2})
    bench = Bench(ToyStage({"a": 1}), ledger_path, executor=cluster)
    at = [8 * 3600.0]
    bench.recorder.now = lambda: at[0]
    hour = ScheduleEntry(frozenset(range(7)), 9 * 60, 10 * 60, 4)
    follower = bench.steering.follow_schedule((hour,), usual=1)
    seen = []
    for at[0] in (8 * 3600.0, 9 * 3600.0, 10 * 3600.0):
        follower.look()
        seen.append((dict(cluster.places), bench.state.schedule and bench.state.schedule.workers))
    assert seen == [
        ({"box1": 6, "box2": 2}, 8),
        ({"box1": 3, "box2": 1}, 4),
        ({"box1": 6, "box2": 2}, 8),
    ]


async def test_machines_of_a_run_before_are_not_there_and_what_they_made_is(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 40}), ledger_path, executor=Cluster({"box1": 2, "box2": 2}))
    assert (await bench.engine.run()).exit_code == 0
    made = {name: each.clips_made for name, each in bench.state.machines.items()}
    bench.recorder.write(ev.RunStarted(bench.clock(), "toy", {}, "/c.json", "/out", 1, "h", "1"))
    assert machines_of(bench.state) == []
    assert {name: each.clips_made for name, each in bench.state.machines.items()} == made
    again = RunState()
    for event in read_for_resume(ledger_path, on_damage=[], remembered=0):
        again.apply(event)
    assert {name: each.clips_made for name, each in again.machines.items()} == made


async def test_refused_machines_are_examined_again_on_request(ledger_path: Path) -> None:
    cluster = Cluster({"box1": 2, "box2": 2})
    bench = Bench(ToyStage({"a": 4}), ledger_path, executor=cluster)
    assert await bench.steering.steer(do.Retry()) == "nothing has failed"
    cluster.change("box2", "refused", "another version", workers=0)
    assert await bench.steering.steer(do.Retry()) == "examining 1 machine again"
    assert bench.state.machines["box2"].phase == "enlisting"


class WithHome(Cluster):
    """A cluster whose units are all performed by the engine's machine, up to three at the same time."""

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str:
        del source, stage
        return "" if in_hand.get("", 0) < 3 else None  # type: ignore[return-value]

    def target(self, machine: str) -> int:
        return super().target(machine) if machine else 3


async def test_units_at_home_take_no_room_of_the_machines(ledger_path: Path) -> None:
    cluster = WithHome({"box1": 1})
    bench = Bench(ToyStage({"a": 200}, act=once_out_of_memory()), ledger_path, executor=cluster)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.state.slots) == 3)
    assert (await run).exit_code == 3  # nobody can have fewer workers, so the clip is charged
    assert bench.state.clips_failed == 1
    assert bench.state.machines["box1"].clips_made == 0
