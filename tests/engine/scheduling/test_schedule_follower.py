"""A schedule sets workers and pauses at its changes; what is set by hand stays until the next one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage
from tui_gen.config.run_config import ScheduleEntry
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.scheduling.schedule_follower import ScheduleFollower
from tui_gen.engine.storage.status import status_of, write_status
from tui_gen.engine.storage.status_reader import read_status

ALL = frozenset(range(7))
DAY = (ScheduleEntry(ALL, 8 * 60, 12 * 60, 2), ScheduleEntry(ALL, 12 * 60, 13 * 60, 0))
"""Two workers from 8 to 12, a pause until 13, then as many as usual: 5."""


@dataclass
class Clocked:
    """An engine whose time is set by the test."""

    bench: Bench
    follower: ScheduleFollower
    now: float = 0.0

    def clock(self, text: str) -> None:
        """Let the local clock show a time, and the schedule be looked at."""
        self.now = datetime.fromisoformat(f"2026-06-05 {text}").timestamp()
        self.follower.look()

    def steer(self, command: do.Command) -> str:
        """Carry out a command."""
        return asyncio.run(self.bench.steering.steer(command))

    @property
    def stand(self) -> tuple[int, bool]:
        """Return the number of workers, and whether the engine is paused."""
        return self.bench.state.workers_target, self.bench.engine.gate.is_paused

    @property
    def is_overridden(self) -> bool:
        """Return what the state says."""
        assert self.bench.state.schedule is not None
        return self.bench.state.schedule.is_overridden


@pytest.fixture
def day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Clocked:
    caplog.set_level(logging.INFO)
    bench = Bench(ToyStage({"a": 1}), tmp_path / "ledger.jsonl", options=Options(workers=5))
    clocked = Clocked(bench, bench.steering.follow_schedule(DAY, usual=5))
    bench.recorder.now = lambda: clocked.now
    return clocked


def test_each_change_sets_what_applies(day: Clocked, caplog: pytest.LogCaptureFixture) -> None:
    seen = []
    for text in ("07:59", "08:00", "11:59:59", "12:00", "12:30", "13:00"):
        day.clock(text)
        seen.append((text, *day.stand))
    assert seen == [
        ("07:59", 5, False),
        ("08:00", 2, False),
        ("11:59:59", 2, False),
        ("12:00", 2, True),
        ("12:30", 2, True),
        ("13:00", 5, False),
    ]
    assert [record.message for record in caplog.records if record.name.endswith("follower")] == [
        "schedule: 5 workers until 08:00",
        "schedule: 2 workers until 12:00",
        "schedule: pause until 13:00",
        "schedule: 5 workers until Sat 08:00",
    ]


def test_what_is_set_by_hand_stays_until_the_next_change(day: Clocked) -> None:
    day.clock("09:00")
    assert day.steer(do.SetWorkers(7)) == "7 workers, by the schedule again from 12:00"
    day.clock("11:00")
    assert (day.stand, day.is_overridden) == ((7, False), True)
    day.clock("12:00")
    assert (day.stand, day.is_overridden) == ((7, True), False)
    assert day.steer(do.Resume()) == "going on, by the schedule again from 13:00"
    day.clock("12:30")
    assert (day.stand, day.is_overridden) == ((7, False), True)
    day.clock("13:00")
    assert (day.stand, day.is_overridden) == ((5, False), False)


def test_a_pause_by_hand_ends_with_the_next_change_too(day: Clocked) -> None:
    day.clock("14:00")
    assert day.steer(do.Pause()).endswith("in hand end first, by the schedule again from Sat 08:00")
    day.now += 18 * 3600
    day.follower.look()
    assert (day.stand, day.is_overridden) == ((2, False), False)


def test_a_return_to_the_schedule_is_no_override(day: Clocked) -> None:
    day.clock("09:00")
    day.steer(do.SetWorkers(7))
    assert day.steer(do.SetWorkers(2)) == "2 workers"
    assert not day.is_overridden


def test_a_pause_by_the_schedule_says_so_and_until_when(day: Clocked) -> None:
    day.clock("12:10")
    day.bench.engine._show_phase()
    assert (day.bench.state.phase, day.bench.state.reason) == ("paused", "by the schedule until 13:00")
    day.steer(do.Pause())
    assert day.bench.state.reason == ""  # by hand from now on


def test_a_number_from_the_command_line_holds_until_the_next_change(day: Clocked) -> None:
    day.now = datetime.fromisoformat("2026-06-05 09:00").timestamp()
    day.follower.look(may_set=False)
    assert (day.stand, day.is_overridden) == ((5, False), True)
    day.clock("12:00")
    assert (day.stand, day.is_overridden) == ((5, True), False)


def test_fewer_workers_after_memory_ran_out_are_not_raised_again(day: Clocked) -> None:
    day.clock("07:00")
    for _ in range(2):
        day.bench.engine.reduce_workers("memory ran out")
    day.clock("08:00")
    assert day.stand == (2, False)
    day.clock("14:00")
    assert day.stand == (3, False)
    day.steer(do.SetWorkers(6))
    day.clock("14:01")
    assert day.stand == (6, False)
    for hours, stand in ((18, (2, False)), (5, (5, False))):  # asked for by hand: it may be tried again
        day.now += hours * 3600
        day.follower.look()
        assert day.stand == stand


def test_a_clock_that_is_set_back_is_followed(day: Clocked) -> None:
    day.clock("12:10")
    day.clock("09:00")
    assert day.stand == (2, False)


async def test_a_monitor_knows_the_schedule(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 1}), tmp_path / "ledger.jsonl", options=Options(workers=5))
    bench.steering.follow_schedule((ScheduleEntry(ALL, 0, 1440, 1),), usual=5).look()
    path = tmp_path / "status.json"
    await write_status(path, status_of(bench.state, 2000.0))
    seen = read_status(path, 2000.0).state
    assert bench.state.schedule is not None
    assert seen.schedule == bench.state.schedule


async def test_without_a_schedule_commands_answer_as_ever(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 1}), tmp_path / "ledger.jsonl")
    assert await bench.steering.steer(do.SetWorkers(3)) == "3 workers"
    assert bench.state.schedule is None
