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
"""A distance is irregular if it differs from the usual one by more than this share of it and a tick."""
SUSPECT_FRAMES_SHARE = 0.05
HOLD_SECONDS = 1.0
VARIED_FRAMES_SHARE = 0.01
HELD_TIME_SHARE = 0.02
LEAST_FRAMES = 7
FEW_FRAMES = 1
LEAST_HOLD_SECONDS = 0.25
ROUNDING_SECONDS = 0.0015
"""Matroska rounds timestamps to milliseconds."""
JUMP_SECONDS = 1.0
MOST_REORDERED = 16


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
    irregular = sum(abs(gap - usual) > IRREGULAR_SHARE * usual + ROUNDING_SECONDS for gap in gaps)
    return irregular > SUSPECT_FRAMES_SHARE * len(gaps) or max(gaps) > max(HOLD_SECONDS, 2 * usual)


def varied(pts: Sequence[int], tick_seconds: float) -> tuple[int, ...] | None:
    """Return the timestamps of a film's frames in ticks, ascending; None if the rate is constant.

    `pts` are those of all packets, in the order of the file. None too if they begin again in the middle.
    """
    highest, behind = pts[0] if pts else 0, 0
    for each in pts:
        # Beside a hold, a frame stored before one that is shown earlier is no jump.
        behind = behind + 1 if (highest - each) * tick_seconds > JUMP_SECONDS else 0
        if behind > MOST_REORDERED:
            return None
        highest = max(highest, each)
    known = tuple(sorted(set(pts)))
    gaps = [(after - before) * tick_seconds for before, after in pairwise(known)]
    if len(known) < LEAST_FRAMES:
        return None
    usual = statistics.median(gaps)
    least = IRREGULAR_SHARE * usual + 1.5 * tick_seconds
    irregular = sum(abs(gap - usual) > least for gap in gaps)
    held = sum(gap - usual for gap in gaps if gap - usual > max(least, LEAST_HOLD_SECONDS))
    is_varied = irregular > max(FEW_FRAMES, VARIED_FRAMES_SHARE * len(gaps))
    return known if is_varied or held > HELD_TIME_SHARE * sum(gaps) else None
