"""The size of an image in the training set, and the image in that size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

_LOBES = 3  # of the Lanczos filter, as in Pillow's LANCZOS


def resized_shape(width: int, height: int, max_size: int) -> tuple[int, int]:
    """Return the width and height in which an image is saved: its shorter edge is at most max_size pixels.

    The longer edge is cut to whole pixels, as in anime_screenshot_pipeline (image_selection.resize_image),
    but computed in whole numbers. Smaller images keep their size.
    """
    shorter = min(width, height)
    if shorter <= max_size:
        return width, height
    return width * max_size // shorter, height * max_size // shorter


def resized(rgb: RGB, size: tuple[int, int]) -> RGB:
    """Return an image scaled down to a width and height by a Lanczos filter with three lobes.

    OpenCV's own filter has a fixed width in the source image and lets fine lines alias. Here the image is
    first limited to the frequencies of the result by the same filter in the scale of the result, and then
    sampled.
    """
    height, width = rgb.shape[:2]
    if (width, height) == size:
        return rgb
    across, down = _low_pass(size[0] / width), _low_pass(size[1] / height)
    smooth = cv2.sepFilter2D(rgb, cv2.CV_32F, across, down, borderType=cv2.BORDER_REFLECT)
    sampled = cv2.resize(smooth, size, interpolation=cv2.INTER_LANCZOS4)
    return np.asarray(np.clip(np.rint(sampled), 0, 255), np.uint8)


def _low_pass(scale: float) -> NDArray[np.float32]:
    """Return the weights of a Lanczos filter, sinc(x) sinc(x / lobes), in a scale of at most 1; sum 1."""
    scale = min(scale, 1.0)
    reach = math.ceil(_LOBES / scale)
    places = np.arange(-reach, reach + 1) * scale
    weights = np.where(np.abs(places) < _LOBES, np.sinc(places) * np.sinc(places / _LOBES), 0)
    return np.asarray(weights / weights.sum(), np.float32)
