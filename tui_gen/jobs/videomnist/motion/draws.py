"""Random numbers that depend on what they are for alone, the same on every machine.

Invariant: only `Random.random()` is called, whose sequence for an integer seed Python has never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")

RULES = 1
"""Number of these rules; another number gives other videos for the same seed."""


def draws(*names: str | int) -> Random:
    """Return the random numbers for `names`: seed, split, digit, index, slot, attempt.

    The generator's seed is the blake2b-128 of "videomnist/1/NAME/NAME/...", read as a big-endian number.
    """
    text = "/".join(str(name) for name in ("videomnist", RULES, *names))
    return Random(int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big"))


def between(chance: Random, low: float, high: float) -> float:
    """Draw a number in [low, high)."""
    return low + (high - low) * chance.random()


def below(chance: Random, count: int) -> int:
    """Draw a whole number in [0, count)."""
    return int(chance.random() * count)


def sign(chance: Random) -> int:
    """Draw -1 or 1."""
    return 1 if chance.random() < 0.5 else -1  # noqa: PLR2004 - one half


def shuffled(chance: Random, values: Sequence[T]) -> list[T]:
    """Return `values` in a random order, every order equally likely (Fisher and Yates)."""
    order = list(values)
    for last in range(len(order) - 1, 0, -1):
        other = below(chance, last + 1)
        order[last], order[other] = order[other], order[last]
    return order
