"""The steps of the classification: each takes the labels of the crops and returns new ones.

    clustered ─> extracted ─> referenced ─> metadata_mapped ─> merged ─> extracted ─> filtered

Labels are those of classify/material.py. Pinned crops keep theirs in every step. All decisions of a step rest
on the labels at its beginning, so that the order of the crops decides nothing; equal values are decided by
the smaller label. The steps and their constants follow anime_screenshot_pipeline (anime2sd/classif), whose
cluster 0 is never merged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.anime.classify.likeness import Likeness, Rows, likeness, same_between
from tui_gen.jobs.anime.classify.material import KEPT_AS_NOISE, NOISE, Material
from tui_gen.jobs.anime.classify.optics import optics_labels

_LIKE_REFERENCES = 0.01  # share of a character's references that a cluster is like: forms of it differ
_LIKE_SORTED = 0.5  # the same where all references are crops of a folder that was named by hand
_SORTED_BY_HAND = 0.25  # crops of a label that are like a cluster, for each crop of the cluster
_WITH_NAME = 0.6  # share of a cluster whose metadata name the character
_NEAR_REFERENCE = 0.5  # of the threshold: one reference is enough that near


@dataclass(frozen=True, slots=True)
class Limits:
    """When a crop is like a group: a share of its members, or a number of them, is within the threshold."""

    share: float
    count: int

    def holds(self, share: NDArray[np.float64], count: Rows) -> NDArray[np.bool_]:
        """Return for each crop whether one of the two is reached."""
        return (share >= self.share) | (count >= self.count)


def clustered(material: Material, *, min_samples: int) -> Rows:
    """Return the labels after clustering all crops, the pinned ones among them (step 1).

    Pinned crops have their own label; the others of their cluster keep the cluster.
    """
    count = len(material.ids)
    clusters = optics_labels(material.differences[:count, :count], min_samples=min_samples)
    labels = np.where(clusters >= 0, clusters + material.first_cluster, NOISE)
    return np.where(material.is_pinned, material.given, labels)


def extracted(material: Material, labels: Rows, *, limits: Limits, with_references: bool) -> Rows:
    """Assign noise to references and groups (steps 2 and 6).

    A crop gets the label of the nearest reference if that is nearer than the mean of the nearest group and at
    most half the threshold away. Else it goes to the group with the smallest mean difference if it is like
    that. Else it goes to the only character that its metadata name. Metadata must not speak against a label.
    """
    labels = labels.copy()
    noise = np.flatnonzero(labels == NOISE)
    if not len(noise):
        return labels
    groups = likeness(material.differences, noise, labels, material.threshold)
    best, mean, is_like = _best_groups(groups, len(noise), limits)
    is_like &= _may_be(material, noise, best)
    found = np.where(is_like, best, _only_names(material, noise))
    if with_references and len(material.reference_rows):
        nearest, difference = _nearest_references(material, noise)
        is_near = (difference < mean) & (difference <= material.threshold * _NEAR_REFERENCE)
        is_near &= material.agrees[noise, nearest]
        found = np.where(is_near, nearest, found)
    labels[noise] = _without_repelled(material, found)
    return labels


def referenced(material: Material, labels: Rows) -> Rows:
    """Assign clusters to the characters of references (step 3).

    A cluster goes to the label of the reference with the smallest mean difference to it, if at least 1 % of
    the label's references have a mean of at most the threshold; half of them where all are crops that were
    sorted by hand: a renamed group has odd ones among many.

    Crops that were sorted by hand are references of a cluster only if those of the label with such a mean are
    at least a quarter as many as the crops of the cluster. Hands take single crops out of a cluster because
    they do not belong to it: the cluster must not follow them, neither to a character nor to noise.
    """
    labels = labels.copy()
    of_references = material.reference_labels
    is_by_hand = material.reference_rows < len(material.ids)
    for members in list(_clusters(material, labels)):
        means = material.differences[members][:, material.reference_rows].mean(axis=0, dtype=np.float64)
        is_like = means <= material.threshold
        by_hand = np.bincount(of_references[is_like & is_by_hand], minlength=material.first_cluster)
        counts = ~is_by_hand | (by_hand[of_references] >= _SORTED_BY_HAND * len(members))
        if not counts.any():
            continue
        # Of equal means the smaller label: references are ordered by label.
        label = int(of_references[np.argmin(np.where(counts, means, np.inf))])
        needed = _LIKE_REFERENCES if material.is_known[label] else _LIKE_SORTED
        if is_like[counts & (of_references == label)].mean() >= needed:
            taken = members[material.agrees[members, label]]
            labels[taken] = label if label < material.first_repelling else KEPT_AS_NOISE
    return labels


def metadata_mapped(material: Material, labels: Rows, *, accept_multiple: bool) -> tuple[Rows, list[str]]:
    """Assign clusters to the character that the metadata of at least 60 % of their crops name (step 4).

    Where several are named equally often, each crop goes to the first of them that its metadata name, or,
    without `accept_multiple`, nothing is assigned. Also returns a message for each cluster left for that
    reason.
    """
    labels = labels.copy()
    problems: list[str] = []
    for members in list(_clusters(material, labels)):
        named = material.carries[members].sum(axis=0)
        if not len(named) or named.max() < _WITH_NAME * len(members):
            continue
        candidates = np.flatnonzero(named == named.max())
        if len(candidates) > 1 and not accept_multiple:
            problems.append(_ambiguity(material, members, candidates.tolist()))
            continue
        waiting = members
        for label in candidates.tolist():
            is_taken = material.agrees[waiting, label]
            labels[waiting[is_taken]] = label
            waiting = waiting[~is_taken]
    return labels, problems


def merged(material: Material, labels: Rows, threshold: float) -> Rows:
    """Merge clusters into clusters and characters, the most alike pair first (step 5).

    A pair is merged if at least `threshold` of its pairs of crops are within the threshold of differences.
    Two characters never are. Crops whose metadata speak against the character stay behind. A character that
    is known from single crops sorted by hand takes no cluster that is over four times as large, as in step 3.
    """
    labels = labels.copy()
    apart: set[tuple[int, int]] = set()  # merged as far as metadata let them be
    groups, sizes, pairs = same_between(material.differences, labels, material.threshold)
    while True:
        shares = np.where(_may_merge(material, groups, sizes, apart), pairs / np.outer(sizes, sizes), -1)
        if not shares.size or shares.max() < threshold or shares.max() <= 0:
            return labels
        first, second = np.unravel_index(int(np.argmax(shares)), shares.shape)
        members = np.flatnonzero(labels == groups[second])
        taken = members[_may_be(material, members, np.full(len(members), groups[first]))]
        labels[taken] = groups[first]
        if len(taken) < len(members):
            apart.add((int(groups[first]), int(groups[second])))
            groups, sizes, pairs = same_between(material.differences, labels, material.threshold)
        else:
            groups, sizes, pairs = _joined(groups, sizes, pairs, int(first), int(second))


def without_clusters(material: Material, labels: Rows) -> Rows:
    """Make all clusters without a name noise (step 5 without keep_unnamed_clusters)."""
    return np.where(labels >= material.first_cluster, NOISE, labels)


def without_single_crops(material: Material, labels: Rows) -> Rows:
    """Make noise of clusters without a name that have one crop: the rest of what was sorted by hand."""
    sizes = np.bincount(np.maximum(labels, 0))
    is_single = (labels >= material.first_cluster) & (sizes[np.maximum(labels, 0)] == 1)
    return np.where(is_single, NOISE, labels)


def filtered(material: Material, labels: Rows, *, limits: Limits) -> Rows:
    """Make noise of crops that are not like their own group, themselves counted (step 7)."""
    rows = np.flatnonzero((labels >= 0) & ~material.is_pinned)
    groups = likeness(material.differences, rows, labels, material.threshold)
    own = np.searchsorted(groups.groups, labels[rows])
    places = np.arange(len(rows))
    is_like = limits.holds(groups.shares[places, own], groups.same[places, own])
    labels = labels.copy()
    labels[rows[~is_like]] = NOISE
    return labels


def _clusters(material: Material, labels: Rows) -> Iterator[Rows]:
    """Yield the rows of each cluster without a name."""
    for cluster in np.unique(labels[labels >= material.first_cluster]).tolist():
        yield np.flatnonzero(labels == cluster)


def _best_groups(
    groups: Likeness, count: int, limits: Limits
) -> tuple[Rows, NDArray[np.float64], NDArray[np.bool_]]:
    """Return each crop's group with the smallest mean difference, that mean, and whether it is like it."""
    if not len(groups.groups):
        return np.full(count, NOISE), np.full(count, np.inf), np.zeros(count, dtype=np.bool_)
    best, places = np.argmin(groups.means, axis=1), np.arange(count)
    is_like = limits.holds(groups.shares[places, best], groups.same[places, best])
    return groups.groups[best], groups.means[places, best], is_like


