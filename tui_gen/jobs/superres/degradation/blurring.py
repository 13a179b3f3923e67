"""Blurs frames by a kernel: the kernels of Real-ESRGAN, as whole numbers over one denominator.

Invariant: the result does not depend on the machine, the number of threads or the version of OpenCV. All
products and sums are whole numbers below 2^53. OpenCV may use a Fourier transform for large kernels; its
error is far below 1/2, so that rounding gives the exact sum.

Frames are uint8 of shape (height, width, 3).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tui_gen.jobs.superres.degradation.choices import ChosenBlur

Image = NDArray[np.uint8]

DENOMINATOR = 1 << 22
_BESSEL_NODES = 128
"""The trapezoid rule converges exponentially for periods: exact for arguments up to about 100."""


def blur(frame: Image, chosen: ChosenBlur) -> Image:
    """Return a blurred frame: `reflect` padding without the edge pixel, one rounding at the end."""
    # OpenCV correlates; the kernels are symmetric about their middle.
    sums = cv2.filter2D(frame, cv2.CV_64F, weights_of(chosen), borderType=cv2.BORDER_REFLECT_101)
    return np.clip(np.rint(np.rint(sums) / DENOMINATOR), 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def weights_of(chosen: ChosenBlur) -> NDArray[np.float64]:
    """Return a kernel of shape (size, size): whole numbers with the sum DENOMINATOR."""
    half = chosen.size // 2
    offsets = range(-half, half + 1)
    values = [[_value(chosen, x, y) for x in offsets] for y in offsets]
    total = math.fsum(value for row in values for value in row)
    weights = np.array([[round(v / total * DENOMINATOR) for v in row] for row in values], np.float64)
    weights[half, half] += DENOMINATOR - weights.sum()
    return weights


def _value(chosen: ChosenBlur, x: int, y: int) -> float:
    if chosen.shape == "sinc":
        return _low_pass(x * x + y * y, chosen.cutoff)
    distance = _squared_distance(chosen, x, y)
    if chosen.shape.startswith("plateau"):
        return 1 / (math.pow(distance, chosen.beta) + 1)
    return math.exp(-0.5 * math.pow(distance, chosen.beta))


def _squared_distance(chosen: ChosenBlur, x: int, y: int) -> float:
    """Return the squared distance from the middle in units of sigma, along the axes of the kernel."""
    if not chosen.shape.endswith("aniso"):
        return (x * x + y * y) / chosen.sigma_x**2
    cosine, sine = math.cos(chosen.angle), math.sin(chosen.angle)
    along, across = x * cosine + y * sine, y * cosine - x * sine
    return (along / chosen.sigma_x) ** 2 + (across / chosen.sigma_y) ** 2


@lru_cache(maxsize=512)
def _low_pass(squared_radius: int, cutoff: float) -> float:
    """Return the circular low pass (2-D sinc) at a radius in pixels."""
    if not squared_radius:
        return cutoff**2 / (4 * math.pi)
    radius = math.sqrt(squared_radius)
    return cutoff * _bessel_1(cutoff * radius) / (2 * math.pi * radius)


def _bessel_1(x: float) -> float:
    """Return the Bessel function J1 by its integral over one period."""
    nodes = (2 * math.pi * k / _BESSEL_NODES for k in range(_BESSEL_NODES))
    return math.fsum(math.cos(node - x * math.sin(node)) for node in nodes) / _BESSEL_NODES
