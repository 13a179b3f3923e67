"""Finds bars: each bright frame votes, and the bars are the depths that enough votes agree on. Pure.

A bar ends in a sharp edge. There are two kinds of evidence; the deeper bar counts.

    black     flat and dark to the last pixel: a few frames that agree are enough
    steady    of one level along most of each line, even with noise, a logo or subtitles in it, or not dark
              (padding of a bad encode): most frames have to agree on its depth and its level

A depth is a number of lines of the upright stored picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.geometry import Region, Size

ENOUGH_VOTES = 12
ENOUGH_AGREEING = 3
ENOUGH_SHARE = 0.05
AGREEMENT_LINES = 4
INSET_LINES = 4
WIDE_ASPECT = 2.2
"""Width by height from which on a picture is wide: that of 70 mm film. Wider shapes are 2.35 to 2.4."""

# Levels are 0..255 for every bit depth.
BRIGHT_LEVEL = 40.0  # least mean of the brighter half of the lines
DARK_LEVEL = 36.0
FLAT_DEVIATION = 3.0
FLAT_DRIFT = 2.5  # of one line's mean from the outermost line's mean
EDGE_STEP = 8.0
EDGE_LINES = 2
DEEPEST_SHARE = 0.4  # of the side; a deeper dark region is a dark scene

STEADY_BLOCKS = 32
"""The number of blocks along a line: the mean of a block has less noise than a pixel."""
STEADY_LEVELS = 4.0
STEADY_SHARE, STEADY_DARK_SHARE = 0.95, 0.6
OUTERMOST_DARK_LINES = 8
"""A line is steady if 95 % of its blocks are within 4 levels of their median. In a dark bar 60 % are enough:
a logo or subtitles may cover the rest, but not in the mean of its outermost lines."""
STEADY_DARK_LEVEL = 48.0
STEADY_DRIFT = 3.0  # of one line's median from that of the outermost lines
STEADY_EDGE_SHARE, STEADY_DARK_EDGE_SHARE = 0.75, 0.4  # of the blocks beyond the bar differ by EDGE_STEP
DEEPEST_PADDING = 16
"""The most lines of padding that is not dark: a macroblock. A deeper flat region is a part of the picture."""
STEADY_AGREEING_SHARE = 0.7
LEAST_STEADY_LINES = 2

Plane = NDArray[np.float32] | NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Steady:
    """The lines of one level at one side of a frame."""

    depth: int
    level: float


@dataclass(frozen=True, slots=True)
class Bars:
    """The depth of each bar of one frame, in lines."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    steady: tuple[Steady, ...] = field(default=(), compare=False)  # of the same four sides


