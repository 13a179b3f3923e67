"""How alike crops and groups of crops are, from the matrix of their differences.

The matrix is float32 and may take 100 MB: it is read by blocks of rows, and every sum is made in float64 in
the order of the rows, so that equal inputs give equal bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Floats


Rows = NDArray[np.intp]
_BLOCK = 256  # rows or columns that are in memory as float64 at a time


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike some crops are to each group. A group has at least one member."""

    groups: Rows  # the labels of the groups, ascending, shape [g]
    sizes: Rows  # members of the groups, shape [g]
    means: NDArray[np.float64]  # mean difference of each crop to each group, shape [crops, g]
    same: NDArray[np.intp]  # members whose difference is at most the threshold, shape [crops, g]

    @property
    def shares(self) -> NDArray[np.float64]:
        """The share of each group's members that are like the crop, shape [crops, g]."""
        return self.same / self.sizes


def likeness(differences: Floats, rows: Rows, labels: Rows, threshold: float) -> Likeness:
    """Compare the crops of some rows with the groups of all crops.

    `labels` has shape [crops]: labels below 0 are no groups. Further columns of `differences` are not read. A
    crop that is a member of a group is compared with itself, too.
    """
    columns, groups, starts = _by_label(labels)
    sizes = np.diff(starts, append=len(columns))
    means = np.empty((len(rows), len(groups)))
    same = np.empty((len(rows), len(groups)), dtype=np.intp)
    if len(groups):
        for start in range(0, len(rows), _BLOCK):
            block = differences[rows[start : start + _BLOCK]][:, columns]
            part = slice(start, start + len(block))
            means[part] = np.add.reduceat(block.astype(np.float64), starts, axis=1) / sizes
            same[part] = np.add.reduceat((block <= threshold).astype(np.intp), starts, axis=1)
    return Likeness(groups, sizes, means, same)


def same_between(differences: Floats, labels: Rows, threshold: float) -> tuple[Rows, Rows, Rows]:
    """Return the groups, shape [g], their sizes, shape [g], and the number of like pairs, shape [g, g].

    A pair has one member of each group: of a group with itself, every member is paired with every member.
    """
    rows, groups, starts = _by_label(labels)
    found = likeness(differences, rows, labels, threshold)
    pairs = np.add.reduceat(found.same, starts, axis=0) if len(groups) else found.same
    return groups, found.sizes, pairs


def _by_label(labels: Rows) -> tuple[Rows, Rows, Rows]:
    """Return the rows with a label in the order of their labels, the labels, and where each begins."""
    order = np.argsort(labels, kind="stable")
    rows = order[labels[order] >= 0]
    groups, starts = np.unique(labels[rows], return_index=True)
    return rows, groups, starts


def cohesion(differences: Floats, members: Rows, threshold: float) -> float | None:
    """Return the mean of 1 - difference / (2 threshold) over the pairs of a group; None for one member.

    From 0 to 1: pairs at the threshold count 0.5, and a mean below 0 is 0.
    """
    count = len(members)
    if count < 2:  # noqa: PLR2004 - a pair
        return None
    total = float(_sums(differences, members).sum())
    return min(max(1 - total / (count * (count - 1)) / (2 * threshold), 0.0), 1.0)


def medoids(differences: Floats, members: Rows, count: int) -> list[int]:
    """Return up to `count` members that stand for a group, the most central one first.

    The first has the smallest sum of differences. Each further one lowers the sum of all members' differences
    to the nearest medoid most: the phase BUILD of PAM (Kaufman, Rousseeuw: Finding groups in data, 1990,
    chapter 2). Of equal ones the first in `members` counts.
    """
    if count < 1 or not len(members):
        return []
    chosen = [int(np.argmin(_sums(differences, members)))]
    nearest = differences[members[chosen[0]], members].astype(np.float64)
    while len(chosen) < min(count, len(members)):
        gains = np.empty(len(members))
        for start in range(0, len(members), _BLOCK):
            block = differences[members[start : start + _BLOCK]][:, members]
            gains[start : start + _BLOCK] = np.maximum(nearest - block, 0).sum(axis=1)
        gains[chosen] = -1  # never again, not even where nothing is gained
        chosen.append(int(np.argmax(gains)))
        nearest = np.minimum(nearest, differences[members[chosen[-1]], members])
    return [int(members[place]) for place in chosen]


def _sums(differences: Floats, members: Rows) -> NDArray[np.float64]:
    """Return the sum of each member's differences to all members, shape [members]."""
    sums = [
        differences[members[start : start + _BLOCK]][:, members].sum(axis=1, dtype=np.float64)
        for start in range(0, len(members), _BLOCK)
    ]
    return np.concatenate(sums) if sums else np.empty(0)