def _nearest_references(material: Material, rows: Rows) -> tuple[Rows, NDArray[np.float32]]:
    """Return the label of each row's nearest reference, of equal ones the smaller, and its difference."""
    differences = material.differences[rows][:, material.reference_rows]
    nearest = np.argmin(differences, axis=1)  # the first: references are ordered by label
    return material.reference_labels[nearest], differences[np.arange(len(rows)), nearest]


def _only_names(material: Material, rows: Rows) -> Rows:
    """Return the label of the only character that metadata name for each row, NOISE for none or several."""
    carried = material.carries[rows]
    if not carried.shape[1]:
        return np.full(len(rows), NOISE)
    return np.where(carried.sum(axis=1) == 1, np.argmax(carried, axis=1), NOISE)


def _may_be(material: Material, rows: Rows, labels: Rows) -> NDArray[np.bool_]:
    """Return whether the metadata of each row agree with a label. Clusters without a name agree with all."""
    agrees = np.ones(len(rows), dtype=np.bool_)
    is_named = (labels >= 0) & (labels < material.first_cluster)
    agrees[is_named] = material.agrees[rows[is_named], labels[is_named]]
    return agrees


def _without_repelled(material: Material, labels: Rows) -> Rows:
    repels = (labels >= material.first_repelling) & (labels < material.first_cluster)
    return np.where(repels, KEPT_AS_NOISE, labels)


