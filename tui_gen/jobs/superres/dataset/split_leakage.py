"""Which training patches are near duplicates of held-out patches, over all films and categories.

    general ┐                     ┌ general/val       a training patch crosses the line if its hash is
    space   ┴─ near one of these ─┴ space/test        near that of any patch that stands on the other side

What is found of a set of patches does not depend on the order in which they were made, and more patches
never clear one that was found: so a run in which they do not count ends with the same patches however it
went. The held-out patch always stays: a validation set is not to change with what is trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.near_duplicates import (
    HASH_BITS,
    Found,
    Hashes,
    Mask,
    NearDuplicates,
    Records,
    near_duplicates_rejected,
)
from tui_gen.jobs.superres.dataset.split import TRAIN, split_of
from tui_gen.jobs.superres.extraction.scoring.scores import NEAR_DUPLICATE
from tui_gen.jobs.superres.units import EXTRACT

NEAR_BITS = 6
"""Hashes that differ in so many bits or fewer are of pictures that look alike."""
_FEW_PAIRS = 1 << 22
"""So many pairs of hashes are held against each other at once; of more, only those in one group."""

_Place = tuple[str, str]
"""Category and source."""


@dataclass(slots=True)
class SplitLeakage:
    """The training patches that are near duplicates of held-out ones; `among` takes in new records."""

    _seen: dict[_Place, int] = field(default_factory=dict)  # marks taken in
    _held_out_clips: dict[_Place, int] = field(
        default_factory=dict
    )  # bit sets of clips that stood when last asked
    _found: dict[_Place, int] = field(default_factory=dict)  # bit sets of clips
    _owners: list[_Place] = field(default_factory=list)
    # One element a training patch, but for the last: hash, clip, the place in `_owners`, and the verdict.
    _hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    _clips: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _owner: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _crosses: Mask = field(default_factory=lambda: np.empty(0, np.bool_))
    _held_out: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    _removed: int = 0  # hashes that had been removed by the last look

    def among(self, records: Records) -> Found:
        """Return those among the patches that stand."""
        hashes = [given for record in records.values() for given in record.stage(EXTRACT).hashes.values()]
        removed = sum(given.removed for given in hashes)
        if self._has_lost(records) or removed != self._removed:
            self._forget()
            self._removed = removed
        known = self._crosses
        self._catch_up(records)
        new = self._crosses.copy()
        new[: len(known)] &= ~known
        for element in np.flatnonzero(new).tolist():
            place = self._owners[self._owner[element]]
            self._found[place] = self._found.get(place, 0) | 1 << int(self._clips[element])
        found: dict[str, dict[str, int]] = {}
        for (category, source), bits in self._found.items():
            if standing := bits & _made(records.get(source), category):
                found.setdefault(category, {})[source] = standing
        return found

    def _has_lost(self, records: Records) -> bool:
        """Return whether patches that were held out are so no longer: lost, or moved to training."""
        return any(
            before & ~_made(records.get(source), category)
            for (category, source), before in self._held_out_clips.items()
        )

    def _forget(self) -> None:
        fresh = SplitLeakage()
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def _catch_up(self, records: Records) -> None:
        hashes, clips, owners, held_out = [self._hashes], [self._clips], [self._owner], [self._held_out]
        for source, record in records.items():
            for category, given in record.stage(EXTRACT).hashes.items():
                place, made = (category, source), record.stage(EXTRACT).made.get(category, 0)
                first = self._seen.get(place, 0)
                self._seen[place] = len(given.clips)
                values = np.array(given.values[first:], np.uint64)
                if split_of(category) == TRAIN:
                    if len(values):
                        hashes.append(values)
                        clips.append(np.array(given.clips[first:], np.int64))
                        owners.append(np.full(len(values), len(self._owners), np.int64))
                        self._owners.append(place)
                else:
                    self._held_out_clips[place] = made
                    stands = [bool(made >> clip & 1) for clip in given.clips[first:]]
                    held_out.append(values[np.array(stands, np.bool_)])
        before, held_out_before = len(self._hashes), len(self._held_out)
        self._hashes, self._clips = np.concatenate(hashes), np.concatenate(clips)
        self._owner, self._held_out = np.concatenate(owners), np.concatenate(held_out)
        old = self._crosses | near_any(self._hashes[:before], self._held_out[held_out_before:])
        self._crosses = np.concatenate([old, near_any(self._hashes[before:], self._held_out)])


@dataclass(frozen=True, slots=True)
class Uncounted:
    """The patches that stand without counting: rejected near duplicates, and those that cross the line."""

    near: NearDuplicates | None
    split_leakage: SplitLeakage

    def among(self, records: Records) -> Found:
        """Return those among the patches that stand."""
        split_leakage = self.split_leakage.among(records)
        return _either(self.near.among(records), split_leakage) if self.near is not None else split_leakage


def uncounted(settings: Settings) -> Uncounted | None:
    """Return what finds them, unless the settings say that none are looked for."""
    if not _is_sought(settings):
        return None
    return Uncounted(near_duplicates_rejected(settings.scores), SplitLeakage())


def split_leakage_now(settings: Settings, records: Records) -> Found | None:
    """Return the training patches that cross the line, or None where none are looked for."""
    return SplitLeakage().among(records) if _is_sought(settings) else None


def _is_sought(settings: Settings) -> bool:
    """Return whether near duplicates were not turned off where the settings hold a part out.

    Where they keep none, what an earlier configuration held out is still held apart.
    """
    holds_out = any(video.split != TRAIN or video.val_share for video in settings.videos)
    return NEAR_DUPLICATE in settings.scores or not holds_out


def _either(one: Found, other: Found) -> Found:
    result: dict[str, dict[str, int]] = {name: dict(sources) for name, sources in one.items()}
    for category, sources in other.items():
        bits = result.setdefault(category, {})
        for source, clips in sources.items():
            bits[source] = bits.get(source, 0) | clips
    return result


def _made(record: SourceRecord | None, category: str) -> int:
    made: Mapping[str, int] = record.stage(EXTRACT).made if record else {}
    return made.get(category, 0)


def near_any(hashes: Hashes, others: Hashes, *, within: int = NEAR_BITS) -> Mask:
    """Return which of the hashes are near one of the others."""
    if len(hashes) * len(others) <= _FEW_PAIRS:
        return _near(hashes, others, within)
    is_near = np.zeros(len(hashes), np.bool_)
    edges = [HASH_BITS * part // (within + 1) for part in range(within + 2)]
    for low, high in pairwise(edges):
        # Cut into one part more than bits may differ, two that are near have one part in common.
        left = np.flatnonzero(~is_near)
        mine, theirs = (_part(values, low, high) for values in (hashes[left], others))
        order, others_order = np.argsort(mine, kind="stable"), np.argsort(theirs, kind="stable")
        theirs = theirs[others_order]
        starts = np.append(np.flatnonzero(np.diff(mine[order], prepend=mine[order][:1] + 1)), len(order))
        for start, end in pairwise(starts.tolist()):
            value = mine[order[start]]
            first, last = np.searchsorted(theirs, [value, value + np.uint64(1)])
            group = left[order[start:end]]
            is_near[group] |= _near(hashes[group], others[others_order[first:last]], within)
    return is_near


def _part(values: Hashes, low: int, high: int) -> Hashes:
    part: Hashes = (values >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
    return part


def _near(hashes: Hashes, others: Hashes, within: int) -> Mask:
    is_near = np.zeros(len(hashes), np.bool_)
    if len(hashes) and len(others):
        step = max(1, _FEW_PAIRS // len(hashes))
        for start in range(0, len(others), step):
            bits = np.bitwise_count(hashes[:, np.newaxis] ^ others[start : start + step])
            is_near |= np.any(bits <= within, axis=1)
    return is_near
