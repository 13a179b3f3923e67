"""Digits that are drawn: as many as one asks for, without any file.

    skeleton -> control points moved a little -> spline -> slant, width -> 20 px -> pen -> centred by mass

Invariant: only operations that IEEE 754 defines exactly, so an image has the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import TILE, Split
from tui_gen.jobs.videomnist.motion.draws import between, draws

Points = NDArray[np.float64]  # [n, 2], x to the right and y down

INK_BOX = 20
"""MNIST scales each digit to fit into 20x20 pixels and then centres it by its mass in 28x28."""
MIDDLE = (TILE - INK_BOX) // 2
FURTHEST = 3
"""The ink box is moved off the tile's middle by as many pixels at most; none drawn so far needed more."""
MOVED = 0.045
"""Each control point is moved by as much on each axis at most; the skeleton is 1 high."""
SLANT = (-0.15, 0.35)
WIDTH = (0.8, 1.1)
PEN = (2.0, 3.5)  # pixels
STEPS = 8
"""Straight pieces between two control points."""

Stroke = tuple[tuple[float, float], ...]
SKELETONS: tuple[tuple[Stroke, ...], ...] = (
    (
        ((0.5, 0), (0.76, 0.14), (0.82, 0.5), (0.72, 0.87), (0.46, 1), (0.2, 0.86), (0.14, 0.5), (0.24, 0.14),
         (0.5, 0)),
    ),
    (((0.26, 0.24), (0.5, 0)), ((0.5, 0), (0.5, 0.35), (0.5, 0.7), (0.5, 1))),
    (
        ((0.16, 0.22), (0.32, 0.03), (0.62, 0.02), (0.78, 0.22), (0.64, 0.5), (0.34, 0.8), (0.12, 0.98)),
        ((0.12, 0.98), (0.5, 0.94), (0.88, 0.98)),
    ),
    (
        ((0.2, 0.12), (0.46, 0), (0.74, 0.1), (0.72, 0.34), (0.42, 0.47)),
        ((0.42, 0.47), (0.76, 0.56), (0.82, 0.82), (0.52, 1), (0.16, 0.9)),
    ),
    (
        ((0.24, 0.02), (0.16, 0.3), (0.15, 0.56), (0.5, 0.57), (0.86, 0.53)),
        ((0.74, 0.08), (0.7, 0.5), (0.66, 1)),
    ),
    (
        ((0.82, 0.02), (0.54, 0.02), (0.28, 0.04)),
        ((0.28, 0.04), (0.25, 0.22), (0.22, 0.44)),
        ((0.22, 0.44), (0.52, 0.38), (0.8, 0.56), (0.74, 0.88), (0.44, 1), (0.14, 0.92)),
    ),
    (
        ((0.66, 0), (0.4, 0.2), (0.22, 0.52), (0.2, 0.82), (0.44, 1), (0.74, 0.88), (0.74, 0.64),
         (0.48, 0.55), (0.24, 0.72)),
    ),
    (
        ((0.14, 0.07), (0.5, 0.04), (0.86, 0.05)),
        ((0.86, 0.05), (0.66, 0.4), (0.48, 0.7), (0.4, 1)),
    ),
    (
        ((0.72, 0.14), (0.48, 0), (0.24, 0.16), (0.34, 0.37), (0.62, 0.55), (0.76, 0.8), (0.48, 1),
         (0.22, 0.82), (0.36, 0.56), (0.66, 0.36), (0.72, 0.14)),
    ),
    (
        ((0.76, 0.2), (0.5, 0.01), (0.24, 0.18), (0.28, 0.44), (0.54, 0.5), (0.76, 0.26)),
        ((0.76, 0.2), (0.74, 0.5), (0.68, 0.8), (0.56, 1)),
    ),
)  # fmt: skip
"""The strokes of each class through their control points; a stroke begins anew where there is a corner."""


