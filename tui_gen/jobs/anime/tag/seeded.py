"""Random numbers of the captions, derived from a hash of the seed and the purpose.

Invariant: a number depends on nothing else: not on the order of the work, and not on the version of Python.
"""

from __future__ import annotations

import hashlib
import json

_BYTES = 8


def rank(seed: int, *purpose: str) -> bytes:
    """Return a sort key: sorting by it shuffles, independent of the order before."""
    # JSON separates the parts and preserves names that are not UTF-8.
    return hashlib.sha256(json.dumps([seed, *purpose]).encode("ascii")).digest()


def chance(seed: int, *purpose: str) -> float:
    """Return a number in [0, 1)."""
    return (int.from_bytes(rank(seed, *purpose)[:_BYTES], "big") >> 11) / (1 << 53)
