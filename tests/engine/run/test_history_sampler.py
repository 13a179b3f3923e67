"""What the engine adds to its history: measured values, and nothing where a measurement failed."""

from __future__ import annotations

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import NOTHING_KNOWN, History, Values
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.history_sampler import HistorySampler


class Machine:
    """A machine whose clock and measurements are set by hand."""

    def __init__(self) -> None:
        self.at, self.patches, self.state, self.history = 1000.0, 0, RunState(), History()
        self.sampler = HistorySampler(self.history, lambda: self.at)
        self.measure()

    def measure(self, *, has_system: bool = True, has_disk: bool = True) -> None:
        if has_system:
            self.state.apply(ev.SystemMeasured(self.at, (40.0, 60.0), 1, 2, 3e6, None))
        if has_disk:
            self.state.apply(ev.DiskMeasured(self.at, 500, 1000, 10))
        self.sampler.sample(self.state, self.patches)

    def pass_by(self, seconds: float, patches: int = 0, **measured: bool) -> None:
        self.at, self.patches = self.at + seconds, self.patches + patches
        self.measure(**measured)

    def values(self) -> list[Values]:
        self.pass_by(5.0)  # completes the step
        return [point.values for point in self.history.since(NOTHING_KNOWN, 0.0).spans[0]]


def test_patches_are_counted_by_the_minute_and_a_pause_is_zero() -> None:
    machine = Machine()
    machine.pass_by(5.0, patches=3)
    machine.pass_by(5.0)
    assert [each.patches_per_minute for each in machine.values()] == [36.0, 0.0]


def test_the_first_sample_tells_nothing() -> None:
    machine = Machine()
    machine.patches = 7  # before anybody looked
    machine.sampler = HistorySampler(machine.history, lambda: machine.at)
    machine.measure()
    assert machine.values() == []


def test_a_measurement_that_failed_is_a_gap_of_its_own_curve_only() -> None:
    machine = Machine()
    machine.pass_by(5.0, patches=1, has_system=False)
    machine.pass_by(5.0, patches=1, has_disk=False)
    machine.pass_by(5.0, patches=1)
    assert machine.values() == [
        Values(12.0, None, None, None, 500.0),
        Values(12.0, 0.5, 3e6, None, None),
        Values(12.0, 0.5, 3e6, None, 500.0),
    ]


def test_a_machine_that_was_suspended_made_nothing_up_meanwhile() -> None:
    machine = Machine()
    machine.pass_by(5.0, patches=1)
    machine.pass_by(3600.0, patches=9)
    machine.pass_by(5.0, patches=1)
    points = machine.history.since(NOTHING_KNOWN, 0.0).spans[0]
    assert [(point.step, point.values.patches_per_minute) for point in points] == [(201, 12.0)]
    assert machine.values()[1].patches_per_minute == 12.0