@dataclass(frozen=True, slots=True)
class DrawnDigits:
    """A pool without end. The images of the splits have nothing in common but the skeletons."""

    seed: int

    @property
    def description(self) -> str:
        """What the file says of the digits."""
        return "drawn"

    @property
    def sha256(self) -> str:
        """Hash of all that decides the images."""
        decides = (self.seed, INK_BOX, MOVED, SLANT, WIDTH, PEN, STEPS, SKELETONS)
        return sha256(repr(decides).encode()).hexdigest()

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing beyond the description."""
        return ()

    def count(self, split: Split, digit: int) -> None:
        """There is no end to them."""

    def outermost(self, split: Split, digit: int) -> NDArray[np.uint8]:  # noqa: ARG002 - the same for all
        """Return full ink boxes in the corners of where they may be, [4, 28, 28]."""
        full = np.full((INK_BOX, INK_BOX), 255, np.uint8)
        ends = (MIDDLE - FURTHEST, MIDDLE + FURTHEST)
        return np.stack([_in_tile(full, left, top) for left in ends for top in ends])

    def image(self, split: Split, digit: int, number: int) -> NDArray[np.uint8]:
        """Draw an image, [28, 28], u8."""
        chance = draws(self.seed, "drawn", split, digit, number)
        strokes = _strokes(chance, SKELETONS[digit])
        return _centred(_ink(strokes, between(chance, *PEN)))


def _strokes(chance: Random, skeleton: Sequence[Stroke]) -> list[Points]:
    """Draw the middle lines of the pen. Corners move alike in the strokes that they belong to."""
    slant, width = between(chance, *SLANT), between(chance, *WIDTH)
    moved: dict[tuple[float, float], tuple[float, float]] = {}
    for point in (point for stroke in skeleton for point in stroke):
        if point not in moved:
            x = point[0] + between(chance, -MOVED, MOVED)
            y = point[1] + between(chance, -MOVED, MOVED)
            moved[point] = (width * x - slant * y, y)
    return [_spline(np.array([moved[point] for point in stroke])) for stroke in skeleton]


def _spline(points: Points) -> Points:
    """Return Catmull and Rom's spline through `points`, [STEPS * (n - 1) + 1, 2]."""
    around = np.concatenate([points[:1], points, points[-1:]])
    a, b, c, d = (around[first : len(around) - 3 + first, None] for first in range(4))
    t = (np.arange(STEPS) / STEPS)[:, None]
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * (t * t) + (3 * b - a - 3 * c + d) * (t * t * t)
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def _ink(strokes: Sequence[Points], pen: float) -> NDArray[np.uint8]:
    """Draw with a round pen `pen` pixels wide, as large as fits into the ink box, [20, 20].

    A pixel is as bright as it is near: full where the line's edge is half a pixel beyond its centre.
    """
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = (INK_BOX - pen - 1) / float((high - low).max())
    middle = (low + high) / 2
    placed = [(stroke - middle) * scale + INK_BOX / 2 for stroke in strokes]
    starts = np.concatenate([stroke[:-1] for stroke in placed])
    pieces = np.concatenate([stroke[1:] - stroke[:-1] for stroke in placed])
    nearest = np.sqrt(_squared_distances(starts, pieces).min(axis=0))
    bright = np.clip(pen / 2 + 0.5 - nearest, 0, 1)
    grey: NDArray[np.uint8] = np.rint(255 * bright).astype(np.uint8)
    return grey.reshape(INK_BOX, INK_BOX)


def _squared_distances(starts: Points, pieces: Points) -> NDArray[np.float64]:
    """Return the squared distance of each pixel's centre from each straight piece, [n, 400]."""
    centres = np.arange(INK_BOX) + 0.5
    x = np.tile(centres, INK_BOX) - starts[:, :1]
    y = np.repeat(centres, INK_BOX) - starts[:, 1:]
    across, down = pieces[:, :1], pieces[:, 1:]
    length = across * across + down * down
    share = np.clip((x * across + y * down) / np.where(length > 0, length, 1), 0, 1)
    x -= share * across
    y -= share * down
    result: NDArray[np.float64] = x * x + y * y
    return result


def _centred(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put the ink box into a tile so that the centre of mass is within half a pixel of the tile's centre."""
    mass = ink.astype(np.int64)
    places = 2 * np.arange(INK_BOX) + 1  # centres of pixels, in half pixels
    total = int(mass.sum())
    left, top = (_nearest_offset(int((mass.sum(axis=axis) * places).sum()), total) for axis in (0, 1))
    return _in_tile(ink, left, top)


def _in_tile(ink: NDArray[np.uint8], left: int, top: int) -> NDArray[np.uint8]:
    tile = np.zeros((TILE, TILE), np.uint8)
    tile[top : top + INK_BOX, left : left + INK_BOX] = ink
    return tile


def _nearest_offset(moment: int, total: int) -> int:
    """Return TILE / 2 - moment / (2 * total), rounded and kept within what `outermost` promises."""
    offset = (TILE * total - moment + total) // (2 * total)
    return min(max(offset, MIDDLE - FURTHEST), MIDDLE + FURTHEST)
