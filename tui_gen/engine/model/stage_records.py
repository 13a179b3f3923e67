"""The record of each source, stage by stage: the sum of its ledger lines, and the input of plans.

    SourceRecord ── facts, skipped, priority     of the source
       └─ stages[name]: StageRecord              made, rejected, unusable: of one stage for the source

Invariant: only `RunState.apply` changes a record. Sets of clips are integers used as bit sets: bit k is set
if clip k is a member.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(slots=True, eq=False)
class PerceptualHashes:
    """The hashes of a source's patches in one category, in the order in which they were made."""

    clips: array[int] = field(default_factory=lambda: array("I"))
    values: array[int] = field(default_factory=lambda: array("Q"))
    removed: int = 0  # number of removals: after one, a reader of appended hashes must start again

    def add(self, clip: int, value: int) -> None:
        """Append a hash."""
        self.clips.append(clip)
        self.values.append(value)

    def remove(self, clip: int) -> None:
        """Remove the hashes of a clip."""
        for place in reversed(_places_of(clip, self.clips)):
            del self.clips[place], self.values[place]
            self.removed += 1

    def __eq__(self, other: object) -> bool:
        """Compare as multisets: the order does not matter."""
        return isinstance(other, PerceptualHashes) and self._pairs() == other._pairs()

    __hash__ = None  # type: ignore[assignment] # it grows

    def _pairs(self) -> set[tuple[int, int]]:
        return set(zip(self.clips, self.values, strict=True))


def _places_of(number: int, numbers: array[int]) -> list[int]:
    """Return the positions of a number. Searching bytes is faster than looping over thousands of numbers."""
    data, wanted, width = numbers.tobytes(), array(numbers.typecode, [number]).tobytes(), numbers.itemsize
    places, found = list[int](), data.find(wanted)
    while found >= 0:
        if found % width == 0:
            places.append(found // width)
        found = data.find(wanted, found + 1)
    return places


@dataclass(slots=True)
class StageRecord:
    """The results of one stage for one source."""

    made: dict[str, int] = field(default_factory=dict)  # by category
    rejected_for: dict[str, int] = field(default_factory=dict)  # by category; the clip is not rejected
    rejected: int = 0  # whole clips
    # Reason -> number of rejected clips; without the text after a colon, which has numbers of the one clip.
    rejections: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, PerceptualHashes] = field(default_factory=dict)  # by category
    unusable: str | None = None
    # By category: clips made under an earlier recipe or with earlier inputs, and not made again yet.
    superseded: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)  # by category: made once, files gone, not made again
    size_bytes: int = field(default=0, compare=False)  # of the patches made

    def take(
        self, clip: int, patches: Sequence[tuple[str, int, int | None]], refused: Sequence[str]
    ) -> list[tuple[str, int]]:
        """Count the patches of a made clip; return (category, bytes) of each patch that did not exist before.

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
            if self.lost:
                self.lost[name] = self.lost.get(name, 0) & ~bit
            if perceptual_hash is not None:
                self.hashes.setdefault(name, PerceptualHashes()).add(clip, perceptual_hash)
            self.size_bytes += size_bytes
            new.append((name, size_bytes))
        for name in refused:
            self.rejected_for[name] = self.rejected_for.get(name, 0) | bit
        return new

    def reject(self, clip: int, reason: str) -> None:
        """Count a rejected clip."""
        kind = reason.partition(":")[0]
        self.rejected |= 1 << clip
        self.rejections[kind] = self.rejections.get(kind, 0) + 1

    def lose(self, category: str, clips: Collection[int], size_bytes: int) -> int:
        """Remove patches whose files are lost; return how many existed."""
        made = self.made.get(category, 0)
        lost = sum(1 << index for index in set(clips)) & made
        self.made[category] = made & ~lost
        self.lost[category] = self.lost.get(category, 0) | lost
        self.size_bytes -= size_bytes
        return lost.bit_count()

    @property
    def clips_made(self) -> int:
        """The number of clips that have a patch now: a clip that was lost and made again counts once."""
        clips = 0
        for bits in self.made.values():
            clips |= bits
        return clips.bit_count()

    def stands(self, category: str, clip: int) -> bool:
        """Return whether a category has the patch of a clip."""
        return bool(self.made.get(category, 0) >> clip & 1)

    def forget_patch(self, category: str, clip: int) -> None:
        """Forget the perceptual hash and the loss of a patch that now counts in another category."""
        self.lost[category] = self.lost.get(category, 0) & ~(1 << clip)
        if category in self.hashes:
            self.hashes[category].remove(clip)

    def redone(self) -> StageRecord:
        """Return the record of a stage that is planned again: all its patches are superseded."""
        superseded = dict(self.superseded)
        for category, bits in self.made.items():
            superseded[category] = superseded.get(category, 0) | bits
        return StageRecord(superseded=superseded)


@dataclass(slots=True)
class SourceRecord:
    """The record of one source: the sum of its ledger lines."""

    facts: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False
    priority: int | None = None  # set by the user during a run; None: that of the configuration
    stages: dict[str, StageRecord] = field(default_factory=dict)

    @property
    def unusable(self) -> str | None:
        """Why the source is unusable, as found by the first stage that found it so; None if no stage did."""
        return next((stage.unusable for stage in self.stages.values() if stage.unusable is not None), None)

    @property
    def clips_made(self) -> int:
        """The number of clips that have a patch now, over all stages."""
        return sum(stage.clips_made for stage in self.stages.values())

    def stage(self, name: str) -> StageRecord:
        """Return the record of a stage; if there is none, an empty record that is not kept."""
        return self.stages.get(name) or StageRecord()

    def kept_stage(self, name: str) -> StageRecord:
        """Return the record of a stage; if there is none, an empty record that is kept from now on."""
        found = self.stages.get(name)
        if found is None:
            found = self.stages[name] = StageRecord()
        return found

    def stage_that_made(self, category: str, clip: int) -> str | None:
        """Return the stage whose patch of a clip exists in a category, or None."""
        return next((name for name, stage in self.stages.items() if stage.stands(category, clip)), None)

    def with_stage(self, name: str, record: StageRecord) -> SourceRecord:
        """Return a copy with another record for a stage."""
        return replace(self, stages={**self.stages, name: record})
