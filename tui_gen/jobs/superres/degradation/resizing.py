"""Resizes frames by area, bilinear or bicubic kernels, in whole numbers.

The definitions are those of OpenCV and of torch without anti-aliasing, which the degradations of papers use:
pixel i of the result is centred on (i + 0.5) * source / target - 0.5, bilinear reads 2 and bicubic
(a = -0.75) 4 pixels an axis, however much a frame shrinks. Area is the mean over the part of the source that
a pixel covers. Edge pixels are repeated.

Invariant: weights are multiples of 1/2048, every sum fits into 32 bits, and the only rounding is at the end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.geometry import Size

if TYPE_CHECKING:
    from tui_gen.jobs.superres.degradation.variants import ResizeKernel

Image = NDArray[np.uint8]
Whole = NDArray[np.int64]

BITS = 11
ONE = 1 << BITS
CUBIC_A = -0.75


def resize(frame: Image, size: Size, kernel: ResizeKernel) -> Image:
    """Return a frame of shape (height, width, 3) at another size."""
    rows = _summed(frame.astype(np.int32), *taps(kernel, frame.shape[0], size.height), axis=0)
    sums = _summed(rows, *taps(kernel, frame.shape[1], size.width), axis=1)
    whole: NDArray[np.int32] = (sums + (1 << (2 * BITS - 1))) >> (2 * BITS)
    return np.clip(whole, 0, 255).astype(np.uint8)


def _summed(values: NDArray[np.int32], places: Whole, weights: Whole, *, axis: int) -> NDArray[np.int32]:
    shape: list[Any] = [1, 1, 1]
    shape[axis] = len(places)
    total: NDArray[np.int32] | None = None
    for tap in range(places.shape[1]):
        part = np.take(values, places[:, tap], axis) * weights[:, tap].astype(np.int32).reshape(shape)
        total = part if total is None else np.add(total, part, out=total)
    if total is None:
        message = "a kernel without taps"
        raise ValueError(message)
    return total


@lru_cache(maxsize=32)
def taps(kernel: ResizeKernel, source: int, target: int) -> tuple[Whole, Whole]:
    """Return the source pixels and weights of one axis, both of shape (target, taps).

    The weights of each row have the sum ONE.
    """
    places, shares = _covered(source, target) if kernel == "area" else _sampled(kernel, source, target)
    weights = np.rint(shares * ONE).astype(np.int64)
    rows = np.arange(target)
    weights[rows, np.argmax(weights, axis=1)] += ONE - weights.sum(axis=1)
    return np.clip(places, 0, source - 1), weights


def _covered(source: int, target: int) -> tuple[Whole, NDArray[np.float64]]:
    # In units of 1 / target source pixels: result pixel i covers [i * source, (i + 1) * source).
    starts = np.arange(target)[:, np.newaxis] * source
    places = starts // target + np.arange(-(-source // target) + 1)
    begins, ends = np.maximum(places * target, starts), np.minimum((places + 1) * target, starts + source)
    return places, np.maximum(0, ends - begins) / source


def _sampled(kernel: ResizeKernel, source: int, target: int) -> tuple[Whole, NDArray[np.float64]]:
    # The centre times 2 * target, as a whole number.
    centres = (2 * np.arange(target) + 1) * source - target
    below, past = centres // (2 * target), (centres % (2 * target)) / (2 * target)
    if kernel == "bilinear":
        return below[:, np.newaxis] + np.arange(2), np.stack([1 - past, past], axis=1)
    shares = [_cubic(past + 1), _cubic(past), _cubic(1 - past), _cubic(2 - past)]
    return below[:, np.newaxis] + np.arange(-1, 3), np.stack(shares, axis=1)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Keys' cubic with CUBIC_A at distances from 0 to 2."""
    d, a = distance, CUBIC_A
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, far)
