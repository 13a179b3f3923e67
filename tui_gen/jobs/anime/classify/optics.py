"""OPTICS with the xi method: clusters of points of which only the pairwise differences are known.

The results equal those of scikit-learn's `OPTICS(min_samples, metric="precomputed", xi=xi)`, whose package
and dependencies take more room than the rest of the program. Sources:

[1] Ankerst, Breunig, Kriegel, Sander: OPTICS: ordering points to identify the clustering structure, 1999
[2] Schubert, Gertz: Improving the cluster structure extracted from OPTICS plots, LWDA 2018

scikit-learn differs from [1] in three ways, and so does this module: an infinite value ends the plot, a steep
downward point is r(p) (1 - xi) >= r(p + 1), and Definition 11.4c seeks the last value above the start's.
Distances are rounded to 15 decimals, so that two sums of the same terms are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float64]
Places = NDArray[np.intp]

XI = 0.05
"""The relative fall or rise of the reachability that bounds a cluster; scikit-learn's default."""
NOISE_LABEL = -1
_DECIMALS = 15  # decimals that a float64 holds surely
_ROWS = 256  # rows of the matrix that are in memory as float64 at a time


@dataclass(frozen=True, slots=True)
class Reachability:
    """The points in the order in which OPTICS visits them, and how they are reached. All have shape [n]."""

    order: Places  # the points, the first visited first
    core_distances: Distances  # by point: the difference to the min_samples-th nearest point, itself counted
    distances: Distances  # by point; infinite where a new component begins
    predecessors: Places  # by point: the point it is reached from, or -1


@dataclass(frozen=True, slots=True)
class _Descent:
    """A steep downward area of the plot: its first and last place, and the highest value after it."""

    start: int
    end: int
    highest_after: float = 0.0


def optics_labels(differences: NDArray[np.float32], *, min_samples: int, xi: float = XI) -> Places:
    """Return the cluster of each point, shape [n], from 0; -1 is noise.

    `differences` has shape [n, n], is symmetric and 0 on its diagonal. Fewer points than min_samples are
    noise.
    """
    if len(differences) < min_samples:
        return np.full(len(differences), NOISE_LABEL, dtype=np.intp)
    return labels_of(reachability_of(differences, min_samples), min_samples=min_samples, xi=xi)


def reachability_of(differences: NDArray[np.float32], min_samples: int) -> Reachability:
    """Order the points by reachability ([1], figures 5 to 7, without a limit of the radius).

    Next is the point with the smallest reachability; of equal ones, that with the smallest number. Takes
    O(n^2) time and O(n) memory besides the matrix. Raises ValueError for fewer points than min_samples.
    """
    count = len(differences)
    if not 1 < min_samples <= count:
        message = (
            f"min_samples is {min_samples}: it must be at least 2 and at most the number of points, {count}"
        )
        raise ValueError(message)
    cores = _core_distances(differences, min_samples)
    distances = np.full(count, np.inf)
    waiting = np.full(count, np.finfo(np.float64).max)  # inf once visited, so that the unreached come before
    predecessors = np.full(count, -1, dtype=np.intp)
    order = np.empty(count, dtype=np.intp)
    for place in range(count):
        point = int(np.argmin(waiting))
        order[place] = point
        waiting[point] = np.inf
        reached = np.maximum(differences[point], cores[point], dtype=np.float64)
        np.around(reached, decimals=_DECIMALS, out=reached)
        nearer = np.flatnonzero((reached < waiting) & (waiting < np.inf))
        waiting[nearer] = distances[nearer] = reached[nearer]
        predecessors[nearer] = point
    return Reachability(order, cores, distances, predecessors)


def _core_distances(differences: NDArray[np.float32], min_samples: int) -> Distances:
    """Return the min_samples-th smallest value of each row, shape [n]."""
    nearest = [
        np.partition(differences[start : start + _ROWS], min_samples - 1, axis=1)[:, min_samples - 1]
        for start in range(0, len(differences), _ROWS)
    ]
    cores = np.concatenate(nearest).astype(np.float64)
    return np.around(cores, decimals=_DECIMALS, out=cores)


def labels_of(reached: Reachability, *, min_samples: int, xi: float = XI) -> Places:
    """Return the cluster of each point by the xi method, shape [n], from 0; -1 is noise.

    Of nested clusters the innermost counts. A cluster has at least min_samples points.
    """
    by_place = np.full(len(reached.order), NOISE_LABEL, dtype=np.intp)
    label = 0
    for start, end in xi_clusters(reached, min_samples=min_samples, xi=xi):
        if np.all(by_place[start : end + 1] == NOISE_LABEL):
            by_place[start : end + 1] = label
            label += 1
    labels = np.empty_like(by_place)
    labels[reached.order] = by_place
    return labels