def vote(luma: Plane, *, depth: int = 8) -> Bars | None:
    """Return the bars of one frame, or None if it is too dark. `luma` is (height, width) of `depth` bits."""
    scale = 2.0 ** (depth - 8)
    rows = luma.mean(axis=1, dtype=np.float32) / scale
    if float(np.sort(rows)[len(rows) // 2 :].mean()) < BRIGHT_LEVEL:
        return None
    top, bottom = _depth(rows, luma, scale), _depth(rows[::-1], luma[::-1], scale)
    above, below = _steady(luma, scale), _steady(luma[::-1], scale)
    # Measure the columns without the bars above and below, which would only weaken the measure.
    inside = luma[top : luma.shape[0] - bottom].T
    columns = inside.mean(axis=1, dtype=np.float32) / scale
    between = luma[max(top, above.depth) : luma.shape[0] - max(bottom, below.depth)].T
    return Bars(
        top,
        bottom,
        _depth(columns, inside, scale),
        _depth(columns[::-1], inside[::-1], scale),
        (above, below, _steady(between, scale), _steady(between[::-1], scale)),
    )


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


def _steady(lines: Plane, scale: float) -> Steady:
    """Return the lines from the edge that are of one level along most of their length, up to a sharp edge."""
    near = int(DEEPEST_SHARE * len(lines)) + 1
    outermost = _block_means(lines[:LEAST_STEADY_LINES], scale)
    level = float(np.median(outermost))
    is_dark = level <= STEADY_DARK_LEVEL
    if is_dark:  # the mean of several lines has less noise
        outermost = _block_means(lines[:OUTERMOST_DARK_LINES], scale).mean(axis=0, keepdims=True)
    if len(lines) <= near + EDGE_LINES or not _are_steady(outermost, level, STEADY_SHARE).all():
        return Steady(0, level)  # most pictures are not steady to the edge
    blocks = _block_means(lines[: near + EDGE_LINES], scale)
    depth = _leading(_are_steady(blocks[:near], level, STEADY_DARK_SHARE if is_dark else STEADY_SHARE))
    beyond = np.abs(blocks[depth : depth + EDGE_LINES] - level).max(axis=0) >= EDGE_STEP
    has_edge = float(beyond.mean()) >= (STEADY_DARK_EDGE_SHARE if is_dark else STEADY_EDGE_SHARE)
    has_edge &= depth < near and (is_dark or depth <= DEEPEST_PADDING)
    return Steady(depth if has_edge else 0, level)


def _block_means(lines: Plane, scale: float) -> NDArray[np.float32]:
    """Return the means of blocks along lines, (lines, blocks), in levels of 8 bits."""
    width = max(1, lines.shape[1] // STEADY_BLOCKS)
    count = lines.shape[1] // width
    blocks = lines[:, : count * width].reshape(len(lines), count, width)
    means: NDArray[np.float32] = blocks.mean(axis=2, dtype=np.float32) / np.float32(scale)
    return means


def _are_steady(blocks: NDArray[np.float32], level: float, least: float) -> NDArray[np.bool_]:
    """Return which lines have at least a share of blocks of one level, near the level of the bar."""
    middles = np.median(blocks, axis=1, keepdims=True)
    shares = (np.abs(blocks - middles) <= STEADY_LEVELS).mean(axis=1)
    steady: NDArray[np.bool_] = (shares >= least) & (np.abs(middles[:, 0] - level) <= STEADY_DRIFT)
    return steady


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
    sides = zip(*map(bars_of, told), strict=True)
    return all(max(depths) - min(depths) <= AGREEMENT_LINES for depths in sides)


def are_wide(votes: Sequence[Bars], frame: Size) -> bool:
    """Return whether by all votes the picture without the bars is of a wide shape, with none at the sides.

    In a film with parts of several shapes the deepest bars count, and those above and below are deepest in
    the widest parts. So parts of other shapes do not change the result, unless they have bars at the sides.
    """
    return bool(votes) and all(
        frame.width >= WIDE_ASPECT * (frame.height - bars.top - bars.bottom)
        and max(bars.left, bars.right) <= AGREEMENT_LINES
        for bars in votes
    )


def is_plain(bars: Bars) -> bool:
    """Return whether the steady lines of a vote are those of its black bars, or none: no doubtful padding."""
    return all(
        steady.depth < LEAST_STEADY_LINES or abs(steady.depth - depth) <= AGREEMENT_LINES
        for steady, depth in zip(bars.steady, bars_of(bars), strict=False)
    )


def picture_inside(votes: Sequence[Bars], frame: Size, *, enough_votes: int = ENOUGH_VOTES) -> Region:
    """Return the region without bars: the frame without the deepest bars that enough votes agree on."""
    if len(votes) < enough_votes:
        return Region(0, 0, frame.width, frame.height)
    top, bottom, left, right = (
        max(_agreed([bars_of(bars)[side] for bars in votes]), _lasting(votes, side)) for side in range(4)
    )
    return Region(left, top, frame.width - left - right, frame.height - top - bottom)


def bars_from_json(entries: Mapping[str, Any]) -> Bars:
    """Return a vote from its JSON form, that of `dataclasses.asdict`."""
    return Bars(**{**entries, "steady": tuple(Steady(**steady) for steady in entries["steady"])})


def bars_of(bars: Bars) -> tuple[int, int, int, int]:
    """Return the depths of the black bars: top, bottom, left and right."""
    return bars.top, bars.bottom, bars.left, bars.right


def _lasting(votes: Sequence[Bars], side: int) -> int:
    """Return the depth of steady lines on which most frames agree, plus an inset, or 0."""
    found = [bars.steady[side] for bars in votes if bars.steady]
    deep = [steady for steady in found if steady.depth >= LEAST_STEADY_LINES]
    if len(deep) < STEADY_AGREEING_SHARE * len(votes):
        return 0
    depth = float(np.median([steady.depth for steady in deep]))
    level = float(np.median([steady.level for steady in deep]))
    agreeing = [
        steady.depth
        for steady in deep
        if abs(steady.depth - depth) <= AGREEMENT_LINES and abs(steady.level - level) <= STEADY_DRIFT
    ]
    is_agreed = len(agreeing) >= STEADY_AGREEING_SHARE * len(votes)
    return max(agreeing) + INSET_LINES if is_agreed else 0


def _agreed(depths: Sequence[int]) -> int:
    """Return the deepest bar that enough frames agree on, plus an inset, or 0."""
    enough = max(ENOUGH_AGREEING, math.ceil(ENOUGH_SHARE * len(depths)))
    for depth in sorted(set(depths) - {0}, reverse=True):
        agreeing = sum(depth - AGREEMENT_LINES <= other <= depth for other in depths if other)
        if agreeing >= enough:
            return depth + INSET_LINES
    return 0
