"""Finds near duplicates by their perceptual hashes, within a category, within films and across films.

    rank: clip number, then film id       a patch is a near duplicate if a patch of lower rank is near it,
    0a 0b 1a 1b 2a ...                    whether or not that patch is a near duplicate itself

The near duplicates in a set of patches therefore do not depend on the order in which the patches were made,
and more patches never clear a near duplicate. The plan counts near duplicates as rejected and plans the next
clips instead. Each clip is planned by lower ranks alone, so a run ends with the same patches for every order
of the work, number of workers and crash.

This module changes no file: near duplicates stay where they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.stage_records import PerceptualHashes, SourceRecord
from tui_gen.engine.model.work import Plan
from tui_gen.jobs.superres.extraction.scoring.scores import NEAR_DUPLICATE, Rules
from tui_gen.jobs.superres.units import EXTRACT

HASH_BITS = 64
FEW = 64
"""Up to this number of new patches are compared one by one; more are compared all together."""
_CHUNK = 512

Records = Mapping[str, SourceRecord]
Found = Mapping[str, Mapping[str, int]]
"""Category -> source -> bit set of clips."""
Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class NearDuplicates:
    """The near duplicates among all patches made so far; `among` processes new records."""

    within: int  # the most bits that differ in near hashes
    _categories: dict[str, _Category] = field(default_factory=dict)

    def among(self, records: Records) -> Found:
        """Return the near duplicates among the existing patches."""
        hashes: dict[str, dict[str, PerceptualHashes]] = defaultdict(dict)
        for source, record in records.items():
            for name, given in record.stage(EXTRACT).hashes.items():
                hashes[name][source] = given
        for name, by_source in hashes.items():
            self._categories.setdefault(name, _Category(self.within)).catch_up(by_source)
        return {
            name: {
                source: standing
                for source, bits in category.found.items()
                if (standing := bits & records[source].stage(EXTRACT).made.get(name, 0))
            }
            for name, category in self._categories.items()
        }


def near_duplicates_rejected(rules: Rules) -> NearDuplicates | None:
    """Return a finder of near duplicates if the rules reject them, else None."""
    rule = rules.get(NEAR_DUPLICATE)
    if rule is None or rule.mode != "reject" or rule.under is None:
        return None
    return NearDuplicates(int(rule.under))


class Finder(Protocol):
    """Finds existing patches that do not count towards targets."""

    def among(self, records: Records) -> Found:
        """Return the existing patches that do not count."""
        ...


def planned_without(near: Finder | None, records: Records, plan: Callable[[Records], Plan]) -> Plan:
    """Return the plan made from records in which the found patches count as rejected."""
    found = near.among(records) if near is not None else {}
    return with_surplus(plan(discounted(records, found)), found)


def discounted(records: Records, found: Found) -> dict[str, SourceRecord]:
    """Return records in which the found patches count as rejected instead of made."""
    result = dict(records)
    for category, sources in found.items():
        for source, bits in sources.items():
            record = result[source]
            stage = record.stage(EXTRACT)
            made = stage.made | {category: stage.made[category] & ~bits}
            rejected = stage.rejected_for | {category: stage.rejected_for.get(category, 0) | bits}
            counted = replace(stage, made=made, rejected_for=rejected)
            result[source] = record.with_stage(EXTRACT, counted)
    return result


def with_surplus(plan: Plan, found: Found) -> Plan:
    """Return the plan with the number of existing patches that do not count."""
    counts = {name: sum(bits.bit_count() for bits in sources.values()) for name, sources in found.items()}
    categories = {
        name: replace(category, planned=category.planned + counts.get(name, 0), surplus=counts.get(name, 0))
        for name, category in plan.categories.items()
    }
    return replace(plan, categories=categories)


@dataclass(slots=True)
class _Category:
    """The patches of one category, and the near duplicates among them."""

    within: int
    found: dict[str, int] = field(default_factory=dict)  # source -> bit set of clips
    _seen: dict[str, int] = field(default_factory=dict)  # source -> number of hashes processed
    # One element per patch: hash, clip, and the number of the source in the order of `_seen`.
    _hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    _clips: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    _owners: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    _is_found: Mask = field(default_factory=lambda: np.empty(0, np.bool_))
    _removed: int = 0  # the number of hashes removed from the records, at the last call

    def catch_up(self, hashes: Mapping[str, PerceptualHashes]) -> None:
        """Process the new hashes of each source."""
        removed = sum(given.removed for given in hashes.values())
        if removed != self._removed:  # patches were moved to another category
            self._forget(removed)
        before = len(self._hashes)
        self._take_in(hashes)
        new = range(before, len(self._hashes))
        if not new:
            return
        known, ranks = self._is_found.copy(), self._ranks()
        if len(new) > FEW:
            self._is_found |= found_among(self._hashes, ranks, within=self.within)
        else:
            for place in new:
                is_near = np.bitwise_count(self._hashes ^ self._hashes[place]) <= self.within
                self._is_found |= is_near & (ranks > ranks[place])
                self._is_found[place] |= bool(np.any(is_near & (ranks < ranks[place])))
        sources = list(self._seen)
        for place in np.flatnonzero(self._is_found & ~known).tolist():
            source = sources[self._owners[place]]
            self.found[source] = self.found.get(source, 0) | 1 << int(self._clips[place])

    def _forget(self, removed: int) -> None:
        """Start again with all remaining hashes."""
        self._removed = removed
        self.found.clear()
        self._seen.clear()
        self._hashes, self._is_found = np.empty(0, np.uint64), np.empty(0, np.bool_)
        self._clips, self._owners = np.empty(0, np.int64), np.empty(0, np.int64)

    def _take_in(self, hashes: Mapping[str, PerceptualHashes]) -> None:
        values, clips, owners = [self._hashes], [self._clips], [self._owners]
        for source, given in hashes.items():
            first = self._seen.setdefault(source, 0)
            if len(given.clips) > first:
                self._seen[source] = len(given.clips)
                values.append(np.array(given.values[first:], np.uint64))
                clips.append(np.array(given.clips[first:], np.int64))
                number = list(self._seen).index(source)
                owners.append(np.full(len(clips[-1]), number, np.int64))
        if len(values) > 1:
            self._hashes = np.concatenate(values)
            self._clips, self._owners = np.concatenate(clips), np.concatenate(owners)
            more = len(self._hashes) - len(self._is_found)
            self._is_found = np.concatenate([self._is_found, np.zeros(more, np.bool_)])

    def _ranks(self) -> Numbers:
        """Return the rank of each patch: by clip, then by the id of its film."""
        sources = list(self._seen)
        places = {source: place for place, source in enumerate(sorted(sources))}
        order = np.array([places[source] for source in sources], np.int64)
        ranks: Numbers = self._clips * len(sources) + order[self._owners]
        return ranks


def found_among(hashes: Hashes, ranks: Numbers, *, within: int) -> Mask:
    """Return which hashes are near a hash of lower rank, or equal to one."""
    order = np.argsort(ranks, kind="stable")
    ordered, ranked = hashes[order], ranks[order]
    # Compare only the first of equal hashes.
    _, first, which = np.unique(ordered, return_index=True, return_inverse=True)
    leaders = np.sort(first)
    is_near = np.zeros(len(hashes), np.bool_)
    is_near[leaders] = _near_an_earlier(ordered[leaders], within)
    leader = first[which]
    is_found = np.empty(len(hashes), np.bool_)
    # A patch that was made again has the rank of the first version.
    is_found[order] = is_near[leader] | (ranked > ranked[leader])
    return is_found


def _near_an_earlier(hashes: Hashes, within: int) -> Mask:
    """Return which hashes are near a hash before them.

    Pigeonhole: split each hash into within + 1 parts; two hashes within `within` bits share at least one
    part.
    """
    is_near = np.zeros(len(hashes), np.bool_)
    edges = [HASH_BITS * part // (within + 1) for part in range(within + 2)]
    for low, high in pairwise(edges):
        parts = (hashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        order = np.argsort(parts, kind="stable")
        starts = np.flatnonzero(np.diff(parts[order])) + 1
        for group in np.split(order, starts):
            for start in range(0, len(group), _CHUNK):
                later = group[start : start + _CHUNK]
                later = later[~is_near[later]]
                earlier = group[: start + _CHUNK]
                bits = np.bitwise_count(hashes[later, np.newaxis] ^ hashes[earlier])
                is_near[later] |= np.any((bits <= within) & (earlier < later[:, np.newaxis]), axis=1)
    return is_near
