"""Plans the videos of each source, and the stages over all of them, by what the ledger records. Pure.

Sets of videos are integers used as bit sets, and units are made when they are asked for: a plan of a million
videos takes no more memory than its bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui_gen.base.formatting import count
from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.engine.model.clip_sets import members
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import DATASET, CategoryPlan, Plan, SourcePlan
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.digits.pool import DigitPool
from tui_gen.jobs.videomnist.model import CLASSES, SPLITS, Split
from tui_gen.jobs.videomnist.units import (
    ASSEMBLE,
    FILE_CATEGORY,
    MOST_VIDEOS,
    RENDER,
    SAMPLES,
    SAMPLES_CATEGORY,
    DatasetUnit,
    VideoUnit,
    all_sources,
    source_of,
)

Records = Mapping[str, SourceRecord]

COMPRESSED_SHARE = 0.046
"""Of the bytes of frames with three channels, what deflate leaves: 9.6 KB a video of 17 frames of 64x64."""
NOTHING = SourceRecord()
ROOM_PER_DIGIT = 48
"""Pixels of a frame's side for each digit, from which on at most a few videos in a hundred are rejected.

Measured with all motions: 2 digits at 64 pixels 32 % rejected, at 96 pixels 2 %.
"""


@dataclass(frozen=True, slots=True)
class Units:
    """The units of one source; each pass makes them anew."""

    source: str
    left: int  # bit set of the videos to render

    def __iter__(self) -> Iterator[VideoUnit]:
        """Yield units of consecutive videos that are left."""
        part: list[int] = []
        for index in members(self.left):
            part.append(index)
            if len(part) == MOST_VIDEOS:
                yield VideoUnit(self.source, tuple(part))
                part.clear()
        if part:
            yield VideoUnit(self.source, tuple(part))


def made_of(settings: Settings, records: Records) -> dict[str, int]:
    """Return the videos that are wanted and rendered, by source, as bit sets."""
    return {
        source: records.get(source, NOTHING).stage(RENDER).made.get(split, 0) & _wanted(settings, split)
        for source, split, _ in all_sources()
    }


def _wanted(settings: Settings, split: Split) -> int:
    return (1 << settings.videos(split)) - 1


# ------------------------------------------------------------------------------------ the videos


def plan_videos(settings: Settings, records: Records, pool: DigitPool | None) -> Plan:
    """Plan what is left to render. Without a pool, nothing is said of the images."""
    sources = tuple(
        _source_plan(settings, source, split, records.get(source, NOTHING))
        for source, split, _ in all_sources()
    )
    planned = {split: sum(plan.quotas.get(split, 0) for plan in sources) for split in SPLITS}
    categories: dict[str, CategoryPlan] = {
        split: CategoryPlan(
            target=settings.videos(split) * CLASSES,
            planned=planned[split],
            folder=settings.output_file,
            estimated_patch_bytes=_video_bytes(settings),
            files_per_patch=0,  # all videos are in one file
        )
        for split in SPLITS
    }
    return Plan(
        sources,
        categories,
        warnings=tuple(_warnings(settings)),
        notes=tuple(_notes(settings, pool)) if pool is not None else (),
        estimate_basis="if the frames compress like those of one digit",
    )


def _source_plan(settings: Settings, source: str, split: Split, record: SourceRecord) -> SourcePlan:
    stage = record.stage(RENDER)
    wanted = _wanted(settings, split) & ~stage.rejected
    made = stage.made.get(split, 0) & wanted
    left = 0 if record.skipped else wanted & ~made
    return SourcePlan(
        source=source,
        name=source.replace("-", " "),
        path=str(settings.h5_path),
        priority=DEFAULT_PRIORITY if record.priority is None else record.priority,
        units=Units(source, left),
        key=(wanted, record.skipped),
        clips_made=made.bit_count(),
        clips_left=left.bit_count(),
        quotas={split: made.bit_count() + left.bit_count()},
    )


def _video_bytes(settings: Settings) -> float:
    video = settings.video
    raw = video.frames * video.image_size**2
    return raw * 3 * COMPRESSED_SHARE if settings.is_compressed else raw * max(1, settings.channels)


def _warnings(settings: Settings) -> Iterator[str]:
    if not settings.channels:
        yield "channels 0: frames without channels; VideoGPT cannot read them"
    video = settings.video
    wanted = ROOM_PER_DIGIT * video.slots
    if video.slots > 1 and video.overlap == "avoid" and video.image_size < wanted:
        yield (
            f'overlap "avoid": {video.slots} digits have little room in frames of {video.image_size} pixels, '
            f"so many videos are rejected; image_size {wanted} gives nearly all"
        )


def _notes(settings: Settings, pool: DigitPool) -> Iterator[str]:
    """Yield notes about spare frames and images, and that the videos are no official test set."""
    if settings.video.frames == settings.sequence_length:
        yield "spare_frames 0: VideoGPT's loader needs a frame more than its sequence_length"
    yield from pool.notes
    for split in SPLITS:
        images = [pool.count(split, digit) for digit in range(CLASSES)]
        uses = max(-(-settings.videos(split) // n) if n else 1 for n in images)
        if uses > 1:
            yield f"{split}: images of digits are used up to {count(uses)} times"
    if (settings.video.motion_types, settings.video.digits_per_video) == (("reflect",), (2,)):
        yield "these are videos like those of Moving MNIST, and not its official test set"


# ------------------------------------------------------------------------------------ the dataset


def inputs_digest(settings: Settings, records: Records) -> str:
    """Return a digest of which videos the file is made of."""
    digest = hashlib.sha256()
    for source, bits in made_of(settings, records).items():
        split = source.partition("-")[0]
        digest.update(
            f"{source} {settings.videos('train' if split == 'train' else 'test')} {bits:x}\n".encode()
        )
    return digest.hexdigest()


def plan_file(settings: Settings, records: Records, entry: CategoryPlan) -> Plan:
    """Plan the HDF5 file, unless it is made. Splits without a video give a warning, and no file."""
    videos = made_of(settings, records)
    empty = [
        split for split in SPLITS if not any(videos[source_of(split, digit)] for digit in range(CLASSES))
    ]
    warnings = tuple(f"no {settings.output_file}: the {split} split has no videos" for split in empty)
    may_begin = not empty
    plan = _dataset_plan(settings, records, (ASSEMBLE, FILE_CATEGORY), may_begin=may_begin)
    return Plan((plan,), {FILE_CATEGORY: entry}, warnings=warnings)


def plan_samples(settings: Settings, records: Records, entry: CategoryPlan) -> Plan:
    """Plan the samples, unless they are drawn. Without the HDF5 file there is nothing to draw them from."""
    may_begin = stands(records, ASSEMBLE, FILE_CATEGORY)
    plan = _dataset_plan(settings, records, (SAMPLES, SAMPLES_CATEGORY), may_begin=may_begin)
    return Plan((plan,), {SAMPLES_CATEGORY: entry})


def stands(records: Records, stage: str, category: str) -> bool:
    """Return whether the one clip of a stage over the dataset is made."""
    return records.get(DATASET, NOTHING).stage(stage).stands(category, 0)


def _dataset_plan(
    settings: Settings, records: Records, result: tuple[str, str], *, may_begin: bool
) -> SourcePlan:
    """Plan the result of a stage over the dataset: `result` is the stage and its category."""
    stage, category = result
    made = stands(records, stage, category)
    is_left = may_begin and not made
    has_earlier = bool(records.get(DATASET, NOTHING).stage(stage).superseded.get(category))
    return SourcePlan(
        source=DATASET,
        name="all videos",
        path=str(settings.h5_path),
        priority=DEFAULT_PRIORITY,
        units=(DatasetUnit(made_of(settings, records), has_earlier),) if is_left else (),
        key=(made, is_left, inputs_digest(settings, records)),
        clips_made=int(made),
        clips_left=int(is_left),
        quotas={category: int(made or is_left)},
    )
