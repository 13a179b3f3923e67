"""Draws the samples of the HDF5 file. Runs in a child process."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from tui_gen.engine.storage.superseded import supersede
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.output import writing
from tui_gen.jobs.videomnist.dataset.samples.samples import SampleSettings, write_samples
from tui_gen.jobs.videomnist.work.orders import Context, SamplesOrder, Signs

_SAMPLE = re.compile(
    r"digit_\d_video_\d+\.(gif|mp4)|videomnist_montage\.png|class_comparisons/digit_\d_comparison\.gif"
)
"""The names of samples, relative to their folder."""


def sampled(context: Context, order: SamplesOrder, signs: Signs) -> dict[str, Any]:
    """Write the samples; return the size of all, and the hash of each by its name in the folder.

    Raises ObstructedError, and what reading a damaged file raises.
    """
    with VideoDataset(context.settings.h5_path) as dataset:
        paths = write_samples(dataset, order.folder, samples_of(context.settings), on_done=signs.give)
    _supersede_others(context.settings, order.folder, frozenset(paths))
    return {
        "size": sum(path.stat().st_size for path in paths),
        "sha256": {
            path.relative_to(order.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
        },
    }


def _supersede_others(settings: Settings, folder: Path, paths: frozenset[Path]) -> None:
    """Move samples of earlier runs away that are not wanted any more; a user's own files stay."""
    for path in sorted(folder.rglob("*")):
        if path not in paths and _SAMPLE.fullmatch(path.relative_to(folder).as_posix()):
            with writing(path):
                supersede(path, output=settings.output, run_folder=settings.run_folder)


def samples_of(settings: Settings) -> SampleSettings:
    """Return which samples are wanted; the defaults if a run draws none."""
    wanted = settings.samples
    if wanted is None:
        return SampleSettings(fps=settings.fps)
    return SampleSettings(
        wanted.formats,
        wanted.number,
        wanted.fps,
        wanted.gif_duration_ms,
        wanted.zoom,
        wanted.has_montage,
        wanted.has_comparisons,
        wanted.videos_per_comparison,
    )
