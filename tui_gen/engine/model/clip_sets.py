"""Sets of clips as integers: bit k is set if clip k is a member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def members(bits: int) -> Iterator[int]:
    """Yield the members of a bit set in ascending order."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for place, byte in enumerate(data):
        for bit in range(8) if byte else ():
            if byte >> bit & 1:
                yield 8 * place + bit


def union(sets: Iterable[int]) -> int:
    """Return the clips that are in any of some sets."""
    whole = 0
    for bits in sets:
        whole |= bits
    return whole


def bits_of(indexes: Iterable[int]) -> int:
    """Return numbers, 0 or larger, as a bit set."""
    known = list(indexes)
    data = bytearray(max(known, default=-1) // 8 + 1)
    for index in known:
        data[index // 8] |= 1 << index % 8
    return int.from_bytes(data, "little")
