"""Divides a category's target among films by the Sainte-Lague method. Pure.

Invariant: the result equals a seat-by-seat apportionment. Each seat goes to the film with the largest
weight / (2 * seats + 1), among equals to the first id, up to the film's capacity. Weights count as the
decimal numbers in the configuration, so that 0.3 / 3 equals 0.1.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

_KEY_BITS = 96
_HALVINGS = 80


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one film to seats of one category's target."""

    id: str
    weight: float
    made: int  # seats that the film already has and keeps
    capacity: int  # the most seats the film can fill, including `made`


def allot(target: int, claims: Sequence[Claim]) -> tuple[int, ...]:
    """Return the seats of each claim, including those made. Their sum is the target if capacities allow it.

    A divisor found by bisection assigns nearly all seats at once: those with a larger quotient. These seats
    are the first of the seat-by-seat order, so that only the last few hundred are assigned one by one,
    exactly.
    """
    seats = [claim.made for claim in claims]
    left = target - sum(seats)
    room = [max(0, claim.capacity - claim.made) if claim.weight > 0 else 0 for claim in claims]
    if left <= 0:
        return tuple(seats)
    if sum(room) <= left:
        return tuple(made + free for made, free in zip(seats, room, strict=True))
    for index, count in enumerate(_sure_seats(left, claims, room)):
        seats[index] += count
        left -= count
        room[index] -= count
    _hand_out(left, claims, seats=seats, room=room)
    return tuple(seats)


def _sure_seats(left: int, claims: Sequence[Claim], room: Sequence[int]) -> list[int]:
    """Return, for each claim, a number of seats that are certainly among the first `left` of the order."""
    weights = np.array([claim.weight for claim in claims], dtype=np.float64)
    made = np.array([claim.made for claim in claims], dtype=np.float64)
    free = np.array(room, dtype=np.float64)

    def worth_more_than(divisor: float) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.clip(np.ceil((weights / divisor - 1) / 2) - made, 0, free)

    above = float(weights.max())
    below = float(weights[free > 0].min()) / (2 * float((made + free).max()) + 3)
    for _ in range(_HALVINGS):
        middle = math.sqrt(above) * math.sqrt(below)
        count = worth_more_than(middle).sum()
        if count <= left:
            above = middle
            if count == left:
                break
        else:
            below = middle
    # Subtract one seat from each: this exceeds every possible rounding error of this function.
    return [int(count) for count in np.maximum(worth_more_than(above) - 1, 0)]


def _hand_out(left: int, claims: Sequence[Claim], *, seats: list[int], room: list[int]) -> None:
    """Assign `left` seats one by one. Changes `seats` and `room`."""
    scaled = _as_integers(tuple(claim.weight for claim in claims))

    def entry(index: int) -> tuple[int, str, int]:
        # Two different quotients differ by far more than the last of these bits, so the order is exact.
        return -((scaled[index] << _KEY_BITS) // (2 * seats[index] + 1)), claims[index].id, index

    heap = [entry(index) for index in range(len(claims)) if room[index] > 0]
    heapq.heapify(heap)
    for _ in range(left):
        index = heap[0][2]
        seats[index] += 1
        room[index] -= 1
        if room[index] > 0:
            heapq.heapreplace(heap, entry(index))
        else:
            heapq.heappop(heap)


@lru_cache(maxsize=64)
def _as_integers(weights: tuple[float, ...]) -> tuple[int, ...]:
    """Return the weights, read as decimal numbers, as numerators over their common denominator."""
    exact = [Fraction(str(weight)) for weight in weights]
    denominator = math.lcm(*(weight.denominator for weight in exact))
    return tuple(int(weight * denominator) for weight in exact)
