"""What the survey measures on a small frame: a thumbnail and the sharpness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB


THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 32, 16

Thumbnail = NDArray[np.uint8]
"""CIE Lab, shape [16, 32, 3]: L 0 to 255 for 0 to 100, a and b + 128, as OpenCV has them in 8 bits."""


def thumbnail(rgb: RGB) -> Thumbnail:
    """Return the means of the areas of a frame, in Lab."""
    # Width before height: 640 is a multiple of 32, which is four times as fast as both at once.
    narrow = cv2.resize(rgb, (THUMBNAIL_WIDTH, rgb.shape[0]), interpolation=cv2.INTER_AREA)
    small = cv2.resize(narrow, (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.uint8)


def sharpness(rgb: RGB) -> float:
    """Return the variance of the Laplacian of the luma. Frames of one size may be compared."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2
