"""The configuration as the rest of the job sees it: frozen, complete, every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.config.run_config import RUN_FOLDER, Notices, ScheduleEntry
from tui_gen.jobs.videomnist.model import Split, VideoSettings

SHARDS_FOLDER = "shards"
SAMPLES_FOLDER = "samples"
UNFINISHED_SAMPLES_FOLDER = "samples.part"


@dataclass(frozen=True, slots=True)
class SampleChoice:
    """Which samples a run writes."""

    formats: tuple[str, ...] = ("gif", "mp4")
    number: int = 20
    fps: float = 10.0
    gif_duration_ms: float | None = None
    zoom: int = 1
    has_montage: bool = True
    has_comparisons: bool = True
    videos_per_comparison: int = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration."""

    config_path: Path
    output: Path
    video: VideoSettings
    output_file: str = "videomnist.h5"
    digits: str | dict[str, str] = "auto"  # absolute paths where they are paths
    sequence_length: int = 16  # of `video.frames`; the others are spare
    videos_per_digit: int = 1000
    test_videos_per_digit: int = 200
    channels: Literal[0, 1, 3] = 3
    is_compressed: bool = True
    has_truth: bool = True
    has_captions: bool = True
    samples: SampleChoice | None = field(default_factory=SampleChoice)  # None: a run writes none
    fps: float = 10.0
    max_workers: int = 1
    min_free_gb: float = 1.0
    nice: int = 19
    keep_shards: bool = False
    status_file: Path | None = None
    schedule: tuple[ScheduleEntry, ...] = ()
    cluster: ClusterSettings | None = None  # None: this machine alone
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keymap: Mapping[str, str] = field(default_factory=dict)
    notices: Notices = "none"

    def videos(self, split: Split) -> int:
        """Return how many videos each digit is to have in a split."""
        return self.videos_per_digit if split == "train" else self.test_videos_per_digit

    @property
    def h5_path(self) -> Path:
        """The HDF5 file."""
        return self.output / self.output_file

    @property
    def run_folder(self) -> Path:
        """Where the ledger, the lock and the log are."""
        return self.output / RUN_FOLDER

    @property
    def shards(self) -> Path:
        """The folder of the shards: rendered videos that the HDF5 file may not hold yet."""
        return self.run_folder / SHARDS_FOLDER

    @property
    def samples_folder(self) -> Path:
        """Where the samples are."""
        return self.output / SAMPLES_FOLDER

    @property
    def unfinished_samples(self) -> Path:
        """Where samples are drawn until all are complete."""
        return self.run_folder / UNFINISHED_SAMPLES_FOLDER
