"""Finds black bars: each bright frame votes, and the bars are the depths that enough votes agree on. Pure.

A bar is flat, dark and ends in a sharp edge. A depth is a number of lines of the upright stored picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.geometry import Region, Size

ENOUGH_VOTES = 12
ENOUGH_AGREEING = 3
ENOUGH_SHARE = 0.05
AGREEMENT_LINES = 4
INSET_LINES = 4

# Levels are 0..255 for every bit depth.
BRIGHT_LEVEL = 40.0  # least mean of the brighter half of the lines
DARK_LEVEL = 36.0
FLAT_DEVIATION = 3.0
FLAT_DRIFT = 2.5  # of one line's mean from the outermost line's mean
EDGE_STEP = 8.0
EDGE_LINES = 2
DEEPEST_SHARE = 0.4  # of the side; a deeper dark region is a dark scene

Plane = NDArray[np.float32] | NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Bars:
    """The depth of each bar of one frame, in lines."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


def vote(luma: Plane, *, depth: int = 8) -> Bars | None:
    """Return the bars of one frame, or None if it is too dark. `luma` is (height, width) of `depth` bits."""
    scale = 2.0 ** (depth - 8)
    rows = luma.mean(axis=1, dtype=np.float32) / scale
    if float(np.sort(rows)[len(rows) // 2 :].mean()) < BRIGHT_LEVEL:
        return None
    top, bottom = _depth(rows, luma, scale), _depth(rows[::-1], luma[::-1], scale)
    # Measure the columns without the bars above and below, which would only weaken the measure.
    inside = luma[top : luma.shape[0] - bottom].T
    columns = inside.mean(axis=1, dtype=np.float32) / scale
    return Bars(top, bottom, _depth(columns, inside, scale), _depth(columns[::-1], inside[::-1], scale))


def _depth(means: NDArray[np.float32], lines: Plane, scale: float) -> int:
    """Return how many lines from the edge form a bar; 0 if the dark lines there are not a bar."""
    near = means[: int(DEEPEST_SHARE * len(means)) + 1]
    even = _leading((near <= DARK_LEVEL) & (np.abs(near - near[0]) <= FLAT_DRIFT))
    # Calculate deviations for dark lines only: they are costly, and most pictures are bright to the edge.
    depth = _leading(_deviations(lines[:even], scale) <= FLAT_DEVIATION)
    if not depth or depth == len(near):
        return 0
    # A bar ends in a sharp edge: the picture begins within a few lines. A scene that fades to black has none.
    beyond = slice(depth, depth + EDGE_LINES)
    step = float(np.max(means[beyond]) - np.mean(means[:depth]))
    deviations = _deviations(lines[: beyond.stop], scale)
    contrast = float(np.max(deviations[beyond]) - np.mean(deviations[:depth]))
    return depth if max(step, contrast) >= EDGE_STEP else 0


def _leading(which: NDArray[np.bool_]) -> int:
    """Return how many values are true before the first false value."""
    return len(which) if which.all() else int(np.argmin(which))


def _deviations(lines: Plane, scale: float) -> NDArray[np.float32]:
    found: NDArray[np.float32] = lines.astype(np.float32).std(axis=1) / np.float32(scale)
    return found


def are_alike(votes: Sequence[Bars | None]) -> bool:
    """Return whether every frame voted and all votes agree."""
    told = [vote for vote in votes if vote is not None]
    if len(told) < len(votes):
        return False
    sides = zip(*((bars.top, bars.bottom, bars.left, bars.right) for bars in told), strict=True)
    return all(max(depths) - min(depths) <= AGREEMENT_LINES for depths in sides)


def picture_inside(votes: Sequence[Bars], frame: Size) -> Region:
    """Return the region without bars: the frame without the deepest bars that enough votes agree on."""
    if len(votes) < ENOUGH_VOTES:
        return Region(0, 0, frame.width, frame.height)
    left, right = _agreed([bars.left for bars in votes]), _agreed([bars.right for bars in votes])
    top, bottom = _agreed([bars.top for bars in votes]), _agreed([bars.bottom for bars in votes])
    return Region(left, top, frame.width - left - right, frame.height - top - bottom)


def _agreed(depths: Sequence[int]) -> int:
    """Return the deepest bar that enough frames agree on, plus an inset, or 0."""
    enough = max(ENOUGH_AGREEING, math.ceil(ENOUGH_SHARE * len(depths)))
    for depth in sorted(set(depths) - {0}, reverse=True):
        agreeing = sum(depth - AGREEMENT_LINES <= other <= depth for other in depths if other)
        if agreeing >= enough:
            return depth + INSET_LINES
    return 0
