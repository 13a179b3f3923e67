"""The number of workers grows by steps while memory lasts, and says why it does not."""

from __future__ import annotations

import asyncio
import errno
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.worker_room import NO_MEMORY, STEP_BY_STEP
from tui_gen.engine.scheduling import worker_growth
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.scheduling.worker_growth import WorkerGrowth
from tui_gen.processes.machine_memory import Memory

GB = 10**9


@dataclass
class Room:
    """Memory that a test gives and takes."""

    available: int
    total: int = 20 * GB

    def __call__(self) -> Memory:
        return Memory(self.available, self.total)


@dataclass
class Workers:
    """Workers that begin as soon as they may, and time that passes when it is told to."""

    bench: Bench
    growth: WorkerGrowth
    room: Room
    running: int = 0
    now: float = 0.0
    counts: list[int] = field(default_factory=list)

    def second(self) -> int:
        """Let all begin that may, and a second pass; return how many are at work."""
        while self.growth.allows_one_more(self.running, self.now):
            self.running += 1
            self.room.available -= GB
            self.measure()
        self.now += 1.0
        return self.running

    def measure(self) -> None:
        """Tell the memory of the workers, as once in two seconds."""
        known = self.bench.state.worker_memory
        assert known is not None
        self.bench.recorder.show(
            ev.WorkersMeasured(
                0.0, GB, *self.room(), known.cores, self.running * GB, self.running, self.running, GB, 9
            )
        )

    def ask(self, count: int) -> None:
        """Request a number of workers."""
        self.bench.recorder.show(ev.WorkersChanged(0.0, count))

    @property
    def held(self) -> tuple[int, str]:
        """What the state says."""
        held = self.bench.state.workers_held
        return (held.allowed, held.reason) if held is not None else (0, "")


def workers(tmp_path: Path, target: int, *, free: int, cores: int = 2) -> Workers:
    """Return workers on a machine with so much memory free, each of which takes 1 GB."""
    room = Room(free)
    bench = Bench(ToyStage({"a": 1}), tmp_path / "ledger.jsonl")
    machine = Machine(cores=cores, memory=room, worker_bytes=GB)
    bench.recorder.show(ev.WorkersChanged(0.0, target))
    return Workers(bench, WorkerGrowth(bench.recorder, machine), room)


def test_as_many_as_cores_begin_at_once_then_one_a_second(tmp_path: Path) -> None:
    crew = workers(tmp_path, 6, free=18 * GB, cores=3)
    assert crew.second() == 3
    assert crew.held == (3, STEP_BY_STEP)
    assert [crew.second() for _ in range(5)] == [4, 5, 6, 6, 6]
    assert crew.held == (6, "")


def test_memory_holds_the_growth_and_its_return_lets_it_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    crew = workers(tmp_path, 99, free=6 * GB)
    counts = [crew.second() for _ in range(8)]
    assert counts == [2, 3, 4, 5, 5, 5, 5, 5]  # 1 GB of 20 is reserved
    assert crew.held == (5, NO_MEMORY)
    assert crew.bench.state.workers_allowed == 5
    said = [record.message for record in caplog.records if NO_MEMORY in record.message]
    assert said == [
        "5 of 99 workers: memory for no more; a worker takes 1.0 GB (measured), 1.0 GB of 20.0 GB are free"
    ]
    crew.room.available += 2 * GB
    assert [crew.second() for _ in range(3)] == [6, 7, 7]


def test_less_memory_than_for_the_first_step_begins_with_one(tmp_path: Path) -> None:
    crew = workers(tmp_path, 8, free=GB // 2, cores=4)
    assert [crew.second() for _ in range(3)] == [1, 1, 1]
    assert crew.held == (1, NO_MEMORY)


def test_a_place_that_became_free_is_filled_at_once_without_memory(tmp_path: Path) -> None:
    crew = workers(tmp_path, 8, free=3 * GB)
    while crew.second() < 2:
        pass
    crew.room.available = 0
    crew.running -= 1  # its unit has ended; the next one begins
    assert crew.growth.allows_one_more(crew.running, crew.now)


def test_a_smaller_number_ends_the_hold(tmp_path: Path) -> None:
    crew = workers(tmp_path, 99, free=6 * GB)
    for _ in range(6):
        crew.second()
    crew.ask(3)
    crew.running = 3
    assert crew.second() == 3
    assert crew.held == (3, "")
    crew.room.available += 2 * GB
    crew.ask(4)
    assert crew.second() == 4


def test_memory_that_the_system_does_not_tell_holds_at_the_cores_and_ends_no_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crew = workers(tmp_path, 9, free=18 * GB, cores=3)
    told = crew.room

    def refuse() -> Memory:
        raise OSError(errno.EMFILE, "Too many open files")

    crew.growth._machine = replace(crew.growth._machine, memory=refuse)
    assert [crew.second() for _ in range(3)] == [3, 3, 3]
    assert crew.held == (3, NO_MEMORY)
    assert [r.message for r in caplog.records].count(
        "the free memory is not known: [Errno 24] Too many open files"
    ) == 1
    crew.growth._machine = replace(crew.growth._machine, memory=told)
    assert crew.second() == 4


def test_a_run_of_many_workers_grows_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole engine: the steps wake it, although nothing else happens meanwhile."""
    monkeypatch.setattr(worker_growth, "STEP_SECONDS", 0.02)
    take_step, allowed = worker_growth.WorkerGrowth._step, list[int]()

    def step(growth: worker_growth.WorkerGrowth, running: int, target: int) -> None:
        take_step(growth, running, target)
        allowed.append(growth._allowed)

    monkeypatch.setattr(worker_growth.WorkerGrowth, "_step", step)

    async def run() -> None:
        stage = ToyStage({"a": 1000, "b": 1000, "c": 1000, "d": 1000}, stretch=1000)
        machine = Machine(cores=1, memory=Room(18 * GB), worker_bytes=GB)
        bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=4, machine=machine))
        running = asyncio.create_task(bench.engine.run())
        await bench.until(lambda: len(bench.state.slots) == 4)
        assert (await running).exit_code == 0

    asyncio.run(run())
    assert allowed == [1, 2, 3, 4]
