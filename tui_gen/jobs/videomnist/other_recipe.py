"""Finds videos that were made by another recipe: a run that may mix recipes renders them anew.

A file holds the videos of one recipe, and says of which. Nothing is written here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.clip_sets import members
from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.engine.model.work import DATASET
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.shard import MAGIC, RECIPE_BYTES, indexes_in, shards_in
from tui_gen.jobs.videomnist.recorded_file import recorded_file
from tui_gen.jobs.videomnist.units import ASSEMBLE, RENDER, all_sources

Records = Mapping[str, SourceRecord]


def made_by_another_recipe(
    settings: Settings, records: Records, recipe: bytes, *, at: float
) -> Iterator[ev.PatchesLost]:
    """Yield the videos of each source that the recipe of the run did not make. Raises OSError."""
    is_file_of_another = _is_file_of_another(settings, records, recipe)
    found = _in_shards(settings, recipe, of_this=is_file_of_another)
    for source, split, _ in all_sources():
        stage = records.get(source, SourceRecord()).stage(RENDER)
        made = stage.made.get(split, 0)
        lost = made & (~found[source] if is_file_of_another else found[source])
        if lost:
            size_bytes = _share_of(stage, lost, made)
            yield ev.PatchesLost(at, source, split, tuple(members(lost)), size_bytes, RENDER)


def _share_of(stage: StageRecord, lost: int, made: int) -> int:
    return stage.size_bytes * lost.bit_count() // made.bit_count()


def _in_shards(settings: Settings, recipe: bytes, *, of_this: bool) -> dict[str, int]:
    """Return the videos in the shards of this recipe, or of others, by source, as bit sets.

    Of the other shards only the first bytes are read.
    """
    found = defaultdict[str, int](int)
    for path in shards_in(settings.shards):
        with path.open("rb") as file:
            own = file.read(len(MAGIC) + RECIPE_BYTES)[len(MAGIC) :]
        if (own == recipe) is of_this:
            source = path.name.partition(".")[0]
            for index in indexes_in(path, own):
                found[source] |= 1 << index
    return found


def _is_file_of_another(settings: Settings, records: Records, recipe: bytes) -> bool:
    if ASSEMBLE not in records.get(DATASET, SourceRecord()).stages:
        return False  # no run has written a file: nothing has to be opened
    path = settings.h5_path if settings.h5_path.exists() else recorded_file(settings)
    if path is None:
        return False
    try:
        with VideoDataset(path) as dataset:
            return str(dataset.attributes.get("recipe")) != recipe.hex()
    except (FileNotFoundError, DamagedFileError):
        return False
