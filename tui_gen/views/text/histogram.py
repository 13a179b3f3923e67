"""Values as bars of text: even bins with round edges, the rare ends taken together. Pure.

under 10  ███                 120        the first and the last bin also hold what lies
10 .. 20  ███████████         421        beyond the 0.5 and the 99.5 percentile
20 ..     ██                   80
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BINS = 10
RARE_SHARE = 0.005
BARS = " ▁▂▃▄▅▆▇█"
PLAIN_BARS = " .:-=+*#@"
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Bins:
    """Edges of bins; the first one begins with the least value, the last one has no end."""

    edges: tuple[float, ...]  # where a bin ends and the next begins, ascending
    step: float

    def __len__(self) -> int:
        """One more than there are edges."""
        return len(self.edges) + 1

    def counts(self, values: Sequence[float]) -> list[int]:
        """Return how many values fall into each bin."""
        counts = [0] * len(self)
        for value in values:
            counts[bisect_right(self.edges, value)] += 1
        return counts

    def labels(self) -> Iterator[str]:
        """Yield what to call each bin."""
        if not self.edges:
            yield "all"
            return
        texts = [f"{edge:.{_decimals(self.step)}f}" for edge in self.edges]
        yield f"under {texts[0]}"
        for low, high in itertools.pairwise(texts):
            yield f"{low} .. {high}"
        yield f"from {texts[-1]}"


def bins_for(ordered: Sequence[float]) -> Bins:
    """Return bins for values in ascending order."""
    low, high = quantile(ordered, RARE_SHARE), quantile(ordered, 1 - RARE_SHARE)
    if high <= low:  # nearly all are equal
        low, high = ordered[0], ordered[-1]
    if high <= low:
        return Bins((), 1.0)
    step = _round_step((high - low) / BINS)
    first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
    return Bins(tuple(step * place for place in range(first, max(first, last) + 1)), step)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the least of the ascending values that a share of them does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def bar(count: int, most: int, width: int, *, is_plain: bool) -> str:
    """Return a bar; anything at all is at least a sign."""
    if not count or not most:
        return ""
    return ("#" if is_plain else "█") * max(1, round(width * count / most))


def line(counts: Sequence[int], *, is_plain: bool) -> str:
    """Return a histogram of one line, a character a bin."""
    bars, most = PLAIN_BARS if is_plain else BARS, max(counts, default=0)
    steps = len(bars) - 1
    return "".join(bars[math.ceil(steps * count / most)] if count else bars[0] for count in counts)


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return power * next(factor for factor in _STEPS if factor * power >= step * (1 - 1e-9))


def _decimals(step: float) -> int:
    """Return the digits that tell steps apart."""
    return next(digits for digits in range(12) if math.isclose(round(step, digits), step, rel_tol=1e-6))
