"""A run's clock tells steps of wall time from time that ran, and the recorder writes them down first."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.ledger import Ledger, read_events
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.engine.storage.run_clock import RunClock


@dataclass
class Clocks:
    """A wall clock that may be set, and a monotonic clock that stands still while the machine sleeps."""

    wall: float = 1_700_000_000.0
    steady: float = 5000.0

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def clock(self) -> RunClock:
        return RunClock(lambda: self.wall, lambda: self.steady)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 1.5])
def test_a_step_is_told_once(seconds: float) -> None:
    clocks = Clocks()
    clock = clocks.clock()
    clocks.run(100)
    assert clock.take_step() == 0
    clocks.wall += seconds  # set, or the machine slept: the monotonic clock knows nothing of it
    clocks.run(3)
    assert clock.take_step() == pytest.approx(seconds)
    assert clock.take_step() == 0
    assert clock.now() == clocks.wall


def test_small_steps_are_told_when_they_add_up() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    told = []
    for _ in range(10):
        clocks.wall += 0.25
        told.append(clock.take_step())
    assert sum(told) == pytest.approx(2.0)


def test_a_pause_between_the_two_readings_is_no_step() -> None:
    clocks, readings = Clocks(), 0

    def steady() -> float:
        nonlocal readings
        readings += 1
        if readings in {5, 8}:  # stopped just here, by SIGSTOP for instance
            clocks.run(30)
        return clocks.steady

    clock = RunClock(lambda: clocks.wall, steady)
    assert [clock.take_step() for _ in range(4)] == [0.0, 0.0, 0.0, 0.0]


def recorder(path: Path, clock: RunClock) -> tuple[Recorder, RunState]:
    state = RunState()
    return Recorder(Ledger(path), state, clock.now, take_step=clock.take_step), state


@pytest.mark.parametrize("by", ["write", "show"])
def test_a_step_is_recorded_before_what_happened_after_it(by: str, tmp_path: Path) -> None:
    clocks = Clocks()
    recording, state = recorder(tmp_path / "ledger.jsonl", clocks.clock())
    recording.write(ev.PhaseChanged(recording.now(), "running"))
    clocks.run(10)
    clocks.wall += 3600
    paused = ev.PhaseChanged(recording.now(), "paused")
    record: Callable[[ev.PhaseChanged], None] = getattr(recording, by)
    record(paused)
    assert state.elapsed_seconds(recording.now()) == pytest.approx(10)
    recording.ledger.close()
    kinds = [type(event) for event in read_events(tmp_path / "ledger.jsonl", on_damage=[])]
    assert kinds[:2] == [ev.PhaseChanged, ev.ClockStepped]


def test_a_full_disk_costs_the_line_of_a_step_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = Clocks()
    recording, state = recorder(tmp_path / "ledger.jsonl", clocks.clock())
    recording.show(ev.PhaseChanged(recording.now(), "running"))
    clocks.wall += 3600

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(recording.ledger, "append", full)
        recording.notice_clock()
    assert state.elapsed_seconds(recording.now()) == pytest.approx(0)
    assert "No space left" in caplog.text
    recording.ledger.close()