def _ambiguity(material: Material, members: Rows, candidates: Sequence[int]) -> str:
    names = ", ".join(_path(material, label) for label in candidates)
    return (
        f"a cluster of {len(members)} crops, {material.ids[members[0]]} among them, has metadata that name"
        f" several characters equally often ({names}): it gets none of these names; rename its folder, or"
        " set accept_multiple_candidates"
    )


def _path(material: Material, label: int) -> str:
    name = material.names[label]
    return name if isinstance(name, str) else name.path


def _may_merge(
    material: Material, groups: Rows, sizes: Rows, apart: Collection[tuple[int, int]]
) -> NDArray[np.bool_]:
    """Return which pairs of groups may be merged, the second into the first, shape [g, g]."""
    may = np.triu(np.ones((len(groups), len(groups)), dtype=np.bool_), k=1)
    may[:, groups < material.first_cluster] = False
    named = groups[groups < material.first_cluster]
    # Crops that joined a label in earlier steps do not count: else it takes one small cluster after another.
    given = material.given[material.given >= 0]
    by_hand = np.bincount(given, minlength=material.first_cluster)
    for row in np.flatnonzero(~material.is_known[named]).tolist():
        may[row] &= by_hand[named[row]] >= _SORTED_BY_HAND * sizes
    places = {label: place for place, label in enumerate(groups.tolist())}
    for first, second in apart:
        if first in places and second in places:
            may[places[first], places[second]] = False
    return may


def _joined(groups: Rows, sizes: Rows, pairs: Rows, first: int, second: int) -> tuple[Rows, Rows, Rows]:
    """Return groups, sizes and like pairs after the second group has gone into the first."""
    sizes, pairs = sizes.copy(), pairs.copy()
    sizes[first] += sizes[second]
    pairs[first] += pairs[second]
    pairs[:, first] += pairs[:, second]
    kept = np.arange(len(groups)) != second
    return groups[kept], sizes[kept], pairs[kept][:, kept]
