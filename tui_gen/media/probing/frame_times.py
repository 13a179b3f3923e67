"""Finds out whether the distance of a film's frames varies, and reads the timestamps of all its frames then.

    packets at a few places ── as at the beginning? ──yes──> constant rate, nothing more is read
                                     └──no──> all packets ── still irregular? ──yes──> all timestamps

A few dropped frames are no variable rate. Nothing is decoded.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
BEYOND_PACKETS = 24
MOST_PACKETS = 1000
"""At a place, packets are read up to this number beyond it, from the key frame before it on."""
REORDERED_PACKETS = 8
"""Left out at both ends of what was read: their neighbours may not have been read."""
IRREGULAR_SHARE = 0.3
"""A distance is irregular if it differs from the usual one by more than this share of it."""
SUSPECT_FRAMES_SHARE = 0.05
HOLD_SECONDS = 1.0
VARIED_FRAMES_SHARE = 0.01
HELD_TIME_SHARE = 0.02
LEAST_FRAMES = 7
JUMP_SECONDS = 1.0


def may_vary(
    read_at: Callable[[float], Iterable[float]], first: float, end: float, frame_seconds: float
) -> bool:
    """Return whether the frames at some place of a film are not as far apart as `frame_seconds`.

    `read_at` gives the timestamps in seconds of the packets from the key frame before a place on.
    """
    for share in PLACES:
        place = first + share * (end - first)
        times, beyond = list[float](), 0
        for seconds in read_at(place):
            times.append(seconds)
            beyond += seconds > place
            if beyond >= BEYOND_PACKETS or len(times) >= MOST_PACKETS:
                break
        known = sorted(set(times))[REORDERED_PACKETS:-REORDERED_PACKETS]
        gaps = [after - before for before, after in pairwise(known)]
        if gaps and _is_suspect(gaps, frame_seconds):
            return True
    return False


def _is_suspect(gaps: Sequence[float], usual: float) -> bool:
    irregular = sum(_is_irregular(gap, usual) for gap in gaps)
    return irregular > SUSPECT_FRAMES_SHARE * len(gaps) or max(gaps) > max(HOLD_SECONDS, 2 * usual)


def _is_irregular(gap: float, usual: float) -> bool:
    return abs(gap - usual) > IRREGULAR_SHARE * usual


def varied(pts: Sequence[int], tick_seconds: float) -> tuple[int, ...] | None:
    """Return the timestamps of a film's frames in ticks, ascending; None if the rate is constant.

    `pts` are those of all packets, in the order of the file. None too if they begin again in the middle.
    """
    highest = pts[0] if pts else 0
    for each in pts:
        if (highest - each) * tick_seconds > JUMP_SECONDS:
            return None
        highest = max(highest, each)
    known = tuple(sorted(set(pts)))
    gaps = [(after - before) * tick_seconds for before, after in pairwise(known)]
    if len(known) < LEAST_FRAMES:
        return None
    usual = statistics.median(gaps)
    irregular = [gap for gap in gaps if _is_irregular(gap, usual)]
    held = sum(gap - usual for gap in irregular if gap > usual)
    is_varied = len(irregular) > VARIED_FRAMES_SHARE * len(gaps) or held > HELD_TIME_SHARE * sum(gaps)
    return known if is_varied and irregular else None
