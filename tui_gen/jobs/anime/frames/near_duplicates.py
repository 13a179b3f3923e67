"""Finds near duplicates among candidates: leaders in order, and which leader each candidate is near. Pure.

    candidate near a leader? ──yes──> it belongs to the nearest leader, the earliest of several
                             └─no───> it becomes a leader itself

Two measures: thumbnails (the distance of the worst block of 4x4 cells) and unit vectors (1 - cosine). The
distances of thumbnails are computed for the few pairs only that a lower bound leaves. The bound changes no
result.

Invariant: every candidate is within the distance of its leader, and no two leaders are within it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.anime.frames.pictures import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

BLOCK = 4
BLOCKS = (THUMBNAIL_HEIGHT // BLOCK) * (THUMBNAIL_WIDTH // BLOCK)
CELLS = THUMBNAIL_HEIGHT * THUMBNAIL_WIDTH
CHUNK = 256
PAIRS = 4096
"""The number of pairs whose distance is computed at once: 25 MB."""
ROUNDING = 1.0
"""The most by which a squared bound in single precision may be too large: values are up to 195,075."""

Rows = NDArray[np.intp]
Distances = NDArray[np.float32]


class Measure(Protocol):
    """Tells how different pictures are. Rows are numbers of pictures."""

    def __len__(self) -> int:
        """Return the number of pictures."""
        ...

    def near(self, rows: Rows, others: Rows, within: float) -> tuple[Rows, Rows, Distances]:
        """Return the pairs within a distance: places in `rows`, places in `others`, distances."""
        ...


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Pictures by their thumbnails.

    The distance of two is sqrt(max over blocks of 4x4 cells of mean over cells of |Lab difference|^2), with
    Lab in 8 bits (`pictures.Thumbnail`). Its lower bound is the root mean square over the means of blocks.
    """

    cells: NDArray[np.uint8]  # [n, 32 blocks, 48]
    block_means: NDArray[np.float32]  # [n, 96], divided by sqrt(32)

    @classmethod
    def of(cls, thumbnails: NDArray[np.uint8]) -> Thumbnails:
        """Return the measure on thumbnails, shape [n, 16, 32, 3]."""
        shape = (-1, THUMBNAIL_HEIGHT // BLOCK, BLOCK, THUMBNAIL_WIDTH // BLOCK, BLOCK, 3)
        blocks = thumbnails.reshape(shape).transpose(0, 1, 3, 2, 4, 5).reshape(-1, BLOCKS, BLOCK * BLOCK, 3)
        means = blocks.mean(axis=2, dtype=np.float32).reshape(-1, BLOCKS * 3)
        cells = np.ascontiguousarray(blocks).reshape(-1, BLOCKS, BLOCK * BLOCK * 3)
        return cls(cells, means / np.float32(np.sqrt(BLOCKS)))

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.cells)

    def near(self, rows: Rows, others: Rows, within: float) -> tuple[Rows, Rows, Distances]:
        """Return the pairs within a distance: places in `rows`, places in `others`, distances."""
        # The mean of squares is never below the square of the mean, nor the largest block below the mean.
        bound = _squared_distances(self.block_means[rows], self.block_means[others])
        left, right = np.nonzero(bound <= within**2 + ROUNDING)
        kept: list[tuple[Rows, Rows, Distances]] = []
        for begin in range(0, len(left), PAIRS):
            ours, theirs = left[begin : begin + PAIRS], right[begin : begin + PAIRS]
            distances = self.distances(rows[ours], others[theirs])
            are_near = distances <= within
            kept.append((ours[are_near], theirs[are_near], distances[are_near]))
        return _joined(kept)

    def distances(self, rows: Rows, others: Rows) -> Distances:
        """Return the distances of pairs, given by their two pictures."""
        apart = self.cells[rows].astype(np.float32) - self.cells[others]
        sums = np.einsum("pbc,pbc->pb", apart, apart)
        return np.asarray(np.sqrt(sums.max(axis=1) / (BLOCK * BLOCK)), np.float32)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Pictures by unit vectors. The distance of two is 1 - cosine."""

    units: NDArray[np.float32]  # [n, dimensions]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.units)

    def near(self, rows: Rows, others: Rows, within: float) -> tuple[Rows, Rows, Distances]:
        """Return the pairs within a distance: places in `rows`, places in `others`, distances."""
        distances = 1 - self.units[rows] @ self.units[others].T
        left, right = np.nonzero(distances <= within)
        return left, right, distances[left, right]


def leaders_of(measure: Measure, rows: Rows, within: float, *, alive: Callable[[], None]) -> NDArray[np.intp]:
    """Return the leader of each of `rows`, which are in order, shape [rows]; a leader is its own.

    `alive` is called for every 256 pictures.
    """
    found = [np.empty(0, np.intp)]
    leaders = np.empty(0, np.intp)
    for begin in range(0, len(rows), CHUNK):
        alive()
        chunk = rows[begin : begin + CHUNK]
        best, nearest = _nearest(measure, chunk, leaders, within)
        new: list[int] = []
        while (free := np.flatnonzero(np.isinf(best))).size:
            first = int(free[0])
            new.append(int(chunk[first]))
            best[first], nearest[first] = 0.0, chunk[first]
            # The new leader takes pictures after it, also from leaders that are farther away.
            places, _, distances = measure.near(chunk[first + 1 :], chunk[first : first + 1], within)
            is_nearer = distances < best[first + 1 + places]
            taken = first + 1 + places[is_nearer]
            nearest[taken], best[taken] = chunk[first], distances[is_nearer]
        found.append(nearest)
        leaders = np.concatenate([leaders, np.array(new, np.intp)])
    return np.concatenate(found)


def near_any(
    measure: Measure, rows: Rows, others: Rows, within: float, *, alive: Callable[[], None]
) -> NDArray[np.bool_]:
    """Return which of `rows` are within a distance of one of `others`, shape [rows]."""
    found = np.zeros(len(rows), np.bool_)
    for begin in range(0, len(rows), CHUNK):
        alive()
        places, _, _ = measure.near(rows[begin : begin + CHUNK], others, within)
        found[begin + places] = True
    return found


def _nearest(measure: Measure, rows: Rows, leaders: Rows, within: float) -> tuple[Distances, Rows]:
    """Return the smallest distance of each row to a leader, inf beyond `within`, and that leader."""
    best, nearest = np.full(len(rows), np.inf, np.float32), rows.copy()
    places, others, distances = measure.near(rows, leaders, within)
    order = np.lexsort((others, distances))[::-1]  # the last one written is the nearest, then the earliest
    best[places[order]], nearest[places[order]] = distances[order], leaders[others[order]]
    return best, nearest


def _squared_distances(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = np.einsum("nd,nd->n", ones, ones)[:, None] + np.einsum("nd,nd->n", others, others)
    return np.asarray(squares - 2 * (ones @ others.T), np.float32)


def _joined(parts: list[tuple[Rows, Rows, Distances]]) -> tuple[Rows, Rows, Distances]:
    if not parts:
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32)
    ours, theirs, distances = zip(*parts, strict=True)
    return np.concatenate(ours), np.concatenate(theirs), np.concatenate(distances)
