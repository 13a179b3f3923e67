"""How small a frame may be: in one of the least size, every digit has room in every pose.

Nothing here decides a pixel: it decides whether a configuration is refused.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.pool import DigitPool
from tui_gen.jobs.videomnist.model import CLASSES, SPLITS, TILE, VideoSettings
from tui_gen.jobs.videomnist.motion.box import GAP, margin_pixels
from tui_gen.jobs.videomnist.motion.poses import tile_side
from tui_gen.jobs.videomnist.render.tiles import shrunk

AT_ONCE = 4096
"""Images that are looked at together: 3 MB of them."""


def no_room(settings: VideoSettings, pool: DigitPool) -> str | None:
    """Return why frames are too small for the digits of `pool`, with the least size, or None."""
    least = least_size(settings, pool)
    if settings.image_size >= least:
        return None
    return (
        f"frames of {settings.image_size} pixels have no room for the digits: with this digit_size, margin, "
        f"rotation and scaling image_size must be at least {least}"
    )


def least_size(settings: VideoSettings, pool: DigitPool) -> int:
    """Return the least side of a frame, in pixels, in which every digit of `pool` has room in every pose.

    A digit needs the sum of the furthest that it reaches to two opposite sides. In a short video it may
    need less, since a pose between two frames counts here as well.
    """
    reached = _furthest(settings)
    needed = max(
        _widest(pool.outermost(split, digit), reached, tile_side(settings))
        for split in SPLITS
        for digit in range(CLASSES)
    )
    return math.ceil(needed + 2 * (margin_pixels(settings) + GAP))


def _furthest(settings: VideoSettings) -> NDArray[np.float64]:
    """Return how far a pixel of the tile reaches to the left, up, right and down in any pose, [4, n * n].

    A point at (x, y) from the centre reaches x cos a + y sin a to the right after a turn by a; that is most
    where the turn brings it straight to the right, or at the greatest angle where no turn does.
    """
    side = tile_side(settings)
    places = np.arange(side) - (side - 1) / 2
    x, y = np.meshgrid(places, places)
    right = np.full((side, side), -np.inf)
    for corner_x in (x - 1, x + 1):
        for corner_y in (y - 1, y + 1):
            right = np.maximum(right, _projected(corner_x, corner_y, math.radians(settings.rotation)))
    largest = settings.digit_size / side * (1 + settings.scaling)
    return largest * np.stack([np.rot90(right, turns).reshape(-1) for turns in (2, 1, 0, 3)])


def _projected(x: NDArray[np.float64], y: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    away = np.hypot(x, y)
    at_most = x * math.cos(angle) + np.abs(y) * math.sin(angle)
    return np.where(x >= away * math.cos(angle), away, at_most)


def _widest(images: NDArray[np.uint8], reached: NDArray[np.float64], side: int) -> float:
    """Return the most that an image of [n, 28, 28] needs from border to border, in pixels."""
    orders = [(np.argsort(-along, kind="stable"), along) for along in reached]
    most = 0.0
    for first in range(0, len(images), AT_ONCE):
        part = images[first : first + AT_ONCE]
        tiles = part if side == TILE else np.stack([shrunk(image, side) for image in part])
        ink = tiles.reshape(len(tiles), -1) > 0
        ink = ink[ink.any(axis=1)]
        left, up, right, down = (along[order][ink[:, order].argmax(axis=1)] for order, along in orders)
        most = max(most, float((left + right).max(initial=0)), float((up + down).max(initial=0)))
    return most
