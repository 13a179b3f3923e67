"""Every random choice of the job: drawn from a hash of what it is for, so that nothing can move it.

Neither the order of the work nor the number of workers nor the versions of Python and numpy enter.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction

DRAWS = 4
_DRAW_BYTES = 8


def draws(seed: int, *purpose: str | int) -> tuple[Fraction, ...]:
    """Return four independent numbers in [0, 1) that belong to this seed and purpose."""
    digest = _digest(seed, purpose)
    return tuple(
        Fraction(int.from_bytes(digest[start : start + _DRAW_BYTES], "big"), 1 << (8 * _DRAW_BYTES))
        for start in range(0, DRAWS * _DRAW_BYTES, _DRAW_BYTES)
    )


def rank(seed: int, *purpose: str | int) -> bytes:
    """Return a sort key: sorting by it shuffles, whatever the order before."""
    return _digest(seed, purpose)


def _digest(seed: int, purpose: tuple[str | int, ...]) -> bytes:
    # JSON keeps the parts apart and survives names that are not UTF-8.
    return hashlib.sha256(json.dumps([seed, *purpose]).encode("ascii")).digest()
