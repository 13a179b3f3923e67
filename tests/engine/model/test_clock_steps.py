"""The wall clock is set, or the machine sleeps: no duration and no rate changes by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_gen.engine.model import eta
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.engine.storage.history import history_of
from tui_gen.engine.storage.ledger import Ledger, read_events, read_for_resume

BEGAN = 1_700_000_040.0
"""Not long before a whole minute, so that a step moves clips into other minutes."""
CLIP_SECONDS = 10.0
CLIPS = 60
STEPS = [3600.0, -3600.0, 8 * 3600 + 17.0, -59.0, 5.0]
AN_HOUR_FORTH, AN_HOUR_BACK = STEPS[0], STEPS[1]


def run_with_a_step(seconds: float, *, is_ended: bool) -> list[ev.Durable]:
    """Return a run of clips of ten seconds; in the middle wall time steps."""
    events: list[ev.Durable] = [
        ev.RunStarted(BEGAN, "toy", {}, "c.json", "/out", 1, "host", "0"),
        ev.PhaseChanged(BEGAN, "running"),
    ]
    moved = 0.0
    for number in range(CLIPS):
        if number == CLIPS // 2:
            moved = seconds
            events.append(ev.ClockStepped(BEGAN + number * CLIP_SECONDS + moved, moved))
        at = BEGAN + (number + 1) * CLIP_SECONDS + moved
        events.append(ev.ClipEnded(at, "extract", Made(Clip("a", number), (PATCH,), 1, 9.0)))
    if is_ended:
        events.append(ev.RunEnded(BEGAN + CLIPS * CLIP_SECONDS + moved, "finished", 0))
    return events


PATCH = Patch("all", 100, {"format": "toy"})


def state_of(events: list[ev.Durable]) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


@pytest.mark.parametrize("seconds", STEPS)
def test_no_step_of_the_clock_is_in_the_elapsed_time_or_the_rate(seconds: float) -> None:
    state = state_of(run_with_a_step(seconds, is_ended=False))
    now = BEGAN + CLIPS * CLIP_SECONDS + seconds
    assert state.elapsed_seconds(now) == pytest.approx(CLIPS * CLIP_SECONDS)
    before_the_first_clip = CLIP_SECONDS - 9.0  # each clip says that it took nine seconds
    making = CLIPS * CLIP_SECONDS - before_the_first_clip
    assert eta.clips_per_second(state, now) == pytest.approx(CLIPS / making)
    # A step of no whole minutes may move a clip or two over the edge of a minute.
    assert eta.patches_per_minute(state, now) == pytest.approx(60 / CLIP_SECONDS, abs=0.5)


@pytest.mark.parametrize("seconds", STEPS)
@pytest.mark.parametrize("is_ended", [True, False], ids=["ended", "killed"])
def test_a_ledger_that_is_read_again_has_no_step_in_its_working_time(
    seconds: float, tmp_path: Path, *, is_ended: bool
) -> None:
    events, path = run_with_a_step(seconds, is_ended=is_ended), tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append(events)
    ledger.close()
    again = ev.RunStarted(events[-1].at + 500, "toy", {}, "c.json", "/out", 2, "host", "0")
    for replayed in (
        read_events(path, on_damage=[]),
        read_for_resume(path, on_damage=[], remembered=1),
    ):
        state = RunState()
        for event in (*replayed, again):
            state.apply(event)
        assert state.active_seconds_before == pytest.approx(CLIPS * CLIP_SECONDS)


@pytest.mark.parametrize("seconds", STEPS)
def test_a_history_has_no_step_in_what_a_run_took(seconds: float) -> None:
    history = history_of(run_with_a_step(seconds, is_ended=True))
    assert history.work_seconds == pytest.approx(CLIPS * CLIP_SECONDS)
    assert history.runs[0].seconds == pytest.approx(CLIPS * CLIP_SECONDS)
    assert history.runs[0].last_at == pytest.approx(BEGAN + CLIPS * CLIP_SECONDS + seconds)


@pytest.mark.parametrize("seconds", [AN_HOUR_FORTH, AN_HOUR_BACK])
def test_a_worker_is_at_its_clip_for_as_long_as_it_was(seconds: float) -> None:
    state = RunState()
    state.apply(ev.SlotOpened(BEGAN, 1, "a"))
    state.apply(ev.ClockStepped(BEGAN + 20 + seconds, seconds))
    assert state.slots[1].since == BEGAN + seconds
    assert state.last_at == BEGAN + 20 + seconds


@pytest.mark.parametrize("seconds", [AN_HOUR_FORTH, AN_HOUR_BACK])
def test_a_step_during_a_pause_is_in_no_time(seconds: float) -> None:
    state = RunState()
    state.apply(ev.PhaseChanged(BEGAN, "running"))
    state.apply(ev.PhaseChanged(BEGAN + 10, "paused"))
    state.apply(ev.ClockStepped(BEGAN + 20 + seconds, seconds))
    state.apply(ev.PhaseChanged(BEGAN + 30 + seconds, "running"))
    assert state.elapsed_seconds(BEGAN + 35 + seconds) == 15


def test_a_picture_of_the_state_is_not_moved_by_a_later_step() -> None:
    state = state_of(run_with_a_step(5.0, is_ended=False))
    picture = state.copy()
    before = [minute.minute for minute in picture.minutes]
    state.apply(ev.ClockStepped(BEGAN, -AN_HOUR_FORTH))
    assert [minute.minute for minute in picture.minutes] == before


def test_minutes_that_lie_ahead_after_the_clock_was_set_back_between_runs_are_in_no_rate() -> None:
    state = state_of(run_with_a_step(0.0, is_ended=True))
    later = BEGAN - 3600
    state.apply(ev.RunStarted(later, "toy", {}, "c.json", "/out", 2, "host", "0"))
    state.apply(ev.PhaseChanged(later, "running"))
    for number in range(30):
        made = Made(Clip("b", number), (PATCH,), 1, 1.0)
        state.apply(ev.ClipEnded(later + 6 * (number + 1), "extract", made))
    assert eta.patches_per_minute(state, later + 181) == pytest.approx(10.0, abs=1.0)
