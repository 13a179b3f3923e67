"""Colours in the CIE Lab space: L from 0 to 100, a and b about -100 to 100."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Box, Floats


def lab_of(rgb: RGB | Floats) -> Floats:
    """Return a picture in Lab (D65), float32, shape [height, width, 3]. RGB is from 0 to 255."""
    import cv2

    return np.asarray(cv2.cvtColor(np.asarray(rgb, np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def region(face: Box, shares: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Return a box given in widths and heights of a face from its left upper corner, inside a picture.

    `size` is the picture's width and height. The box may be empty.
    """
    left, top, right, bottom = face
    width, height = right - left, bottom - top
    return (
        max(0, round(left + shares[0] * width)),
        max(0, round(top + shares[1] * height)),
        min(size[0], round(left + shares[2] * width)),
        min(size[1], round(top + shares[3] * height)),
    )


def pixels(lab: Floats, box: Box) -> Floats:
    """Return the pixels inside a box, shape [pixels, 3]; none if it is empty."""
    left, top, right, bottom = box
    return lab[top : max(top, bottom), left : max(left, right)].reshape(-1, 3)
