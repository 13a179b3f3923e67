"""What the ledger adds up to for each source, stage by stage: what plans are made from.

    SourceRecord ── facts, skipped, priority     of the source
       └─ stages[name]: StageRecord              made, rejected, unusable: of one stage with the source

Invariant: only `RunState.apply` changes a record. Sets of clips are integers used as bit sets: bit k
stands for clip k.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(slots=True, eq=False)
class PerceptualHashes:
    """The hashes of a source's patches in one category, in the order they were made."""

    clips: array[int] = field(default_factory=lambda: array("I"))
    values: array[int] = field(default_factory=lambda: array("Q"))
    removed: int = 0  # how many were removed: a reader that only reads what was appended starts again

    def add(self, clip: int, value: int) -> None:
        """Append one."""
        self.clips.append(clip)
        self.values.append(value)

    def remove(self, clip: int) -> None:
        """Remove those of a clip."""
        for place in reversed(_places_of(clip, self.clips)):
            del self.clips[place], self.values[place]
            self.removed += 1

    def __eq__(self, other: object) -> bool:
        """Compare as sets."""
        return isinstance(other, PerceptualHashes) and self._pairs() == other._pairs()

    __hash__ = None  # type: ignore[assignment] # it grows

    def _pairs(self) -> set[tuple[int, int]]:
        return set(zip(self.clips, self.values, strict=True))


def _places_of(number: int, numbers: array[int]) -> list[int]:
    """Return where a number stands. Its bytes are sought: a loop over thousands of numbers is slow."""
    data, wanted, width = numbers.tobytes(), array(numbers.typecode, [number]).tobytes(), numbers.itemsize
    places, found = list[int](), data.find(wanted)
    while found >= 0:
        if found % width == 0:
            places.append(found // width)
        found = data.find(wanted, found + 1)
    return places


@dataclass(slots=True)
class StageRecord:
    """What one stage did with one source."""

    made: dict[str, int] = field(default_factory=dict)  # by category
    rejected_for: dict[str, int] = field(default_factory=dict)  # by category, the clip itself was fine
    rejected: int = 0  # whole clips
    # How many of them for which reason, without what stands after a colon: figures of the one clip.
    rejections: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, PerceptualHashes] = field(default_factory=dict)  # by category
    unusable: str | None = None
    # By category: clips made under an earlier recipe or earlier inputs, and not made again yet.
    superseded: dict[str, int] = field(default_factory=dict)
    size_bytes: int = field(default=0, compare=False)  # of the patches made

    def take(
        self, clip: int, patches: Sequence[tuple[str, int, int | None]], refused: Sequence[str]
    ) -> list[tuple[str, int]]:
        """Count what a made clip gave; return (category, bytes) of each patch that did not stand before.

        `patches` are (category, bytes, perceptual hash). A patch that is made again into the same files
        counts once.
        """
        bit, new = 1 << clip, list[tuple[str, int]]()
        for name, size_bytes, perceptual_hash in patches:
            had = self.made.get(name, 0)
            if had & bit:
                continue
            self.made[name] = had | bit
            if self.superseded:
                self.superseded[name] = self.superseded.get(name, 0) & ~bit
            if perceptual_hash is not None:
                self.hashes.setdefault(name, PerceptualHashes()).add(clip, perceptual_hash)
            self.size_bytes += size_bytes
            new.append((name, size_bytes))
        for name in refused:
            self.rejected_for[name] = self.rejected_for.get(name, 0) | bit
        return new

    def reject(self, clip: int, reason: str) -> None:
        """Count a clip that can give nothing."""
        kind = reason.partition(":")[0]
        self.rejected |= 1 << clip
        self.rejections[kind] = self.rejections.get(kind, 0) + 1

    def lose(self, category: str, clips: Collection[int], size_bytes: int) -> int:
        """Take back patches whose files are lost; return how many stood."""
        made = self.made.get(category, 0)
        lost = sum(1 << index for index in set(clips)) & made
        self.made[category] = made & ~lost
        self.size_bytes -= size_bytes
        return lost.bit_count()

    def stands(self, category: str, clip: int) -> bool:
        """Tell whether the patch of a clip stands in a category."""
        return bool(self.made.get(category, 0) >> clip & 1)

    def forget_hash(self, category: str, clip: int) -> None:
        """Take back the perceptual hash of a patch that counts in another category now."""
        if category in self.hashes:
            self.hashes[category].remove(clip)

    def redone(self) -> StageRecord:
        """Return the record of a stage that is planned anew: what was made is superseded."""
        superseded = dict(self.superseded)
        for category, bits in self.made.items():
            superseded[category] = superseded.get(category, 0) | bits
        return StageRecord(superseded=superseded)


@dataclass(slots=True)
class SourceRecord:
    """All that is known of one source: the sum of its ledger lines."""

    facts: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False
    priority: int | None = None  # as set by hand while running; None: the configuration's
    stages: dict[str, StageRecord] = field(default_factory=dict)

    @property
    def unusable(self) -> str | None:
        """Why the source can give nothing: what the first stage that found so says. None where none did."""
        return next((stage.unusable for stage in self.stages.values() if stage.unusable is not None), None)

    def stage(self, name: str) -> StageRecord:
        """Return what a stage did; an empty record, which is not kept, where it did nothing."""
        return self.stages.get(name) or StageRecord()

    def kept_stage(self, name: str) -> StageRecord:
        """Return what a stage did, kept from now on where it did nothing yet."""
        found = self.stages.get(name)
        if found is None:
            found = self.stages[name] = StageRecord()
        return found

    def stage_that_made(self, category: str, clip: int) -> str | None:
        """Return the stage whose patch of a clip stands in a category, or None where none stands."""
        return next((name for name, stage in self.stages.items() if stage.stands(category, clip)), None)

    def with_stage(self, name: str, record: StageRecord) -> SourceRecord:
        """Return a copy in which a stage has another record."""
        return replace(self, stages={**self.stages, name: record})
