"""Reads from the ledger what was measured, also on what was rejected; what costs nothing is always there.

Only the ledger is read. A clip or patch that was made again counts once.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tui_gen.contract.stats import Flagged, Measure, Measured, Measurements, Place
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import JsonObject, Made, Patch, Rejected
from tui_gen.engine.storage.ledger import read_events
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.near_duplicates import found_among
from tui_gen.jobs.superres.extraction.scoring.scores import (
    KINDS,
    NEAR_DUPLICATE,
    cut,
    default_rule,
    rounded,
    timing,
)

MOST_PAIRS = 1_000_000_000
"""So many pairs of hashes are compared for the distances; with more patches, only some are looked up."""


def measurements(settings: Settings, ledger: Path, names: Mapping[str, str]) -> Measurements:
    """Return what a ledger tells; `names` are those of the sources."""
    measures = tuple(_measures(settings))
    reading = _Reading({measure.name: measure for measure in measures})
    for event in read_events(ledger, on_damage=[]):
        if isinstance(event, ev.ClipEnded):
            reading.take(event)
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
    """Return what was measured on a clip; nothing for one whose line is older than its measures."""
    values = dict(record.get("scores", {}))
    if pairs := record.get("pair_differences"):
        values["scene_difference"] = record["scene_difference"]
        values["pair_difference"] = max(pairs)
        values.setdefault("cut", rounded("cut", cut(pairs)))
    if pts := record.get("pts"):
        values.setdefault("timing", rounded("timing", timing(pts)))
    return values


@dataclass(slots=True)
class _Hashes:
    """The hashes of one category."""

    values: array[int] = field(default_factory=lambda: array("Q"))
    clips: array[int] = field(default_factory=lambda: array("q"))
    sources: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    measures: Mapping[str, Measure]
    values: dict[str, dict[Place, array[float]]] = field(default_factory=lambda: defaultdict(dict))
    clips: int = 0
    patches: int = 0
    clips_flagged: int = 0
    patches_flagged: int = 0
    is_sampled: bool = False
    _seen: dict[Place, int] = field(default_factory=dict)  # bit sets of clips
    _hashes: dict[str, _Hashes] = field(default_factory=lambda: defaultdict(_Hashes))
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
            hashes = self._hashes[place[0]]
            hashes.values.append(patch.perceptual_hash)
            hashes.clips.append(clip)
            hashes.sources.append(place[1])

    def _is_new(self, place: Place, clip: int) -> bool:
        seen = self._seen.get(place, 0)
        self._seen[place] = seen | 1 << clip
        return not seen >> clip & 1

    def _add(self, place: Place, values: Mapping[str, float]) -> bool:
        """Keep values and return whether one of them is flagged."""
        for name, value in values.items():
            if name in self.measures:
                self.values[name].setdefault(place, array("d")).append(value)
        return any(
            name in self.measures and self.measures[name].flags(value) for name, value in values.items()
        )

    def compare(self) -> None:
        """Find how far each patch is from the nearest one before it, and which are near duplicates."""
        measure = self.measures[NEAR_DUPLICATE]
        for category, hashes in self._hashes.items():
            values, ranks = np.array(hashes.values, np.uint64), _ranks(hashes)
            step = -(-(len(values) ** 2) // MOST_PAIRS)
            self.is_sampled |= step > 1
            for place in range(0, len(values), step):
                before = values[ranks < ranks[place]]
                if len(before):
                    distance = int(np.bitwise_count(before ^ values[place]).min())
                    key = category, hashes.sources[place]
                    self.values[NEAR_DUPLICATE].setdefault(key, array("d")).append(distance)
            if measure.under is not None:
                found = found_among(values, ranks, within=int(measure.under))
                for place in np.flatnonzero(found).tolist():
                    key = category, hashes.sources[place]
                    self.patches_flagged += hashes.clips[place] not in self._flagged[key]


def _ranks(hashes: _Hashes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a number for each patch: by clip, then by the id of its film."""
    order = {source: place for place, source in enumerate(sorted(set(hashes.sources)))}
    owners = np.array([order[source] for source in hashes.sources], np.int64)
    ranks: np.ndarray[tuple[int], np.dtype[np.int64]] = np.array(hashes.clips, np.int64) * len(order) + owners
    return ranks


# ------------------------------------------------------------------------------------- the list


@dataclass(frozen=True, slots=True)
class _FlaggedPatches:
    """The patches that stand and are beyond a limit, once for each score that says so."""

    ledger: Path
    measures: Mapping[str, Measure]

    def __iter__(self) -> Iterator[Flagged]:
        """Read the ledger, and count near duplicates at the end."""
        hashes: dict[str, _Hashes] = defaultdict(_Hashes)
        paths: dict[str, list[str]] = defaultdict(list)
        told: dict[Place, int] = defaultdict(int)
        for event in read_events(self.ledger, on_damage=[]):
            if not (isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made)):
                continue
            clip, of_clip = event.outcome.clip, clip_values(event.outcome.record)
            for patch in event.outcome.patches:
                path, place = patch.record["files"]["gt"], (patch.category, clip.source)
                if told[place] >> clip.index & 1:
                    continue
                told[place] |= 1 << clip.index
                for name, value in (of_clip | patch.record.get("scores", {})).items():
                    if name in self.measures and self.measures[name].flags(value):
                        yield Flagged(path, clip.source, name, value)
                if patch.perceptual_hash is not None:
                    known = hashes[patch.category]
                    known.values.append(patch.perceptual_hash)
                    known.clips.append(clip.index)
                    known.sources.append(clip.source)
                    paths[patch.category].append(path)
        for category, known in hashes.items():
            yield from self._near(known, paths[category])

    def _near(self, hashes: _Hashes, paths: list[str]) -> Iterator[Flagged]:
        within = self.measures[NEAR_DUPLICATE].under
        if within is None:
            return
        values, ranks = np.array(hashes.values, np.uint64), _ranks(hashes)
        for place in np.flatnonzero(found_among(values, ranks, within=int(within))).tolist():
            nearest = np.bitwise_count(values[ranks < ranks[place]] ^ values[place]).min()
            yield Flagged(paths[place], hashes.sources[place], NEAR_DUPLICATE, int(nearest))
