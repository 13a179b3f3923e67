"""Adds noise to frames: Gaussian, or shot noise by the Poisson distribution.

Random bits are the raw output of Philox, a counter-based generator, under a key from the seed. Numpy keeps
raw outputs stable, but not its distributions. The distributions here are tables of quantiles, so the same key
gives the same noise with every version of numpy.

Frames are uint8 of shape (height, width, 3), BGR.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tui_gen.jobs.superres.degradation.choices import ChosenNoise

Image = NDArray[np.uint8]

GAUSSIAN_BITS = 16
"""Gaussian noise ends at 4.3 sigma: the outermost of 65536 quantiles."""
GAUSSIAN_ONE = 1 << 16
POISSON_BITS = 14
LEVELS = 256
STRENGTH_ONE = 1000
"""Strengths have three decimals."""
_KEY_BYTES = 16
_GRAY = (7471, 38470, 19595)
"""BT.601 weights of blue, green and red, over 65536."""


def add_noise(frames: Image, chosen: ChosenNoise) -> Image:
    """Return frames with noise, each with its own; one rounding at the end."""
    generator = np.random.Philox(key=int.from_bytes(chosen.key[:_KEY_BYTES], "big"))
    return np.stack([_with_noise(frame, chosen, generator) for frame in frames])


def _with_noise(frame: Image, chosen: ChosenNoise, generator: np.random.Philox) -> Image:
    strength = round(chosen.strength * STRENGTH_ONE)
    shape = (*frame.shape[:-1], 1) if chosen.is_gray else frame.shape
    bits = random_bits(generator, math.prod(shape)).reshape(shape)
    if chosen.kind == "gaussian":
        # A whole number below 2^53, hence exact before the division.
        noise = gaussian_quantiles()[bits] * strength / (GAUSSIAN_ONE * STRENGTH_ONE)
    else:
        levels = gray_of(frame)[..., np.newaxis] if chosen.is_gray else frame
        counts = poisson_quantiles()[levels, bits >> (GAUSSIAN_BITS - POISSON_BITS)]
        noise = (counts * (LEVELS - 1.0) / LEVELS - levels) * strength / STRENGTH_ONE
    return np.clip(np.rint(frame + noise), 0, LEVELS - 1).astype(np.uint8)


def random_bits(generator: np.random.Philox, count: int) -> NDArray[np.uint16]:
    """Return the next `count` numbers of 16 random bits; a call takes whole words of 64 bits."""
    raw = generator.random_raw(-(-count // 4)).astype("<u8")
    return raw.view("<u2")[:count].astype(np.uint16)


def gray_of(frame: Image) -> NDArray[np.int32]:
    """Return the luma of a frame (BT.601), 0..255, without the last axis."""
    blue, green, red = (frame[..., channel].astype(np.int32) * weight for channel, weight in enumerate(_GRAY))
    return (blue + green + red + (1 << 15)) >> 16


@cache
def gaussian_quantiles() -> NDArray[np.float64]:
    """Return the quantiles of the standard normal distribution, as whole multiples of 1 / GAUSSIAN_ONE."""
    count, normal = 1 << GAUSSIAN_BITS, NormalDist()
    upper = [round(normal.inv_cdf((k + 0.5) / count) * GAUSSIAN_ONE) for k in range(count // 2, count)]
    return np.array([-value for value in reversed(upper)] + upper, np.float64)


@cache
def poisson_quantiles() -> NDArray[np.int16]:
    """Return counts of light at each level, (LEVELS, 2^POISSON_BITS): level 255 has 256 on average."""
    wanted = (np.arange(1 << POISSON_BITS) + 0.5) / (1 << POISSON_BITS)
    return np.stack([_poisson_row(level, wanted) for level in range(LEVELS)])


def _poisson_row(level: int, wanted: NDArray[np.float64]) -> NDArray[np.int16]:
    mean = level * LEVELS / (LEVELS - 1)
    share = math.exp(-mean)
    total, reached = share, [share]
    while reached[-1] < wanted[-1]:
        share *= mean / len(reached)
        total += share
        reached.append(total)
    return np.searchsorted(np.array(reached), wanted).astype(np.int16)
