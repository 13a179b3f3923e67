"""Rates are of the time in which clips are made, without looks at the sources, pauses and other runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui_gen.engine.model import eta
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.making_time import MakingTime
from tui_gen.engine.model.metrics import metrics_of, worker_seconds
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import CategoryPlan, Clip, Made, Patch, Plan, Rejected, SourcePlan

BEGAN = 1_764_000_000.0  # a whole minute
CLIPS = 1000


def opened(at: float, *, made: int = 0) -> Iterator[ev.Event]:
    source = SourcePlan("a", "A", "/a", 255, (), 0, clips_made=made, clips_left=CLIPS - made)
    yield ev.RunStarted(at, "toy", {}, "c.json", "/out", 1, "host", "0")
    yield ev.StagePlanned(at, "cut", Plan((source,), {"all": CategoryPlan(CLIPS, CLIPS, "All")}))
    yield ev.PhaseChanged(at, "running")


def clips(start: float, many: int, *, every: float = 2.0, first: int = 0) -> Iterator[ev.Event]:
    """Make clips; the first one begins at the start."""
    for place in range(many):
        made = Made(Clip("a", first + place), (Patch("all", 10, {}),), 1, every)
        yield ev.ClipEnded(start + every * (place + 1), "cut", made)


def rejected(start: float, many: int, *, every: float = 2.0) -> Iterator[ev.Event]:
    for place in range(many):
        outcome = Rejected(Clip("a", 500 + place), "damaged data", 1, every)
        yield ev.ClipEnded(start + every * (place + 1), "cut", outcome)


def state_of(*events: ev.Event) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def test_the_look_at_the_sources_is_in_no_rate() -> None:
    look = [ev.FactsLearned(BEGAN + 60.0 * n, "probe", "a", {}) for n in range(27)]
    start = BEGAN + 27 * 60
    state = state_of(*opened(BEGAN), *look, *clips(start, 3))
    assert eta.seconds_left(state, start + 6.0) == pytest.approx((CLIPS - 3) * 2.0)
    assert state.elapsed_seconds(start + 6.0) == pytest.approx(27 * 60 + 6.0)


def test_a_check_after_a_crash_is_in_no_time() -> None:
    crashed = [*opened(BEGAN), *clips(BEGAN, 10)]
    later = BEGAN + 36_000
    check: list[ev.Event] = [
        ev.FactsLearned(later, "probe", "a", {}),
        ev.SourceFoundUnusable(later, "probe", "a", "no"),
    ]
    state = state_of(*crashed, *check, *opened(later + 60, made=10))
    assert state.elapsed_seconds(later + 65) == pytest.approx(20.0 + 5.0)


def test_patches_a_minute_leave_out_a_pause() -> None:
    pause = [ev.PhaseChanged(BEGAN + 120, "paused"), ev.PhaseChanged(BEGAN + 240, "running")]
    state = state_of(*opened(BEGAN), *clips(BEGAN, 60), *pause, *clips(BEGAN + 240, 30, first=60))
    assert eta.patches_per_minute(state, BEGAN + 301) == pytest.approx(30.0, rel=0.02)


def test_patches_a_minute_leave_out_the_time_between_runs() -> None:
    end = ev.RunEnded(BEGAN + 60, "stopped", 4)
    again = [*opened(BEGAN + 180, made=30), *clips(BEGAN + 180, 30, first=30)]
    state = state_of(*opened(BEGAN), *clips(BEGAN, 30), end, *again)
    assert eta.patches_per_minute(state, BEGAN + 241) == pytest.approx(30.0, rel=0.02)


def test_minutes_that_gave_nothing_are_a_rate_of_zero_and_no_unknown_rate() -> None:
    state = state_of(*opened(BEGAN), *clips(BEGAN, 60), *rejected(BEGAN + 120, 600))
    assert eta.patches_per_minute(state, BEGAN + 1320) == 0.0
    assert eta.patches_per_minute(state_of(*opened(BEGAN)), BEGAN + 600) is None


def test_the_time_left_is_unknown_when_nothing_comes_any_more() -> None:
    events = [*opened(BEGAN), *clips(BEGAN, 60), *rejected(BEGAN + 120, 600)]
    assert eta.seconds_left(state_of(*events), BEGAN + 120 + 1200) is None
    assert eta.seconds_left(state_of(*events[:65]), BEGAN + 120) == pytest.approx((CLIPS - 60) * 2.0)


def test_a_short_pause_leaves_the_rate_of_the_last_minutes() -> None:
    pause = [ev.PhaseChanged(BEGAN + 1200, "paused"), ev.PhaseChanged(BEGAN + 1230, "running")]
    slow = clips(BEGAN, 120, every=10.0)
    fast = clips(BEGAN + 1230, 390, every=2.0, first=120)
    state = state_of(*opened(BEGAN), *slow, *pause, *fast)
    assert eta.clips_per_second(state, BEGAN + 2010) == pytest.approx(0.5, rel=0.15)


def test_what_a_paused_worker_is_at_takes_no_longer_by_the_pause() -> None:
    state = state_of(*opened(BEGAN), ev.SlotOpened(BEGAN, 1, "a"), ev.PhaseChanged(BEGAN + 7, "paused"))
    assert worker_seconds(state, state.slots[1], BEGAN + 3600) == 7.0
    state.apply(ev.PhaseChanged(BEGAN + 3600, "running"))
    assert worker_seconds(state, state.slots[1], BEGAN + 3605) == 12.0
    state.apply(ev.PhaseChanged(BEGAN + 3610, "waiting", "disk low"))
    state.apply(ev.ClockStepped(BEGAN + 13_610, 10_000))
    assert worker_seconds(state, state.slots[1], BEGAN + 13_700) == 17.0


def test_clips_that_failed_in_an_earlier_run_are_in_no_rate() -> None:
    state = state_of(*opened(BEGAN), *clips(BEGAN, 10), *opened(BEGAN + 900, made=10))
    assert metrics_of(state, BEGAN + 900).clips_per_second == pytest.approx(0.5)


@pytest.mark.parametrize(("start", "end", "seconds"), [(0, 100, 25), (5, 15, 5), (12, 18, 0), (25, 60, 10)])
def test_the_time_of_making_between_two_moments(start: float, end: float, seconds: float) -> None:
    making = MakingTime().begun(0.0).rested(10.0).begun(20.0).rested(35.0)
    assert making.within(start, end) == seconds
    assert (making.total(99.0), making.stepped(100.0).within(100.0, 110.0)) == (25.0, 10.0)
