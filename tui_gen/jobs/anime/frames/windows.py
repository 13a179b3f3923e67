"""Divides an episode into windows that are surveyed independently, and numbers its frames.

    |0 ......... 60|60 ........ 120|120 ....... end     a frame at 60.000 belongs to the second window
     first window   second           last: without an end, so that frames after the stated duration count

Invariant: every frame belongs to exactly one window, and its number does not depend on the window.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tui_gen.media.film_facts import ProbeFacts

WINDOW_SECONDS = 60
LEAST_SECONDS = 10
"""A shorter rest at the end belongs to the window before it."""
MILLISECONDS = Fraction(1, 1000)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Times are seconds from the first timestamp of the track."""

    index: int
    begin_seconds: int
    end_seconds: int | None  # excluded; None: up to the last frame


def windows_of(duration_seconds: float) -> tuple[Window, ...]:
    """Return the windows of an episode, in order; there is always one."""
    whole, rest = divmod(duration_seconds, WINDOW_SECONDS)
    count = max(1, int(whole) + (rest >= LEAST_SECONDS))
    return tuple(
        Window(index, index * WINDOW_SECONDS, (index + 1) * WINDOW_SECONDS if index + 1 < count else None)
        for index in range(count)
    )


def numbering(facts: ProbeFacts, tick: Fraction) -> Callable[[int], int | None]:
    """Return the function from the timestamp of a frame, in ticks, to its number in the episode.

    Variable rate: the place of the timestamp among those of all frames. Constant rate: the distance from the
    first timestamp in frames, rounded. Unknown rate: in milliseconds. None: the frame is before the first.
    Two frames have one number only where a film has more frames than its rate; see `episode_survey`.
    """
    first = round(facts.first_pts_seconds / float(tick))
    if facts.frame_times is not None and facts.frame_times.tick_seconds == tick:
        return _by_place(facts.frame_times.pts, first)
    # As a fraction: a float would number the frames of long episodes differently on other machines.
    seconds = MILLISECONDS if not facts.frame_seconds else Fraction(facts.frame_seconds)

    def number(pts: int) -> int | None:
        return None if pts < first else round((pts - first) * tick / seconds)

    return number


def _by_place(known: tuple[int, ...], first: int) -> Callable[[int], int | None]:
    begin = bisect.bisect_left(known, first)

    def number(pts: int) -> int | None:
        place = bisect.bisect_right(known, pts) - 1
        return None if place < begin else place - begin

    return number
