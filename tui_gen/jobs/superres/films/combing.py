"""Measures whether the two fields of a frame show different moments: combing, and which field is first. Pure.

    time      0    0.5   1    1.5   2    2.5          interlaced, top field first
    before    T0   B0                                 T1 is as near to B0 as to B1, and farther from B2
    now                  T1   B1
    after                            T2   B2          progressive: T1 fits B1 best, and B0 and B2 alike

A comb is the second difference of three neighbouring lines of which the middle one is of the other field
(as in ffmpeg's idet). Unlike idet, lines of both fields are compared with both neighbouring frames, so that a
cut or a beginning motion weighs the same for both orders; and a place counts only where its frame is combed
itself, so that fine stripes are not combing. No single place decides: see `judged`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["tff", "bff", "progressive"]
COMBED: frozenset[Order | None] = frozenset({"tff", "bff"})
Plane = NDArray[np.uint8] | NDArray[np.uint16]

# Levels are 0..255 for every bit depth.
BLOCK_LINES = 16
BLOCK_COLUMNS = 8
COLUMNS = 256
"""About this number of evenly spaced columns is measured: fields differ along whole lines."""
COMB_RATIO = 1.5
COMB_LEVELS = 4.0
"""A block is combed if its comb exceeds 1.5 times the same difference within a field by 4 levels."""
SUSPECT_SHARE = 0.004
"""The share of combed blocks from which on the neighbouring frames have to be compared too."""
MOTION_LEVELS = 3.0
MOTION_SHARE = 0.004
COMBED_SHARE = 0.01
"""The share of combed blocks among the moving ones in an interlaced frame."""
ORDER_RATIO = 1.2
"""How much more the combs of one order are than those of the other. Without combed blocks it proves nothing:
patterns of lines that move up or down differ by half."""
PROGRESSIVE_RATIO = 0.8

LEAST_PLACES = 3
SAME_ORDER_SHARE = 0.8
PARTS_SHARE = 0.1
WHOLE_SHARE = 0.7


def is_suspect(luma: Plane, *, depth: int = 8) -> bool:
    """Return whether a frame, (height, width) of `depth` bits, may be combed: by its own lines alone."""
    lines = _lines(luma, depth)
    return bool(len(lines)) and _is_combed(lines).mean() >= SUSPECT_SHARE


def order_of(frames: Sequence[Plane] | Plane, *, depth: int = 8) -> Order | None:
    """Return the order of the fields of the middle one of three consecutive frames; None without motion."""
    before, now, after = (_lines(frame, depth) for frame in frames)
    if not len(now):
        return None
    motion = np.maximum(_blocks(np.abs(now - before)[2:-2]), _blocks(np.abs(after - now)[2:-2]))
    moving = motion >= MOTION_LEVELS
    if moving.mean() < MOTION_SHARE:
        return None
    # Lines of one field of `now`, between lines of the other field of another frame.
    with_before, with_after = _across(now, before), _across(now, after)
    first, second = _every_other(moving, with_before, with_after)
    own = float(_blocks(_across(now, now))[moving].sum())
    if _is_combed(now)[moving].mean() >= COMBED_SHARE:
        if second > ORDER_RATIO * first:
            return "tff"
        if first > ORDER_RATIO * second:
            return "bff"
    if max(first, second) > ORDER_RATIO * min(first, second):
        return None
    return "progressive" if own < PROGRESSIVE_RATIO * (first + second) / 2 else None


def is_clip_combed(frames: Sequence[Plane] | Plane, *, depth: int) -> bool:
    """Return whether any of the frames of a clip, (n, height, width) or `sampled` ones, is interlaced."""
    return any(
        order_of(frames[first : first + 3], depth=depth) in COMBED for first in range(0, len(frames) - 2, 2)
    )


@dataclass(frozen=True, slots=True)
class Fields:
    """What many places of a film say together."""

    order: Literal["tff", "bff"] | None = None  # None: not interlaced
    is_in_parts: bool = False  # some places are interlaced and others are not
    is_known: bool = False  # False: too few places move


def judged(orders: Sequence[Order | None]) -> Fields:
    """Return what the orders at many places mean for the film; places without motion say nothing."""
    tff, bff = orders.count("tff"), orders.count("bff")
    combed, told = max(tff, bff), tff + bff + orders.count("progressive")
    if told < LEAST_PLACES:
        return Fields()
    is_agreed = combed >= max(LEAST_PLACES, SAME_ORDER_SHARE * (tff + bff))
    if not is_agreed or combed < PARTS_SHARE * told:
        return Fields(is_known=True)
    order: Literal["tff", "bff"] = "tff" if tff >= bff else "bff"
    return Fields(order, is_in_parts=combed < WHOLE_SHARE * told, is_known=True)


def sampled(luma: Plane) -> Plane:
    """Return a copy of the part of a frame that is measured; the part of this part is the same again."""
    height, width = luma.shape
    step = max(1, width // COLUMNS)
    rows = (height - 4) // BLOCK_LINES * BLOCK_LINES
    columns = width // (step * BLOCK_COLUMNS) * BLOCK_COLUMNS
    if rows <= 0 or columns <= 0:
        return luma[:0, :0].copy()
    return luma[: rows + 4, : columns * step : step].copy()


def _lines(luma: Plane, depth: int) -> NDArray[np.float32]:
    """Return some columns in levels of 8 bits, whole blocks only, with two lines at both ends."""
    part = sampled(luma).astype(np.float32)
    part /= np.float32(2.0 ** (depth - 8))
    return part


def _across(lines: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each line its second difference with the lines above and below it in another frame."""
    found: NDArray[np.float32] = np.abs(others[1:-3] + others[3:-1] - 2 * lines[2:-2]) / 2
    return found


def _is_combed(lines: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which blocks are combed: its lines differ from their neighbours, not from the next but one."""
    within = np.abs(lines[:-4] + lines[4:] - 2 * lines[2:-2]) / 2
    combed: NDArray[np.bool_] = _blocks(_across(lines, lines)) > COMB_RATIO * _blocks(within) + COMB_LEVELS
    return combed


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of blocks."""
    rows, columns = values.shape[0] // BLOCK_LINES, values.shape[1] // BLOCK_COLUMNS
    found: NDArray[np.float32] = values.reshape(rows, BLOCK_LINES, columns, BLOCK_COLUMNS).mean(axis=(1, 3))
    return found


def _every_other(
    moving: NDArray[np.bool_], with_before: NDArray[np.float32], with_after: NDArray[np.float32]
) -> tuple[float, float]:
    """Return the combs if the top field is first, and those if the bottom field is first.

    The first line of the arrays is a line of the top field, since two lines were left out above it.
    """
    top_first, bottom_first = np.empty_like(with_before), np.empty_like(with_before)
    top_first[::2], top_first[1::2] = with_before[::2], with_after[1::2]
    bottom_first[::2], bottom_first[1::2] = with_after[::2], with_before[1::2]
    return float(_blocks(top_first)[moving].sum()), float(_blocks(bottom_first)[moving].sum())
