"""Finds black bars: what one frame says of them, and what bright frames all over the film agree on. Pure.

A bar is flat, dark and ends in a sharp edge. Depths count upright stored lines, exact to the line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.geometry import Region, Size

ENOUGH_VOTES = 12
ENOUGH_AGREEING = 3
ENOUGH_SHARE = 0.05
AGREEMENT_LINES = 4
INSET_LINES = 4

# Levels are 0..255, whatever the bit depth.
BRIGHT_LEVEL = 40.0  # the brighter half of the lines, on average
DARK_LEVEL = 36.0
FLAT_DEVIATION = 3.0
FLAT_DRIFT = 2.5  # of one line's mean from the outermost line's
EDGE_STEP = 8.0
EDGE_LINES = 2
DEEPEST_SHARE = 0.4  # of the side; deeper is a dark scene

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bars:
    """How many lines each bar of one frame takes."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


def vote(luma: Plane) -> Bars | None:
    """Return the bars of one frame, (height, width) at 0..255, or None where it is too dark to tell."""
    rows = luma.mean(axis=1)
    if float(np.sort(rows)[len(rows) // 2 :].mean()) < BRIGHT_LEVEL:
        return None
    row_deviations = luma.std(axis=1)
    top, bottom = _depth(rows, row_deviations), _depth(rows[::-1], row_deviations[::-1])
    # Lines inside the bars would only dilute what the columns say.
    inside = luma[top : luma.shape[0] - bottom]
    columns, deviations = inside.mean(axis=0), inside.std(axis=0)
    return Bars(top, bottom, _depth(columns, deviations), _depth(columns[::-1], deviations[::-1]))


def _depth(means: NDArray[np.float32], deviations: NDArray[np.float32]) -> int:
    """Return how many lines from the rim form a bar; 0 where what is dark there is not one."""
    is_bar = (means <= DARK_LEVEL) & (deviations <= FLAT_DEVIATION) & (np.abs(means - means[0]) <= FLAT_DRIFT)
    depth = len(means) if is_bar.all() else int(np.argmin(is_bar))
    if not depth or depth > DEEPEST_SHARE * len(means):
        return 0
    # A sharp edge: within a few lines the picture is there. A scene that fades into black has none.
    beyond = slice(depth, depth + EDGE_LINES)
    step = float(np.max(means[beyond]) - np.mean(means[:depth]))
    contrast = float(np.max(deviations[beyond]) - np.mean(deviations[:depth]))
    return depth if max(step, contrast) >= EDGE_STEP else 0


def picture_inside(votes: Sequence[Bars], frame: Size) -> Region:
    """Return what no bar ever covers: the intersection of all bars on which enough frames agree."""
    if len(votes) < ENOUGH_VOTES:
        return Region(0, 0, frame.width, frame.height)
    left, right = _agreed([bars.left for bars in votes]), _agreed([bars.right for bars in votes])
    top, bottom = _agreed([bars.top for bars in votes]), _agreed([bars.bottom for bars in votes])
    return Region(left, top, frame.width - left - right, frame.height - top - bottom)


def _agreed(depths: Sequence[int]) -> int:
    """Return the deepest bar that enough frames agree on, inset, or 0."""
    enough = max(ENOUGH_AGREEING, math.ceil(ENOUGH_SHARE * len(depths)))
    for depth in sorted(set(depths) - {0}, reverse=True):
        agreeing = sum(depth - AGREEMENT_LINES <= other <= depth for other in depths if other)
        if agreeing >= enough:
            return depth + INSET_LINES
    return 0
