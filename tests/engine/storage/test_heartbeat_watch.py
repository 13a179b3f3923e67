"""How long an engine is silent, as a reader of its status file knows it: by the reader's own steady clock."""

from __future__ import annotations

import pytest

from tui_gen.engine.storage.status_reader import HeartbeatWatch


class Steady:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def steady() -> Steady:
    return Steady()


def test_the_age_of_the_first_heartbeat_is_known_from_wall_time_alone(steady: Steady) -> None:
    watch = HeartbeatWatch(steady)
    assert watch.silent_seconds is None
    watch.hear(5000.0, now=5007.0)
    assert watch.silent_seconds == 7.0


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_step_of_the_reader_s_clock_makes_no_engine_silent(steady: Steady, step: float) -> None:
    watch = HeartbeatWatch(steady)
    watch.hear(5000.0, now=5000.0)
    steady.seconds += 2
    watch.hear(5002.0, now=5002.0 + step)
    assert watch.silent_seconds == 0.0


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_step_of_the_engine_s_clock_makes_it_silent_for_no_moment(steady: Steady, step: float) -> None:
    watch = HeartbeatWatch(steady)
    watch.hear(5000.0, now=5000.0)
    steady.seconds += 2
    watch.hear(5002.0 + step, now=5002.0)
    assert watch.silent_seconds == 0.0
    steady.seconds += 2
    watch.hear(5004.0 + step, now=5004.0)
    assert watch.silent_seconds == 0.0


def test_an_engine_that_says_nothing_more_grows_silent_whatever_the_clocks_do(steady: Steady) -> None:
    watch = HeartbeatWatch(steady)
    watch.hear(5000.0, now=5000.0)
    for seconds in range(1, 40):
        steady.seconds += 1
        watch.hear(5000.0, now=5000.0 - seconds)  # the reader's clock runs backwards
        assert watch.silent_seconds == seconds


def test_a_first_heartbeat_from_the_future_is_as_doubtful_as_an_old_one(steady: Steady) -> None:
    watch = HeartbeatWatch(steady)
    watch.hear(8600.0, now=5000.0)
    assert watch.silent_seconds == 3600.0
    steady.seconds += 1
    watch.hear(8601.0, now=5001.0)
    assert watch.silent_seconds == 0.0
