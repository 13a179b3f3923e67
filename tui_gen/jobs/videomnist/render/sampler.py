"""Turns, scales and places tiles: bilinear, in integers alone, so the bytes are the same on every machine.

Positions are whole numbers of 1/256 pixel, places in the tile of 1/65536, weights of 1/256. A window is
as much of a frame as holds the digit; the windows of many videos are sampled in one go.
Invariant: a sample is above zero only where it lies less than a pixel from ink on both axes of the tile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.motion.poses import Pose
from tui_gen.jobs.videomnist.render.tiles import FRAME

POSITION = 256
"""Positions in the frame are multiples of 1/256 pixel: so they are in the file, where float32 holds them."""
HALF_POSITION_BITS = 9
PLACE_BITS = 16
MATRIX_BITS = 32
BLOCK_PIXELS = 1 << 17
"""As many samples are computed at a time: what they need stays within 4 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """W windows of one size that are sampled from tables of one size."""

    tables: NDArray[np.uint32]  # [tables, n + 3, n + 3], from `packed`
    table: NDArray[np.int64]  # [W]: which of them
    matrices: NDArray[np.int64]  # [W, 2], cosine and sine over scale, in 1 / 2^32
    centres: NDArray[np.int64]  # [W, 2], x and y in the frame, in 1/256 pixel
    corners: NDArray[np.int64]  # [W, 2], x and y of the first pixel, in the frame
    height: int
    width: int


def inverse_matrices(pose: Pose) -> NDArray[np.int64]:
    """Return cosine and sine over scale of each frame in 1 / 2^32, [F, 2]: from the frame to the tile."""
    both = np.stack([pose.cosines / pose.scales, pose.sines / pose.scales], axis=1)
    return np.rint(both * (1 << MATRIX_BITS)).astype(np.int64)


def sample(windows: Windows) -> NDArray[np.uint8]:
    """Return the pixels of the windows, [W, height, width]."""
    pixels = np.empty((len(windows.table), windows.height, windows.width), np.uint8)
    step = max(1, BLOCK_PIXELS // (windows.height * windows.width))
    for first in range(0, len(pixels), step):
        part = slice(first, first + step)
        pixels[part] = _bilinear(windows, part)
    return pixels


def _bilinear(windows: Windows, part: slice) -> NDArray[np.uint32]:
    """Mix four neighbours for each pixel. Two of them at a time: in the halves of one word.

    The first mix is at most 255 * 256 and fits into 16 bits, the second into 24.
    """
    x, y = _places(windows, part)
    side = windows.tables.shape[1]
    at = (y >> PLACE_BITS) * side + (x >> PLACE_BITS)
    at += (windows.table[part] * side * side).astype(np.int32)[:, None, None]
    four = windows.tables.reshape(-1).take(at)
    right = ((x >> 8) & 255).astype(np.uint32)
    down = ((y >> 8) & 255).astype(np.uint32)
    two = (four & 0x00FF00FF) * (256 - right) + (four >> 8 & 0x00FF00FF) * right
    one = (two & 0xFFFF) * (256 - down) + (two >> 16) * down
    mixed: NDArray[np.uint32] = (one + 0x8000) >> 16
    return mixed


def _places(windows: Windows, part: slice) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return x and y in the table of each pixel's upper left neighbour, in 1/65536, [W, height, width].

    tile x = (cosine * x - sine * y) / scale, tile y = (sine * x + cosine * y) / scale; x and y from the
    digit's centre to the pixel's, which lies half a pixel from its corner: in 1/512 pixel, all whole.
    """
    corners, centres = windows.corners[part], windows.centres[part]
    x = (2 * POSITION * (corners[:, :1] + np.arange(windows.width)) + POSITION) - 2 * centres[:, :1]
    y = (2 * POSITION * (corners[:, 1:] + np.arange(windows.height)) + POSITION) - 2 * centres[:, 1:]
    cosine, sine = windows.matrices[part, :1], windows.matrices[part, 1:]
    side = windows.tables.shape[1]
    return (
        _sum_of(_shifted(cosine * x), _shifted(-sine * y), side),
        _sum_of(_shifted(sine * x), _shifted(cosine * y), side),
    )


def _shifted(product: NDArray[np.int64]) -> NDArray[np.int32]:
    """From 1/512 times 1 / 2^32 to 1/65536; what a table cannot hold is far outside it on either side."""
    places = product >> (HALF_POSITION_BITS + MATRIX_BITS - PLACE_BITS)
    most = 1 << 29
    result: NDArray[np.int32] = np.clip(places, -most, most).astype(np.int32)
    return result


def _sum_of(across: NDArray[np.int32], down: NDArray[np.int32], side: int) -> NDArray[np.int32]:
    """Add what x and y contribute, and move the origin from the tile's centre to the table's corner."""
    tile = side + 1 - 2 * FRAME
    origin = ((tile - 1) << (PLACE_BITS - 1)) + (FRAME << PLACE_BITS)
    total: NDArray[np.int32] = (across + np.int32(origin))[:, None, :] + down[:, :, None]
    np.clip(total, 0, (side - 1) << PLACE_BITS, out=total)
    return total
