"""Histograms as text: equal bins with round edges; rare values at both ends share a bin. Pure.

under 10  ███                 120        the first and the last bin also have the values
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
    """Edges of bins; the first bin begins at the least value, the last bin has no end."""

    edges: tuple[float, ...]  # the ends of all bins but the last, ascending
    step: float

    def __len__(self) -> int:
        """Return the number of bins: one more than there are edges."""
        return len(self.edges) + 1

    def counts(self, values: Sequence[float]) -> list[int]:
        """Return how many values fall into each bin."""
        counts = [0] * len(self)
        for value in values:
            counts[bisect_right(self.edges, value)] += 1
        return counts

    def labels(self) -> Iterator[str]:
        """Yield the label of each bin."""
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
    if high <= low:  # nearly all values are equal
        low, high = ordered[0], ordered[-1]
    if high <= low:
        return Bins((), 1.0)
    step = _round_step((high - low) / BINS)
    first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
    return Bins(tuple(step * place for place in range(first, max(first, last) + 1)), step)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest of the ascending values that `share` of them do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def bar(count: int, most: int, width: int, *, is_plain: bool) -> str:
    """Return a bar; a count above 0 has at least one character."""
    if not count or not most:
        return ""
    return ("#" if is_plain else "█") * max(1, round(width * count / most))


def line(counts: Sequence[int], *, is_plain: bool) -> str:
    """Return a histogram of one line, with one character per bin."""
    bars, most = PLAIN_BARS if is_plain else BARS, max(counts, default=0)
    steps = len(bars) - 1
    return "".join(bars[math.ceil(steps * count / most)] if count else bars[0] for count in counts)


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return power * next(factor for factor in _STEPS if factor * power >= step * (1 - 1e-9))


def _decimals(step: float) -> int:
    """Return the number of decimal places that distinguish multiples of `step`."""
    return next(digits for digits in range(12) if math.isclose(round(step, digits), step, rel_tol=1e-6))
