"""Chooses the patches of a contact sheet: a random sample of each category, and both ends of each score.

Invariant: the same patches and the same seed give the same choice, for every order of the ledger. The number
of patches kept in memory is bounded.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_gen.engine.model.work import Clip, JsonObject
from tui_gen.jobs.superres.dataset.standing_patches import standing_patches
from tui_gen.jobs.superres.planning.seeded_random import rank

EXTREMES_SHARE = 3
"""The number of patches at each end of a score, as a share of the random sample."""
SCENE_DIFFERENCE = "scene_difference"


Key = tuple[str, str, int]
"""Category, source and clip: identifies a patch."""


@dataclass(frozen=True, slots=True)
class LedgerPatch:
    """A patch and its clip, as the ledger records them."""

    clip: Clip
    category: str
    record: JsonObject  # of the patch
    pts_seconds: float | None
    scores: Mapping[str, float]  # of the clip and of the patch

    @property
    def key(self) -> Key:
        """The identity of the patch."""
        return self.category, self.clip.source, self.clip.index


@dataclass(frozen=True, slots=True)
class Group:
    """Patches that are shown together."""

    category: str
    score: str  # empty for the random sample
    end: str  # "random", "lowest" or "highest"
    patches: tuple[LedgerPatch, ...]

    @property
    def title(self) -> str:
        """The heading of the group."""
        return f"{self.score}, {self.end}" if self.score else "Chosen at random"


def ledger_patches(ledger: Path) -> Iterator[LedgerPatch]:
    """Yield the existing patches of a ledger, each once, as its last line records it."""
    for standing in standing_patches(ledger):
        clip, patch = standing.clip.record, standing.patch
        given = {
            SCENE_DIFFERENCE: clip.get(SCENE_DIFFERENCE),
            **_scores_in(clip),
            **_scores_in(patch.record),
        }
        scores = {
            name: float(value)
            for name, value in given.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        }
        yield LedgerPatch(standing.clip.clip, patch.category, patch.record, clip.get("pts_seconds"), scores)


def _scores_in(record: JsonObject) -> Mapping[str, object]:
    scores = record.get("scores")
    return scores if isinstance(scores, dict) else {}


def choose(patches: Iterable[LedgerPatch], *, per_category: int, seed: int) -> list[Group]:
    """Return the groups of a sheet, category by category, with `per_category` random patches in each.

    No two of `patches` may have the same key.
    """
    choices: dict[str, _Choice] = {}
    for patch in patches:
        choice = choices.setdefault(patch.category, _Choice(patch.category, per_category, seed))
        choice.take(patch)
    return [group for name in sorted(choices) for group in choices[name].groups()]


@dataclass(slots=True)
class _Kept:
    """The items with the smallest keys, in order."""

    most: int
    entries: list[tuple[tuple[Any, ...], LedgerPatch]] = field(default_factory=list)

    def take(self, key: tuple[Any, ...], patch: LedgerPatch) -> None:
        if len(self.entries) == self.most and not key < self.entries[-1][0]:
            return  # the usual case: of a million patches nearly all are discarded here
        place = bisect.bisect(self.entries, key, key=lambda entry: entry[0])
        self.entries.insert(place, (key, patch))
        del self.entries[self.most :]

    @property
    def patches(self) -> tuple[LedgerPatch, ...]:
        return tuple(patch for _, patch in self.entries)


class _Choice:
    """The choice from one category, in progress."""

    def __init__(self, category: str, per_category: int, seed: int) -> None:
        self._category, self._seed = category, seed
        self._extremes = max(1, per_category // EXTREMES_SHARE)
        self._random = _Kept(per_category)
        self._ends: dict[tuple[str, str], _Kept] = {}  # (score, "lowest" or "highest")

    def take(self, patch: LedgerPatch) -> None:
        identity = (patch.clip.source, patch.clip.index)
        self._random.take((rank(self._seed, "sheet", self._category, *identity),), patch)
        for name, value in patch.scores.items():
            for end, sign in (("lowest", 1), ("highest", -1)):
                kept = self._ends.setdefault((name, end), _Kept(self._extremes))
                kept.take((sign * value, *identity), patch)

    def groups(self) -> Iterator[Group]:
        yield Group(self._category, "", "random", self._random.patches)
        for name, end in sorted(
            self._ends, key=lambda of: (of[0] != SCENE_DIFFERENCE, of[0], of[1] == "highest")
        ):
            if self._differs(name):
                yield Group(self._category, name, end, self._ends[name, end].patches)

    def _differs(self, score: str) -> bool:
        lowest, highest = (self._ends[score, end].patches[0].scores[score] for end in ("lowest", "highest"))
        return lowest != highest
