"""The units of the job: complete in themselves, picklable, made by the plan.

ProbeUnit      reads the headers of an episode; no clip
FrameUnit      windows, frames or images of one source: their numbers are the clips
DatasetUnit    the one clip of a stage over the dataset, with the digest of what it reads
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tui_gen.engine.model.work import DATASET, Clip
from tui_gen.jobs.anime.images.added import AddedImage
from tui_gen.jobs.anime.sources import Source

MOST_CLIPS = {"survey": 1, "extract": 64, "crop": 16, "embed": 64, "select": 16, "tag": 8}
"""Of one unit of a stage: what a kill costs at most."""
CATEGORIES = {
    "survey": "minutes",
    "choose": "choices",
    "extract": "frames",
    "crop": "cropped",
    "embed": "embedded",
    "classify": "characters",
    "select": "images",
    "tag": "tagged",
    "caption": "captions",
    "arrange": "folders",
    "balance": "multiply",
    "remove": "removals",
}
"""The one category of each stage. Numbers of a category are numbers of clips: frames that were cropped, not
crops."""


@dataclass(frozen=True, slots=True)
class ProbeUnit:
    """The look at an episode before its frames are surveyed."""

    source: str
    path: str

    @property
    def clips(self) -> tuple[Clip, ...]:
        """None: facts are learned, and nothing is made."""
        return ()

    def without(self, done: Collection[Clip]) -> ProbeUnit:
        """Return the unit itself: it has no clip that can be done."""
        del done
        return self


@dataclass(frozen=True, slots=True)
class FrameUnit:
    """Windows, frames or images of one source, for one worker."""

    source: str
    origin: Source
    indexes: tuple[int, ...]  # ascending
    ids: tuple[str, ...] = ()  # of the frames or images, as many as indexes; (): the stage needs none
    facts: Mapping[str, Any] = field(default_factory=dict)  # what the ledger knows and the stage needs
    added: Mapping[str, AddedImage] = field(default_factory=dict)  # those of `ids` that were added by hand

    @property
    def clips(self) -> tuple[Clip, ...]:
        """One for each index."""
        return tuple(Clip(self.source, index) for index in self.indexes)

    def without(self, done: Collection[Clip]) -> FrameUnit | None:
        """Return the unit without what is done, or None if nothing is left."""
        left = [place for place, clip in enumerate(self.clips) if clip not in done]
        if not left:
            return None
        ids = tuple(self.ids[place] for place in left) if self.ids else ()
        return replace(self, indexes=tuple(self.indexes[place] for place in left), ids=ids)


@dataclass(frozen=True, slots=True)
class DatasetUnit:
    """The one clip of a stage over the dataset, with all that the stage reads of the ledger."""

    times: int  # how often the stage was performed before
    inputs: str  # digest of what the stage reads
    sources: tuple[tuple[Source, Mapping[str, Any]], ...] = ()  # of the configuration, with their facts
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # source -> images ever selected
    written: Mapping[str, frozenset[int]] = field(default_factory=dict)  # source -> places that are written
    added: tuple[AddedImage, ...] = ()
    source: str = DATASET

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The one clip."""
        return (Clip(self.source, 0),)

    def without(self, done: Collection[Clip]) -> DatasetUnit | None:
        """Return the unit itself, or None if it is done."""
        return None if set(self.clips) <= set(done) else self
