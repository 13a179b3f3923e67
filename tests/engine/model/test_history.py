"""The history of a run: bounded, with gaps where nothing was measured, the same for every screen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_gen.engine.model.history import (
    NOTHING_KNOWN,
    SPANS,
    Curve,
    History,
    HistoryPart,
    Point,
    Reading,
    Values,
    window_of,
)

FIVE_MINUTES, ONE_HOUR, ONE_DAY = range(3)


def history_of(*readings: Reading) -> History:
    history = History()
    for reading in readings:
        history.take(reading)
    return history


def every_two_seconds(start: int, end: int, pace: float = 60.0) -> list[Reading]:
    return [Reading(float(at), 2.0, Values(pace, 0.5)) for at in range(start, end, 2)]


def test_ten_days_take_no_more_room_than_one() -> None:
    history, seen = History(), HistoryPart(0.0)
    for at in range(0, 10 * 86400, 60):
        history.take(Reading(float(at), 60.0, Values(1.0)))
        if at % 7200 == 0:
            seen = seen.followed_by(history.since(seen.newest, 0.0))
    part = history.since(NOTHING_KNOWN, 0.0)
    assert part.newest == (10 * 86400 // 5 - 24, 10 * 1440 - 2, 10 * 96 - 2)
    for known in (part, seen):
        assert [len(points) for points in known.spans] == [span.steps for span in SPANS]


def test_a_step_is_the_mean_of_its_readings_by_the_time_they_cover() -> None:
    history = history_of(
        Reading(101.0, 1.0, Values(60.0, 0.2, None, 4.0, None)),
        Reading(104.0, 3.0, Values(20.0, 0.6, None, None, None)),
        Reading(105.0, 1.0, Values(99.0)),
    )
    assert history.since(NOTHING_KNOWN, 0.0).spans[FIVE_MINUTES] == (
        Point(20, Values(30.0, pytest.approx(0.5), None, 4.0, None)),  # type: ignore[arg-type]
    )


def test_a_step_that_still_runs_is_not_told() -> None:
    history = history_of(*every_two_seconds(0, 5))
    assert history.since(NOTHING_KNOWN, 0.0).newest == NOTHING_KNOWN


def test_a_time_without_readings_is_a_gap_and_a_pause_is_a_pace_of_zero() -> None:
    history = history_of(
        *every_two_seconds(600, 700),
        *every_two_seconds(700, 760, pace=0.0),
        *every_two_seconds(800, 900),
    )
    window = window_of(history.since(NOTHING_KNOWN, 1000.0), FIVE_MINUTES)
    assert window is not None
    assert (window.starts_at, window.ends_at) == (1600.0, 1900.0)
    paces = window.curve("patches_per_minute").values
    assert paces == (60.0,) * 20 + (0.0,) * 12 + (None,) * 8 + (60.0,) * 19 + (None,)
    free = window.curve("free_bytes")
    assert (free.lowest, free.highest) == (None, None)
    assert set(free.values) == {None}


def test_the_window_stands_still_for_a_minute() -> None:
    history = history_of(*every_two_seconds(0, 660))
    ends = []
    for at in range(660, 780, 2):
        history.take(Reading(float(at), 2.0, Values(1.0)))
        window = window_of(history.since(NOTHING_KNOWN, 0.0), FIVE_MINUTES)
        assert window is not None
        ends.append(window.ends_at)
    assert sorted(set(ends)) == [660.0, 720.0, 780.0]


@settings(max_examples=40)
@given(gaps=st.lists(st.integers(1, 4000), min_size=1, max_size=80), looks=st.sets(st.integers(0, 79)))
def test_a_screen_that_follows_knows_what_one_that_comes_late_is_told(
    gaps: list[int], looks: set[int]
) -> None:
    history, at, seen = History(), 0, HistoryPart(0.0)
    for number, gap in enumerate(gaps):
        at += gap
        history.take(Reading(float(at), 2.0, Values(float(number))))
        if number in looks:
            seen = seen.followed_by(history.since(seen.newest, 0.0))
    whole = history.since(NOTHING_KNOWN, 0.0)
    assert seen.followed_by(history.since(seen.newest, 0.0)) == whole


def test_what_a_new_engine_measures_follows_what_the_old_one_did() -> None:
    old = history_of(*every_two_seconds(0, 100)).since(NOTHING_KNOWN, 0.0)
    new = history_of(*every_two_seconds(200, 300, pace=7.0))
    both = old.followed_by(new.since(old.newest, 0.0))
    window = window_of(both, FIVE_MINUTES)
    assert window is not None
    assert window.curve("patches_per_minute").values[:59] == (60.0,) * 19 + (None,) * 21 + (7.0,) * 19


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (4, [1.0, 3.0, None, 5.0]),
        (8, [1.0, 1.0, 3.0, 3.0, None, None, 5.0, 5.0]),
        (2, [2.0, 5.0]),
        (3, [2.0, 3.0, 5.0]),
    ],
)
def test_a_curve_is_stretched_by_repeating_and_narrowed_by_means(
    count: int, expected: list[float | None]
) -> None:
    assert Curve((1.0, 3.0, None, 5.0)).resampled(count) == expected
