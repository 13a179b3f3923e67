"""Random numbers for every random choice of the job, derived from a hash of the seed and the purpose.

They do not depend on the order of the work, the number of workers, or the versions of Python and numpy.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction

DRAWS = 4
_DRAW_BYTES = 8


def draws(seed: int, *purpose: str | int) -> tuple[Fraction, ...]:
    """Return four independent numbers in [0, 1), determined by seed and purpose."""
    digest = _digest(seed, purpose)
    return tuple(
        Fraction(int.from_bytes(digest[start : start + _DRAW_BYTES], "big"), 1 << (8 * _DRAW_BYTES))
        for start in range(0, DRAWS * _DRAW_BYTES, _DRAW_BYTES)
    )


def rank(seed: int, *purpose: str | int) -> bytes:
    """Return a sort key: sorting by it shuffles, independent of the previous order."""
    return _digest(seed, purpose)


def _digest(seed: int, purpose: tuple[str | int, ...]) -> bytes:
    # JSON separates the parts and preserves names that are not UTF-8.
    return hashlib.sha256(json.dumps([seed, *purpose]).encode("ascii")).digest()
