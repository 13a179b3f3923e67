"""The image of a digit, as the sampler reads it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import TILE

FRAME = 2
"""Empty pixels around a tile in its table: whatever lies further out is moved there."""


def shrunk(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Average the image [28, 28] over areas to [side, side], side at most 28, in integers.

    Each axis is cut into 28 * side parts: 28 of them make a pixel of the result, `side` one of the image.
    """
    if side == TILE:
        return image
    weights = _weights(side)
    total = weights @ image.astype(np.int64) @ weights.T
    return ((total + TILE * TILE // 2) // (TILE * TILE)).astype(np.uint8)


def _weights(side: int) -> NDArray[np.int64]:
    """Return how many parts a pixel of the result (rows) shares with one of the image (columns)."""
    mine, its = np.arange(side)[:, None] * TILE, np.arange(TILE)[None, :] * side
    shared = np.minimum(mine + TILE, its + side) - np.maximum(mine, its)
    result: NDArray[np.int64] = np.maximum(shared, 0)
    return result


def packed(tile: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the table of a tile [n, n]: four neighbours a word, [n + 3, n + 3].

    The word at [y, x] holds, from its lowest byte, the pixels (y - 2, x - 2), the one to the right, the one
    below and the one below to the right; outside the tile they are 0.
    """
    wide = np.zeros((tile.shape[0] + 2 * FRAME, tile.shape[1] + 2 * FRAME), np.uint32)
    wide[FRAME:-FRAME, FRAME:-FRAME] = tile
    upper, lower = wide[:-1], wide[1:]
    words: NDArray[np.uint32] = upper[:, :-1] | upper[:, 1:] << 8 | lower[:, :-1] << 16 | lower[:, 1:] << 24
    return words
