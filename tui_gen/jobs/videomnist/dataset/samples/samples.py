"""Writes the samples of a file into a folder.

    digit_D_video_NNN.gif|mp4   videomnist_montage.png   class_comparisons/digit_D_comparison.gif
    dataset_stats.txt|json

Invariant: everything is a function of the HDF5 file and the settings; each file is whole under its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.output import write_whole
from tui_gen.jobs.videomnist.dataset.samples.choice import Chosen, chosen_samples, motions_in_turn
from tui_gen.jobs.videomnist.dataset.samples.encode import Grey, gif, mp4, png, side_by_side, zoomed
from tui_gen.jobs.videomnist.dataset.samples.montage import GAP, GROUND, montage
from tui_gen.jobs.videomnist.dataset.samples.statistics import DatasetStatistics, statistics_of
from tui_gen.jobs.videomnist.dataset.samples.statistics_text import statistics_json, statistics_text
from tui_gen.jobs.videomnist.model import CLASSES

MONTAGE = "videomnist_montage.png"
COMPARISONS = "class_comparisons"
STATISTICS = "dataset_stats"


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """Which samples are wanted."""

    formats: tuple[str, ...] = ("gif", "mp4")
    number: int = 20  # of sample videos, each in all formats
    fps: float = 10
    gif_duration_ms: float | None = None  # of a frame; None: 1000 / fps
    zoom: int = 1
    has_montage: bool = True
    has_comparisons: bool = True
    videos_per_comparison: int = 3

    @property
    def frame_ms(self) -> float:
        """How long a GIF shows a frame, milliseconds."""
        return 1000 / self.fps if self.gif_duration_ms is None else self.gif_duration_ms


def write_samples(
    dataset: VideoDataset,
    folder: Path,
    wanted: SampleSettings,
    *,
    on_done: Callable[[Path], None] = lambda _: None,
) -> tuple[Path, ...]:
    """Write all samples; return their paths and tell each to `on_done` when it is written.

    Raises DamagedVideoError, ObstructedError, OSError.
    """
    written: list[Path] = []
    for path, content in _files(dataset, wanted):
        write_whole(folder / path, content)
        written.append(folder / path)
        on_done(written[-1])
    return tuple(written)


def _files(dataset: VideoDataset, wanted: SampleSettings) -> Iterator[tuple[str, bytes]]:
    chosen = chosen_samples(dataset, wanted.number)
    for number, video in enumerate(chosen):
        frames = zoomed(dataset.frames(video.split, video.k), wanted.zoom)
        for name in wanted.formats:
            content = (
                gif(frames, duration_ms=wanted.frame_ms) if name == "gif" else mp4(frames, fps=wanted.fps)
            )
            yield f"digit_{video.digit}_video_{number:03d}.{name}", content
    if wanted.has_montage:
        videos = [
            _frames_of(dataset, next(motions_in_turn(dataset, digit), None)) for digit in range(CLASSES)
        ]
        yield MONTAGE, png(zoomed(montage(videos, dataset.form.image_size), wanted.zoom))
    if wanted.has_comparisons:
        yield from _comparisons(dataset, wanted)
    yield from _statistics(statistics_of(dataset), wanted, len(chosen))


def _comparisons(dataset: VideoDataset, wanted: SampleSettings) -> Iterator[tuple[str, bytes]]:
    for digit in range(CLASSES):
        chosen = islice(motions_in_turn(dataset, digit), wanted.videos_per_comparison)
        videos = [dataset.frames(video.split, video.k) for video in chosen]
        if videos:
            frames = zoomed(side_by_side(videos, gap=GAP, level=GROUND), wanted.zoom)
            yield f"{COMPARISONS}/digit_{digit}_comparison.gif", gif(frames, duration_ms=wanted.frame_ms)


def _statistics(
    found: DatasetStatistics, wanted: SampleSettings, samples: int
) -> Iterator[tuple[str, bytes]]:
    text = statistics_text(found, fps=wanted.fps, samples=samples, formats=wanted.formats)
    yield f"{STATISTICS}.txt", text.encode()
    values = statistics_json(found, fps=wanted.fps, samples=samples, formats=wanted.formats)
    yield f"{STATISTICS}.json", (json.dumps(values, indent=2) + "\n").encode()


def _frames_of(dataset: VideoDataset, video: Chosen | None) -> Grey | None:
    return None if video is None else dataset.frames(video.split, video.k)
