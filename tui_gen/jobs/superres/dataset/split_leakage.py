"""Finds training patches that are near duplicates of held-out patches, over all films and categories.

    general ┐                     ┌ general/val       a training patch is found if its hash is near
    space   ┴─ near one of these ─┴ space/test        the hash of any existing held-out patch

The found patches in a set do not depend on the order in which patches were made, and more patches never clear
one. Because they do not count towards targets, every order of a run ends with the same patches. The held-out
patch always stays: the validation set must not depend on the training set.
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
"""The most differing bits of the hashes of two similar pictures."""
_FEW_PAIRS = 1 << 22
"""The most pairs of hashes compared directly; larger sets are first grouped by equal parts of the hash."""

_Place = tuple[str, str]
"""Category and source."""


@dataclass(slots=True)
class SplitLeakage:
    """The training patches that are near duplicates of held-out patches; `among` processes new records."""

    _seen: dict[_Place, int] = field(default_factory=dict)  # number of hashes processed
    _held_out_clips: dict[_Place, int] = field(
        default_factory=dict
    )  # bit sets of clips that existed at the last call
    _found: dict[_Place, int] = field(default_factory=dict)  # bit sets of clips
    _owners: list[_Place] = field(default_factory=list)
    # One element per training patch (the last array: per held-out patch): hash, clip, position in `_owners`.
    _hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    _clips: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _owner: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _crosses: Mask = field(default_factory=lambda: np.empty(0, np.bool_))
    _held_out: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    _removed: int = 0  # the number of hashes removed from the records, at the last call

    def among(self, records: Records) -> Found:
        """Return the existing training patches that are near duplicates of existing held-out patches."""
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
        """Return whether a patch is no longer held out: lost, or moved to training."""
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
    """Finds the existing patches that do not count: rejected near duplicates, and split leakage."""

    near: NearDuplicates | None
    split_leakage: SplitLeakage

    def among(self, records: Records) -> Found:
        """Return the existing patches that do not count."""
        split_leakage = self.split_leakage.among(records)
        return _either(self.near.among(records), split_leakage) if self.near is not None else split_leakage


def uncounted(settings: Settings) -> Uncounted | None:
    """Return a finder of patches that do not count, or None if the settings turn it off."""
    if not _is_sought(settings):
        return None
    return Uncounted(near_duplicates_rejected(settings.scores), SplitLeakage())


def split_leakage_now(settings: Settings, records: Records) -> Found | None:
    """Return the training patches that are near duplicates of held-out patches, or None if turned off."""
    return SplitLeakage().among(records) if _is_sought(settings) else None


def _is_sought(settings: Settings) -> bool:
    """Return whether near duplicates of held-out patches are looked for.

    They are, unless a part is held out and `near_duplicate` is off. Without a held-out part, patches that an
    earlier configuration held out still count as held out.
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
    """Return which hashes are near one of the others."""
    if len(hashes) * len(others) <= _FEW_PAIRS:
        return _near(hashes, others, within)
    is_near = np.zeros(len(hashes), np.bool_)
    edges = [HASH_BITS * part // (within + 1) for part in range(within + 2)]
    for low, high in pairwise(edges):
        # Pigeonhole: split each hash into within + 1 parts; two near hashes share at least one part.
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
