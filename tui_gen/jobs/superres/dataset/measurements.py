"""Reads the measured scores from the ledger, also of rejected clips and patches.

Only the ledger is read. A clip or patch that was made again counts once.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.contract.stats import Flagged, Measure, Measured, Measurements, Place
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import PerceptualHashes
from tui_gen.engine.model.work import JsonObject, Made, Patch, Rejected
from tui_gen.engine.storage.ledger import read_events
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.near_duplicates import found_among
from tui_gen.jobs.superres.dataset.standing_patches import standing_patches
from tui_gen.jobs.superres.extraction.scoring.scores import (
    KINDS,
    NEAR_DUPLICATE,
    cut,
    default_rule,
    rounded,
    timing,
)

MOST_PAIRS = 1_000_000_000
"""The most pairs of hashes compared for the distances; with more patches, a sample is compared."""


def measurements(settings: Settings, ledger: Path, names: Mapping[str, str]) -> Measurements:
    """Return the measurements in a ledger; `names` maps the ids of sources to their names."""
    measures = tuple(_measures(settings))
    reading = _Reading({measure.name: measure for measure in measures})
    for event in read_events(ledger, on_damage=[]):
        if isinstance(event, ev.ClipEnded):
            reading.take(event)
        elif isinstance(event, ev.PatchMoved):
            reading.move(event)
    reading.compare()
    measured = Measured(
        measures,
        reading.values,
        names,
        clips=reading.clips,
        patches=reading.patches,
        clips_flagged=reading.clips_flagged,
        patches_flagged=reading.patches_flagged,
        sampled=frozenset({NEAR_DUPLICATE} if reading.is_sampled else ()),
    )
    return Measurements(measured, _FlaggedPatches(ledger, reading.measures))


def _measures(settings: Settings) -> Iterator[Measure]:
    is_rejecting = settings.scene_cuts == "reject"
    yield Measure(
        *("scene_difference", "luma difference of the first and the last frame", "clip"),
        mode="reject" if is_rejecting else "score",
        over=settings.scene_diff_threshold,
    )
    yield Measure("pair_difference", "largest luma difference of two neighbours", "clip", "score")
    for kind in KINDS.values():
        rule = settings.scores.get(kind.name) or default_rule(kind.name, "off")
        yield Measure(
            *(kind.name, kind.meaning, kind.of, rule.mode, rule.under, rule.over),
            is_inclusive=kind.is_inclusive,
        )


def clip_values(record: JsonObject) -> dict[str, float]:
    """Return the values measured on a clip; empty for a line of a version that did not measure them."""
    values = dict(record.get("scores", {}))
    if pairs := record.get("pair_differences"):
        values["scene_difference"] = record["scene_difference"]
        values["pair_difference"] = max(pairs)
        values.setdefault("cut", rounded("cut", cut(pairs)))
    if pts := record.get("pts"):
        values.setdefault("timing", rounded("timing", timing(pts)))
    return values


_Hashes = dict[str, PerceptualHashes]
"""The hashes of one category, by source."""


@dataclass(slots=True)
class _Reading:
    """The measurements read so far."""

    measures: Mapping[str, Measure]
    values: dict[str, dict[Place, array[float]]] = field(default_factory=lambda: defaultdict(dict))
    clips: int = 0
    patches: int = 0
    clips_flagged: int = 0
    patches_flagged: int = 0
    is_sampled: bool = False
    _seen: dict[Place, int] = field(default_factory=dict)  # bit sets of clips
    _hashes: dict[str, _Hashes] = field(default_factory=lambda: defaultdict(dict))
    _flagged: dict[Place, set[int]] = field(default_factory=lambda: defaultdict(set))

    def take(self, event: ev.ClipEnded) -> None:
        outcome = event.outcome
        if not isinstance(outcome, Made | Rejected):
            return
        clip = outcome.clip
        values = clip_values(outcome.record)
        if values and self._is_new(("", clip.source), clip.index):
            self.clips += 1
            self.clips_flagged += self._add(("", clip.source), values)
        if isinstance(outcome, Made):
            for patch in outcome.patches:
                self._take_patch((patch.category, clip.source), clip.index, patch)
            for category, scores in outcome.record.get("rejected_scores", {}).items():
                place = (category, clip.source)
                if self._is_new(place, clip.index):
                    self.patches += 1
                    self.patches_flagged += self._add(place, scores)

    def _take_patch(self, place: Place, clip: int, patch: Patch) -> None:
        if not self._is_new(place, clip):
            return
        self.patches += 1
        if self._add(place, patch.record.get("scores", {})):
            self.patches_flagged += 1
            self._flagged[place].add(clip)
        if patch.perceptual_hash is not None:
            _add_hash(self._hashes, place, clip, patch.perceptual_hash)

    def move(self, event: ev.PatchMoved) -> None:
        """Move a patch's values to the category that the patch is in now."""
        clip, patch = event.clip, event.patch
        old, new = (event.from_category, event.source), (patch.category, event.source)
        if old == new or not self._seen.get(old, 0) >> clip & 1:
            return
        self._seen[old] &= ~(1 << clip)
        self._seen[new] = self._seen.get(new, 0) | 1 << clip
        for name, value in patch.record.get("scores", {}).items():
            given = self.values[name].get(old, array("d"))
            if value in given:
                given.remove(value)
                self.values[name].setdefault(new, array("d")).append(value)
        if clip in self._flagged[old]:
            self._flagged[old].remove(clip)
            self._flagged[new].add(clip)
        given_hashes = self._hashes.get(old[0], {}).get(event.source)
        if given_hashes is not None and patch.perceptual_hash is not None:
            given_hashes.remove(clip)
            _add_hash(self._hashes, new, clip, patch.perceptual_hash)

    def _is_new(self, place: Place, clip: int) -> bool:
        seen = self._seen.get(place, 0)
        self._seen[place] = seen | 1 << clip
        return not seen >> clip & 1

    def _add(self, place: Place, values: Mapping[str, float]) -> bool:
        """Add values; return whether one of them is flagged."""
        for name, value in values.items():
            if name in self.measures:
                self.values[name].setdefault(place, array("d")).append(value)
        return any(
            name in self.measures and self.measures[name].flags(value) for name, value in values.items()
        )

    def compare(self) -> None:
        """Calculate the distance of each patch to the nearest patch before it, and the near duplicates."""
        measure = self.measures[NEAR_DUPLICATE]
        for category, by_source in self._hashes.items():
            hashes = _Compared.of(by_source)
            step = max(1, -(-(len(hashes.values) ** 2) // MOST_PAIRS))
            self.is_sampled |= step > 1
            for place in range(0, len(hashes.values), step):
                distance = hashes.nearest_before(place)
                if distance is not None:
                    key = category, hashes.owners[place]
                    self.values[NEAR_DUPLICATE].setdefault(key, array("d")).append(distance)
            if measure.under is not None:
                for place in hashes.found(int(measure.under)):
                    key = category, hashes.owners[place]
                    self.patches_flagged += int(hashes.clips[place]) not in self._flagged[key]


def _add_hash(hashes: dict[str, _Hashes], place: Place, clip: int, value: int) -> None:
    category, source = place
    hashes[category].setdefault(source, PerceptualHashes()).add(clip, value)


@dataclass(frozen=True, slots=True)
class _Compared:
    """The hashes of one category as arrays: one element per patch."""

    values: NDArray[np.uint64]
    clips: NDArray[np.int64]
    ranks: NDArray[np.int64]  # order by clip, then by the id of the source
    owners: list[str]  # sources

    @classmethod
    def of(cls, hashes: _Hashes) -> _Compared:
        """Concatenate the hashes of all sources, in the order of the sources' ids."""
        parts = [hashes[source] for source in sorted(hashes)]
        clips = np.concatenate([np.array(part.clips, np.int64) for part in parts])
        owners = np.repeat(np.arange(len(parts)), [len(part.clips) for part in parts])
        return cls(
            np.concatenate([np.array(part.values, np.uint64) for part in parts]),
            clips,
            clips * len(parts) + owners,
            [source for source in sorted(hashes) for _ in hashes[source].clips],
        )

    def nearest_before(self, place: int) -> int | None:
        """Return the distance to the nearest patch of lower rank, None for the first patch."""
        before = self.values[self.ranks < self.ranks[place]]
        return int(np.bitwise_count(before ^ self.values[place]).min()) if len(before) else None

    def found(self, within: int) -> list[int]:
        """Return the positions of the patches near a patch of lower rank."""
        return np.flatnonzero(found_among(self.values, self.ranks, within=within)).tolist()


# ------------------------------------------------------------------------------------- the list


@dataclass(frozen=True, slots=True)
class _FlaggedPatches:
    """The existing patches with a score beyond its limit, once for each such score."""

    ledger: Path
    measures: Mapping[str, Measure]

    def __iter__(self) -> Iterator[Flagged]:
        """Read the ledger and yield flagged patches; near duplicates come last."""
        hashes: dict[str, _Hashes] = defaultdict(dict)
        paths: dict[Place, list[str]] = defaultdict(list)  # in the order of the hashes
        for standing in standing_patches(self.ledger):
            clip, patch = standing.clip, standing.patch
            path, place = patch.record["files"]["gt"], (patch.category, clip.clip.source)
            for name, value in (clip_values(clip.record) | patch.record.get("scores", {})).items():
                if name in self.measures and self.measures[name].flags(value):
                    yield Flagged(path, clip.clip.source, name, value)
            if patch.perceptual_hash is not None:
                _add_hash(hashes, place, clip.clip.index, patch.perceptual_hash)
                paths[place].append(path)
        for category, by_source in hashes.items():
            of_category = [path for source in sorted(by_source) for path in paths[category, source]]
            yield from self._near(_Compared.of(by_source), of_category)

    def _near(self, hashes: _Compared, paths: Sequence[str]) -> Iterator[Flagged]:
        within = self.measures[NEAR_DUPLICATE].under
        if within is None:
            return
        for place in hashes.found(int(within)):
            nearest = hashes.nearest_before(place)
            if nearest is not None:
                yield Flagged(paths[place], hashes.owners[place], NEAR_DUPLICATE, nearest)
