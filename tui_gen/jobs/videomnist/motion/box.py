"""Where the centre of a digit may be, so that no ink is ever in the margin.

    m            the margin: whole pixels, at least as many as asked for
    L, R, U, D   how far ink reaches to the left, right, up and down of the tile's centre, in any frame

      0    m                                     S-m   S
      |    |<- L+G ->[x0 ... centre ... x1]<- R+G ->|   |

Positions are continuous: pixel j covers [j, j + 1) and is sampled at j + 1/2.
Invariant: a sample can be above zero only where it lies less than one pixel of the tile from the centre
of a pixel with ink, on both axes of the tile: so much is added to the ink before it is turned and scaled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import VideoSettings
from tui_gen.jobs.videomnist.motion.poses import Pose

GAP = 1 / 64
"""Kept free beside the ink, in pixels of the frame: positions are rounded to 1/256 pixel after this."""


@dataclass(frozen=True, slots=True)
class Box:
    """The places of a tile's centre, in pixels of the frame; both ends belong to it."""

    x0: float
    x1: float
    y0: float
    y1: float

    @property
    def width(self) -> float:
        """How far the centre can go to the side, pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """How far the centre can go up and down, pixels."""
        return self.y1 - self.y0


def margin_pixels(settings: VideoSettings) -> int:
    """Return how many rows and columns at each border stay without ink: the margin, rounded up."""
    return math.ceil(settings.margin)


def ink_outline(tile: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the first and last ink pixel of each row: x and y from the tile's centre, [P, 2], in pixels.

    No other ink reaches further in any direction. `tile` is [n, n] with some ink.
    """
    ink = tile > 0
    rows = np.flatnonzero(ink.any(axis=1))
    first = ink[rows].argmax(axis=1)
    last = tile.shape[1] - 1 - ink[rows, ::-1].argmax(axis=1)
    places = np.stack([np.concatenate([first, last]), np.concatenate([rows, rows])], axis=1)
    return places - (np.array([tile.shape[1], tile.shape[0]]) - 1) / 2


def reach(outline: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
    """Return how far ink reaches to the left, up, right and down of the centre, [4, F], in pixels."""
    x, y = outline[:, 0], outline[:, 1]
    across, along = pose.scales * pose.cosines, pose.scales * pose.sines
    turned_x = across[:, None] * x + along[:, None] * y
    turned_y = across[:, None] * y - along[:, None] * x
    corner = np.abs(across) + np.abs(along)  # of the square of one pixel to each side
    return np.stack(
        [
            corner - turned_x.min(axis=1),
            corner - turned_y.min(axis=1),
            corner + turned_x.max(axis=1),
            corner + turned_y.max(axis=1),
        ]
    )


def room(reached: NDArray[np.float64], settings: VideoSettings) -> Box | None:
    """Return where a digit that reaches `reached` [4, F] may be, or None: the frame is too small."""
    left, up, right, down = (float(most) for most in reached.max(axis=1))
    first = margin_pixels(settings) + GAP
    last = settings.image_size - first
    box = Box(first + left, last - right, first + up, last - down)
    return box if box.width >= 0 and box.height >= 0 else None
