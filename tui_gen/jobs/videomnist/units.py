"""The units of the job, and what its sources are called: complete in themselves, picklable, made by the plan.

VideoUnit      videos of one digit in one split, rendered into one shard
DatasetUnit    all videos: put together in the HDF5 file, or drawn as samples
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from tui_gen.engine.model.work import DATASET, Clip
from tui_gen.jobs.videomnist.model import CLASSES, SPLITS, Split, VideoKey

RENDER, ASSEMBLE, SAMPLES = "render", "assemble", "samples"
"""The stages, as in the ledger."""
FILE_CATEGORY, SAMPLES_CATEGORY = "file", "samples"
"""The categories of the two stages over the dataset; those of the videos are the splits."""
MOST_VIDEOS = 64
"""Of one unit and so of one shard: what a kill costs, and what a shard's flush is shared by."""


def source_of(split: Split, digit: int) -> str:
    """Return the id of a source: "train-3"."""
    return f"{split}-{digit}"


def split_and_digit(source: str) -> tuple[Split, int]:
    """Return what a source is made of. Raises ValueError where it is no source of this job."""
    name, _, digit = source.partition("-")
    split = next((each for each in SPLITS if each == name), None)
    if split is None or digit not in {str(each) for each in range(CLASSES)}:
        message = f"no source of this job: {source!r}"
        raise ValueError(message)
    return split, int(digit)


def key_of(clip: Clip) -> VideoKey:
    """Return the video that a clip is."""
    return VideoKey(*split_and_digit(clip.source), clip.index)


def all_sources() -> Iterator[tuple[str, Split, int]]:
    """Yield the id, the split and the digit of each source, in the order of the work."""
    for split in SPLITS:
        for digit in range(CLASSES):
            yield source_of(split, digit), split, digit


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """At most MOST_VIDEOS videos of one source, for one worker."""

    source: str
    indexes: tuple[int, ...]  # ascending

    @property
    def clips(self) -> tuple[Clip, ...]:
        """One a video, in the order of the indexes."""
        return tuple(Clip(self.source, index) for index in self.indexes)

    def without(self, done: Collection[Clip]) -> VideoUnit | None:
        """Return the unit without the videos that are done, or None when none is left."""
        left = tuple(index for index in self.indexes if Clip(self.source, index) not in done)
        return replace(self, indexes=left) if left else None


@dataclass(frozen=True, slots=True)
class DatasetUnit:
    """The one clip of a stage over the dataset, with the videos that it reads."""

    made: Mapping[str, int]  # source -> bit set of the videos that were rendered
    has_earlier: bool = False  # whether an earlier result of the stage is superseded
    source: str = DATASET

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The one clip."""
        return (Clip(self.source, 0),)

    def without(self, done: Collection[Clip]) -> DatasetUnit | None:
        """Return the unit itself, or None when it is done."""
        return None if set(self.clips) <= set(done) else self
