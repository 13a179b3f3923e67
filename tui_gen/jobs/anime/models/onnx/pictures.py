"""Pictures as the published models take them. Pillow resizes them, as it does for the models' publishers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Floats

Kernel = Literal["bilinear", "bicubic"]


def resized(rgb: RGB, size: tuple[int, int], kernel: Kernel) -> RGB:
    """Return a picture of that width and height, whatever its sides were."""
    from PIL import Image

    how = Image.Resampling.BILINEAR if kernel == "bilinear" else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).resize(size, how), np.uint8)


def on_white_square(rgb: RGB) -> RGB:
    """Return a picture in the middle of a white square; an odd pixel of margin is right or below."""
    height, width = rgb.shape[:2]
    side = max(height, width)
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = rgb
    return square


def planes(rgb: RGB) -> Floats:
    """Return a picture as the batch of one, float32 from 0 to 1, shape [1, 3, height, width]."""
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def normalised(batch: Floats, mean: tuple[float, ...], deviation: tuple[float, ...]) -> Floats:
    """Return (batch - mean) / deviation for each of its channels, shape [1, 3, height, width]."""
    shape = (1, 3, 1, 1)
    centred = batch - np.array(mean, np.float32).reshape(shape)
    return np.asarray(centred / np.array(deviation, np.float32).reshape(shape), np.float32)
