"""Assigns each patch to a part of an export, or leaves it out with a reason. Pure.

    part     the film's part in the configuration, else that of the patch (as made, or as moved by hand)
    training ── within 10 s of a held-out patch, or near one by hash ──> left out

Guards: films of one group, nearby frames of one film and near duplicates are never in two parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.config.settings import Video
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.near_duplicates import Found, Hashes
from tui_gen.jobs.superres.dataset.split import GUARD_SECONDS, TRAIN, Split, part_name
from tui_gen.jobs.superres.dataset.split_leakage import NEAR_BITS, near_any
from tui_gen.jobs.superres.planning.footage import Sources

_CHUNK = 8


@dataclass(frozen=True, slots=True)
class Divided:
    """Every patch with its part; patches that are left out have a reason."""

    parts: tuple[tuple[Sample, Split], ...]
    left_out: Mapping[Sample, str]
    has_hashes: bool  # False: near duplicates could not be looked for

    @property
    def reasons(self) -> Mapping[str, int]:
        """Reason -> number of patches left out for it."""
        return Counter(reason.partition(":")[0] for reason in self.left_out.values())


def divide(
    samples: Sequence[Sample],
    sources: Sources,
    *,
    moved: Mapping[Sample, Split],
    duplicates: Found,
) -> Divided:
    """Divide patches. `moved` are those found in another part's folder, `duplicates` those of the plan."""
    films = dict(sources)
    together = Counter(video.group for video in films.values() if video.group)
    parts, left_out = [], dict[Sample, str]()
    for sample in samples:
        film = films.get(sample.source)
        split = _split(sample, film, moved.get(sample))
        parts.append((sample, split))
        made_for = part_name(sample.category, sample.split)
        if duplicates.get(made_for, {}).get(sample.source, 0) >> sample.index & 1:
            left_out[sample] = "near duplicate in its own category"
        elif split != TRAIN and film and film.split == TRAIN and film.group and together[film.group] > 1:
            left_out[sample] = "its group is for training"
    standing = [(sample, split) for sample, split in parts if sample not in left_out]
    left_out |= _near_in_time(standing)
    standing = [(sample, split) for sample, split in standing if sample not in left_out]
    left_out |= _near_in_looks(standing)
    return Divided(tuple(parts), left_out, any(sample.perceptual_hash is not None for sample in samples))


def _split(sample: Sample, film: Video | None, moved: Split | None) -> Split:
    if film is not None and film.split != TRAIN:
        return film.split
    return moved or sample.split


def _near_in_time(parts: Sequence[tuple[Sample, Split]]) -> Iterator[tuple[Sample, str]]:
    """Yield the training patches within the guard of a held-out patch of the same film, with the reason."""
    held_out: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for sample, split in parts:
        if split != TRAIN:
            held_out[sample.source].append((sample.start_seconds, sample.end_seconds))
    bounds = {source: _merged(windows) for source, windows in held_out.items()}
    reason = f"within {GUARD_SECONDS:g} s of a held-out patch"
    for sample, split in parts:
        if split == TRAIN and sample.source in bounds:
            starts, ends = bounds[sample.source]
            place = bisect_right(ends, sample.start_seconds - GUARD_SECONDS)
            if place < len(starts) and starts[place] < sample.end_seconds + GUARD_SECONDS:
                yield sample, reason


def _merged(windows: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return the begins and the ends of runs of overlapping windows, both ascending."""
    starts: list[float] = []
    ends: list[float] = []
    for start, end in sorted(windows):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _near_in_looks(parts: Sequence[tuple[Sample, Split]]) -> Iterator[tuple[Sample, str]]:
    """Yield the training patches that are near duplicates of held-out patches, with the reason."""
    train = [sample for sample, split in parts if split == TRAIN and sample.perceptual_hash is not None]
    held_out = [sample for sample, split in parts if split != TRAIN and sample.perceptual_hash is not None]
    crosses = near_any(_hashes(train), _hashes(held_out))
    train = [train[place] for place in np.flatnonzero(crosses)]
    nearest = _nearest(_hashes(train), _hashes(held_out))
    for sample, place in zip(train, nearest.tolist(), strict=True):
        if place >= 0:
            yield sample, f"near duplicate of a held-out patch: {held_out[place].key}"


def _hashes(samples: Sequence[Sample]) -> Hashes:
    return np.array([sample.perceptual_hash for sample in samples], np.uint64)


def _nearest(hashes: Hashes, others: Hashes) -> NDArray[np.int64]:
    """Return for each hash the position of the first of the others that is near it, or -1."""
    nearest = np.full(len(hashes), -1, np.int64)
    if not len(hashes):
        return nearest
    for start in reversed(range(0, len(others), _CHUNK)):
        chunk = others[start : start + _CHUNK, np.newaxis]
        is_near = np.bitwise_count(chunk ^ hashes) <= NEAR_BITS
        hits = np.flatnonzero(is_near.any(axis=0))
        nearest[hits] = start + is_near[:, hits].argmax(axis=0)
    return nearest
