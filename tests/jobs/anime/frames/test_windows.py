from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.anime.frames.windows import LEAST_SECONDS, WINDOW_SECONDS, numbering, windows_of
from tui_gen.media.colour import hdr_class
from tui_gen.media.film_facts import ColourFacts, FrameTimes, ProbeFacts
from tui_gen.media.geometry import Size

COLOUR = ColourFacts("yuv420p", 8, "bt709", "bt709", "bt709", "tv", "left", None, None)
FACTS = ProbeFacts(
    container="matroska,webm",
    codec="h264",
    coded=Size(128, 64),
    sample_aspect=Fraction(1),
    rotation_degrees=0,
    first_pts_seconds=0.0,
    duration_seconds=100.0,
    frame_seconds=1001 / 24000,
    field_order="progressive",
    colour=COLOUR,
    hdr_class=hdr_class("bt709"),
)
MILLISECOND = Fraction(1, 1000)


@given(st.floats(0, 20000), st.floats(0, 20100))
def test_every_moment_belongs_to_exactly_one_window(duration_seconds: float, moment_seconds: float) -> None:
    windows = windows_of(duration_seconds)
    holding = [
        window
        for window in windows
        if window.begin_seconds <= moment_seconds
        and (window.end_seconds is None or moment_seconds < window.end_seconds)
    ]
    assert len(holding) == 1
    assert [window.index for window in windows] == list(range(len(windows)))


def test_a_short_rest_belongs_to_the_last_window() -> None:
    assert len(windows_of(WINDOW_SECONDS + LEAST_SECONDS - 0.1)) == 1
    assert len(windows_of(WINDOW_SECONDS + LEAST_SECONDS)) == 2
    assert [window.end_seconds for window in windows_of(150)] == [60, 120, None]


@given(st.integers(0, 100_000))
def test_rounded_timestamps_of_a_constant_rate_give_consecutive_numbers(frame: int) -> None:
    first = 83
    facts = replace(FACTS, first_pts_seconds=first / 1000)
    pts = first + round(Fraction(frame * 1001, 24000) * 1000)
    assert numbering(facts, MILLISECOND)(pts) == frame


def test_a_frame_before_the_first_has_no_number() -> None:
    assert numbering(replace(FACTS, first_pts_seconds=1.0), MILLISECOND)(999) is None


@given(st.lists(st.integers(1, 500), min_size=2, max_size=50), st.integers(0, 9))
def test_frames_of_a_variable_rate_are_numbered_by_their_place(gaps: list[int], hidden: int) -> None:
    pts = tuple(sum(gaps[: place + 1]) for place in range(len(gaps)))
    hidden = min(hidden, len(pts) - 1)
    times = FrameTimes(MILLISECOND, pts)
    facts = replace(FACTS, frame_times=times, first_pts_seconds=pts[hidden] / 1000)
    number = numbering(facts, MILLISECOND)
    assert [number(each) for each in pts[hidden:]] == list(range(len(pts) - hidden))
    assert hidden == 0 or number(pts[hidden - 1]) is None


def test_frames_of_an_unknown_rate_are_numbered_by_milliseconds() -> None:
    number = numbering(replace(FACTS, frame_seconds=None), Fraction(1, 90000))
    assert number(90 * 1234) == 1234
