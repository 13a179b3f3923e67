"""Sets of clips as the bits of an integer: bit k is set if clip k is a member. Pure."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt


@lru_cache(maxsize=8192)
def lowest(bits: int, count: int) -> int:
    """Return the `count` lowest members of a bit set."""
    if count <= 0:
        return 0
    if bits.bit_count() <= count:
        return bits
    short, enough = 0, bits.bit_length()
    while enough - short > 1:
        middle = (short + enough) // 2
        if (bits & ((1 << middle) - 1)).bit_count() < count:
            short = middle
        else:
            enough = middle
    return bits & ((1 << enough) - 1)


def bit_indices(bits: int) -> npt.NDArray[np.int64]:
    """Return the members of a bit set in ascending order."""
    raw = np.frombuffer(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(raw, bitorder="little"))


def as_bits(members: npt.NDArray[np.bool_]) -> int:
    """Return the positions of the True values as a bit set."""
    return int.from_bytes(np.packbits(members, bitorder="little").tobytes(), "little")
