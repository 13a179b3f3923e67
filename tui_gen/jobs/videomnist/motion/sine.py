"""A sine whose every bit is the same on every machine.

The sines of libm and of numpy differ in the last bit between versions and processors, which would move
a digit by 1/256 px now and then. Invariant: this one adds and multiplies only, as IEEE 754 defines it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

TERMS = 11
"""The first term left out is at most 2e-18 within a quarter of a turn: less than a float64 can tell."""


def _coefficients() -> tuple[float, ...]:
    """Return the Taylor coefficients of sin(2 pi z) = z * (c0 + c1 z^2 + c2 z^4 + ...)."""
    coefficient, found = 2 * math.pi, []
    for term in range(TERMS):
        found.append(coefficient)
        coefficient *= -(4 * math.pi * math.pi) / ((2 * term + 2) * (2 * term + 3))
    return tuple(found)


_TAYLOR = _coefficients()


def sine(turns: ArrayLike) -> NDArray[np.float64]:
    """Return sin(2 pi `turns`), within 1e-15, never beyond -1 and 1. Any shape, float64."""
    part = np.asarray(turns, np.float64)
    part = part - np.rint(part)  # -1/2 to 1/2
    part = np.where(np.abs(part) > 0.25, np.copysign(0.5, part) - part, part)  # noqa: PLR2004 - a quarter
    square = part * part
    total = square * _TAYLOR[-1]
    for coefficient in _TAYLOR[-2:0:-1]:
        total += coefficient
        total *= square
    total += _TAYLOR[0]
    result: NDArray[np.float64] = np.minimum(np.maximum(total * part, -1.0), 1.0)
    return result