def xi_clusters(reached: Reachability, *, min_samples: int, xi: float = XI) -> list[tuple[int, int]]:
    """Return all clusters as first and last place in the order, inner before outer ([1], figure 19)."""
    plot = np.append(reached.distances[reached.order], np.inf)
    steep = _Steepness.of(plot, xi)
    sources = _places_of_predecessors(reached)
    clusters: list[tuple[int, int]] = []
    descents: list[_Descent] = []
    place, highest = 0, 0.0
    for start in np.flatnonzero(steep.down | steep.up).tolist():
        if start < place:  # inside the area before
            continue
        highest = max(highest, float(plot[place : start + 1].max()))
        descents = _still_open(descents, highest, plot, xi)
        if steep.down[start]:
            end = _end_of_area(steep.down, steep.rising, start, min_samples)
            descents.append(_Descent(start, end))
        else:
            end = _end_of_area(steep.up, steep.falling, start, min_samples)
            found = list(_clusters_between(descents, (start, end), plot, sources, xi))
            clusters += [each for each in reversed(found) if each[1] - each[0] + 1 >= min_samples]
        place = end + 1
        highest = float(plot[place])
    return clusters


@dataclass(frozen=True, slots=True)
class _Steepness:
    """How the plot goes on after each place, shape [n] of bool ([1], definition 9)."""

    down: NDArray[np.bool_]  # steeply
    up: NDArray[np.bool_]
    falling: NDArray[np.bool_]  # at all
    rising: NDArray[np.bool_]

    @classmethod
    def of(cls, plot: Distances, xi: float) -> _Steepness:
        with np.errstate(invalid="ignore", divide="ignore"):  # duplicates: 0/0; components: inf/inf
            ratio = plot[:-1] / plot[1:]
            return cls(ratio >= 1 / (1 - xi), ratio <= 1 - xi, ratio > 1, ratio < 1)


def _places_of_predecessors(reached: Reachability) -> Places:
    """Return at which place the predecessor of each place's point is visited, shape [n]; -1 for none."""
    places = np.empty_like(reached.order)
    places[reached.order] = np.arange(len(places))
    predecessors = reached.predecessors[reached.order]
    return np.where(predecessors < 0, -1, places[predecessors])


def _still_open(descents: Sequence[_Descent], highest: float, plot: Distances, xi: float) -> list[_Descent]:
    """Return the descents that begin above what came after them, with that value."""
    if np.isinf(highest):
        return []
    return [
        replace(each, highest_after=max(each.highest_after, highest))
        for each in descents
        if highest <= plot[each.start] * (1 - xi)
    ]


def _end_of_area(steep: NDArray[np.bool_], contrary: NDArray[np.bool_], start: int, min_samples: int) -> int:
    """Return the last steep place of an area with at most min_samples flat places in a row ([1], def. 10)."""
    end, flat = start, 0
    for place in range(start, len(steep)):
        if steep[place]:
            end, flat = place, 0
        elif contrary[place]:
            break
        else:
            flat += 1
            if flat > min_samples:
                break
    return end


def _clusters_between(
    descents: Sequence[_Descent], ascent: tuple[int, int], plot: Distances, sources: Places, xi: float
) -> Iterator[tuple[int, int]]:
    """Yield the clusters that begin in a descent and end in the ascent ([1], definition 11)."""
    first, last = ascent
    for descent in descents:
        after, top = plot[last + 1], plot[descent.start]
        if after * (1 - xi) < descent.highest_after:
            continue
        start, end = descent.start, last
        if top * (1 - xi) >= after:  # 4b: begin where the values are like those after the end
            while plot[start + 1] > after and start < descent.end:
                start += 1
        elif after * (1 - xi) >= top:  # 4c: end where the values are like those at the beginning
            while plot[end - 1] > top and end > first:
                end -= 1
        corrected = _corrected_end(start, end, plot, sources)
        if corrected is not None and start <= descent.end and corrected >= first:
            yield start, corrected


def _corrected_end(start: int, end: int, plot: Distances, sources: Places) -> int | None:
    """Return the last place that lies lower than the start or is reached from within ([2], algorithm 2)."""
    places = np.arange(start + 1, end + 1)
    inside = np.flatnonzero((plot[places] < plot[start]) | (sources[places] >= start))
    return int(places[inside[-1]]) if len(inside) else None
