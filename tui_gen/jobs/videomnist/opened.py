"""The job, ready to run: makes its folders, and removes what is not needed any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.dead_writers import Whose, remove_temporaries
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import DATASET
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.output import PART
from tui_gen.jobs.videomnist.dataset.shard import indexes_in, shards_in, unfinished_in
from tui_gen.jobs.videomnist.model import VideoKey
from tui_gen.jobs.videomnist.stages import MovingDigits
from tui_gen.jobs.videomnist.units import ASSEMBLE, FILE_CATEGORY, split_and_digit

Records = Mapping[str, SourceRecord]


@dataclass(frozen=True, slots=True)
class OpenedMovingDigits:
    """The job, ready to run. Its folders are not made yet."""

    job: MovingDigits
    found: tuple[ev.Event, ...]
    tools: tuple[str, ...]
    records: Records  # of the run folder, as they are when the job is opened and later

    @property
    def settings(self) -> Settings:
        """The settings of the configuration."""
        return self.job.children.context.settings

    @property
    def cluster_job(self) -> ClusterJob:
        """The job for machines other than the engine's."""
        return self.job

    def prepare(self, records: Records) -> None:
        """Make the folders, and remove the temporary files of dead writers. Raises OSError."""
        self.settings.shards.mkdir(parents=True, exist_ok=True)
        self._sweep(records, "dead")

    def tidy(self, records: Records) -> None:
        """End the children; remove all temporary files, and shards that the file holds. Raises OSError."""
        self.job.children.close()
        self._sweep(records, "all")

    def follow_workers(self, count: int) -> None:
        """Keep no more children than there are workers."""
        self.job.children.follow(count)

    def _sweep(self, records: Records, whose: Whose) -> None:
        settings = self.settings
        for path in (settings.shards, settings.output):
            if path.is_dir():
                remove_temporaries(path, self._unfinished_in(path), whose, suffix=PART)
        if settings.unfinished_samples.exists():
            shutil.rmtree(settings.unfinished_samples)
        dataset = records.get(DATASET, SourceRecord())
        if dataset.stage(ASSEMBLE).stands(FILE_CATEGORY, 0) and not settings.keep_shards:
            for path in list(_held_shards(settings, self.job.children.context.recipe)):
                path.unlink(missing_ok=True)

    def _unfinished_in(self, folder: Path) -> Iterator[str]:
        of_file = f"{_escaped(self.settings.output_file)}*{PART}"
        paths = unfinished_in(folder) if folder == self.settings.shards else folder.glob(of_file)
        yield from [path.name for path in paths]


def _escaped(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _held_shards(settings: Settings, recipe: bytes) -> Iterator[Path]:
    """Yield the shards of which the HDF5 file holds every video."""
    try:
        dataset = VideoDataset(settings.h5_path)
    except (FileNotFoundError, DamagedFileError):
        return
    with dataset:
        if dataset.attributes.get("recipe") != recipe.hex():
            return
        for path in shards_in(settings.shards):
            split, digit = split_and_digit(path.name.partition(".")[0])
            indexes = indexes_in(path, recipe)
            if indexes and all(dataset.position(VideoKey(split, digit, i)) is not None for i in indexes):
                yield path
