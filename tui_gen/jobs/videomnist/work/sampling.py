"""Draws the samples of the HDF5 file. Runs in a child process.

    .tui-gen/samples.part ── all drawn ──> samples ── earlier ones, if they differ ──> superseded/samples

Invariant: the earlier samples are kept, all under one number, before the first of them is replaced.
"""

from __future__ import annotations

import filecmp
import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tui_gen.engine.storage.superseded import keep_folder
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.output import flush, writing
from tui_gen.jobs.videomnist.dataset.samples.samples import SampleSettings, write_samples
from tui_gen.jobs.videomnist.work.orders import Context
from tui_gen.processes.orders.messages import Signs

_SAMPLE = re.compile(
    r"digit_\d_video_\d+\.(gif|mp4)|videomnist_montage\.png|class_comparisons/digit_\d_comparison\.gif"
    r"|dataset_stats\.(txt|json)"
)
"""The names of samples, relative to their folder."""


def sampled(context: Context, signs: Signs) -> dict[str, Any]:
    """Write the samples; return the size of all, and the hash of each by its name in the folder.

    Raises ObstructedError, and what reading a damaged file raises.
    """
    settings, drawn = context.settings, context.settings.unfinished_samples
    shutil.rmtree(drawn, ignore_errors=True)
    with VideoDataset(settings.h5_path) as dataset:
        paths = write_samples(dataset, drawn, samples_of(settings), on_done=signs.give)
    names = [path.relative_to(drawn) for path in paths]
    told = {
        "size": sum(path.stat().st_size for path in paths),
        "sha256": {
            name.as_posix(): hashlib.sha256((drawn / name).read_bytes()).hexdigest() for name in names
        },
    }
    with writing(settings.samples_folder):
        replace_samples(settings, names)
    return told


def replace_samples(settings: Settings, names: list[Path]) -> None:
    """Move the drawn samples to their folder; keep all earlier ones if one is replaced. Raises OSError."""
    drawn, folder = settings.unfinished_samples, settings.samples_folder
    earlier = sorted(_samples_in(folder))
    changed = [path for path in earlier if not _is_drawn_again(path, drawn / path.relative_to(folder))]
    if changed:
        keep_folder(folder, earlier, replaced=changed, output=settings.output, run_folder=settings.run_folder)
    unchanged = set(earlier).difference(changed)
    for target in (folder / name for name in names if folder / name not in unchanged):
        target.parent.mkdir(parents=True, exist_ok=True)
        (drawn / target.relative_to(folder)).replace(target)
    for path in changed:
        if path.relative_to(folder) not in names:
            path.unlink()  # it has a second name among the superseded files
    for place in {folder / name.parent for name in names}:
        flush(place)
    shutil.rmtree(drawn, ignore_errors=True)


def _samples_in(folder: Path) -> Iterator[Path]:
    """Yield the samples of earlier runs; a user's own files are none."""
    for path in folder.rglob("*"):
        if path.is_file() and _SAMPLE.fullmatch(path.relative_to(folder).as_posix()):
            yield path


def _is_drawn_again(path: Path, drawn: Path) -> bool:
    return drawn.exists() and filecmp.cmp(path, drawn, shallow=False)


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
