"""Finds the places where the timestamps of a stream jump, as where recordings were joined. Pure.

    bytes    0 ──────────────────────────────┬───────────────────────── end
    seconds  1.4 ... 8.2 ... 15.9 ... 21.3   │ 1.4 ... 9.7 ... 21.3     two parts of 20 s, found as 20 s

The timestamps are read at evenly spaced places of the file. Between two places that lie in different parts,
the jump is found by bisection.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

PLACES = 32
BISECTIONS = 14
BACK_SECONDS = 1.0
"""Timestamps that go back by less are those of frames that are stored in another order than shown."""
AHEAD_SECONDS, AHEAD_SHARE = 60.0, 20.0
"""Timestamps that go ahead by more than both, in seconds and in usual steps, jump."""

TimeAt = Callable[[int], float | None]
"""A function from a place in bytes to the first timestamp from there on, in seconds; None: there is none."""
Part = tuple[float, float]
"""The first and the last timestamp of a part, in seconds."""


def parts_of(time_at: TimeAt, size_bytes: int, last_seconds: float) -> tuple[Part, ...]:
    """Return the parts between jumps, in the order of the file. One part: there is no jump.

    `last_seconds` is the last timestamp of the file.
    """
    found = [(place, time_at(place)) for place in (size_bytes * n // PLACES for n in range(PLACES))]
    known = [(place, seconds) for place, seconds in found if seconds is not None]
    known.append((size_bytes, last_seconds))
    steps = [after - before for (_, before), (_, after) in pairwise(known)]
    ahead = max(AHEAD_SECONDS, AHEAD_SHARE * statistics.median(steps)) if steps else AHEAD_SECONDS
    begin, parts = known[0][1], list[Part]()
    for before, after in pairwise(known):
        if not _is_one_part(before[1], after[1], ahead):
            end, begin_of_next = _jump(time_at, before, after, ahead)
            parts.append((begin, end))
            begin = begin_of_next
    return (*parts, (begin, last_seconds))


def findable_seconds(parts: Sequence[Part]) -> float:
    """Return the time that the timestamps of all parts cover: of frames at one time, one can be found."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(parts):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def why_less(parts: Sequence[Part]) -> str | None:
    """Return what is to be said of a film whose timestamps jump, or None."""
    if len(parts) <= 1:
        return None
    times = "once" if len(parts) == 2 else f"{len(parts) - 1} times"  # noqa: PLR2004 - two parts
    whole = sum(end - begin for begin, end in parts)
    return f"its timestamps jump {times}: of {whole:.0f} s, {findable_seconds(parts):.0f} s can be found"


def _is_one_part(before: float, after: float, ahead: float) -> bool:
    return -BACK_SECONDS <= after - before <= ahead


def _jump(time_at: TimeAt, before: Part, after: Part, ahead: float) -> Part:
    """Return the last known timestamp of a part, and the first known one of the next."""
    low, high, end, begin = int(before[0]), int(after[0]), before[1], after[1]
    for _ in range(BISECTIONS):
        place = (low + high) // 2
        seconds = time_at(place)
        if seconds is not None and _is_one_part(before[1], seconds, ahead):
            low, end = place, seconds
        else:
            high, begin = place, begin if seconds is None else seconds
    return end, begin
