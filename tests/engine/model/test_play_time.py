"""The time of a replay: the whole run in a minute, and nights without an engine in a second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model.play_time import WHOLE_SECONDS, Gap, play_time

DAY = 86400.0


def test_five_days_take_a_minute_and_run_evenly() -> None:
    times = play_time(5 * DAY, ())
    assert times.seconds == pytest.approx(WHOLE_SECONDS)
    assert times.speed == pytest.approx(7200)
    assert times.recorded_at(30) == pytest.approx(2.5 * DAY)


def test_a_gap_takes_a_second_of_the_minute() -> None:
    times = play_time(2 * DAY, (Gap(1000, 2 * DAY - 1000),))
    assert times.seconds == pytest.approx(WHOLE_SECONDS)
    assert times.replayed_at(2 * DAY - 1000) - times.replayed_at(1000) == pytest.approx(1)


def test_many_gaps_leave_time_for_the_work() -> None:
    gaps = tuple(Gap(1000.0 * number, 1000.0 * number + 500) for number in range(200))
    times = play_time(200_000, gaps)
    assert times.seconds == pytest.approx(WHOLE_SECONDS)
    in_gaps = sum(times.replayed_at(gap.end) - times.replayed_at(gap.start) for gap in gaps)
    assert in_gaps == pytest.approx(WHOLE_SECONDS / 4)


def test_a_gap_is_not_slower_than_the_run_and_a_short_run_not_than_itself() -> None:
    assert play_time(10_000, (Gap(0, 300),), 1000.0).seconds == pytest.approx(10)
    assert play_time(20, ()).seconds == pytest.approx(20)


@given(
    parts=st.lists(st.tuples(st.floats(0, 1e5), st.floats(200, 1e6)), max_size=8),
    rest=st.floats(0, 1e6),
    speed=st.none() | st.floats(0.5, 1e5),
    share=st.floats(0, 1),
)
def test_there_and_back_is_the_same_moment(
    parts: list[tuple[float, float]], rest: float, speed: float | None, share: float
) -> None:
    gaps, at = list[Gap](), 0.0
    for work, gap in parts:
        gaps.append(Gap(at + work, at + work + gap))
        at += work + gap
    times = play_time(at + rest, tuple(gaps), speed)
    moment = share * times.seconds
    assert times.replayed_at(times.recorded_at(moment)) == pytest.approx(moment, rel=1e-6, abs=1e-6)
    assert times.recorded_at(times.seconds) == pytest.approx(at + rest)
