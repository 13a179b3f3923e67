"""Writes an export: in a folder beside its place, which gets its name when all files are whole.

    <folder>.partial/ ── rename ──> <folder>

Invariant: a folder under its own name is a whole export. What a killed export left is written anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.videomnist.dataset.export.arrays import (
    notes_on_moving_mnist,
    write_moving_mnist,
    write_predrnn,
)
from tui_gen.jobs.videomnist.dataset.export.class_folders import write_class_folders
from tui_gen.jobs.videomnist.dataset.export.layouts import LAYOUTS, Layout
from tui_gen.jobs.videomnist.dataset.export.source import ExportSource
from tui_gen.jobs.videomnist.dataset.export.webdataset import write_webdataset
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.output import writing
from tui_gen.jobs.videomnist.dataset.stored_video import DamagedVideoError
from tui_gen.jobs.videomnist.model import SPLITS, Split

_MARK = ".tui-gen-export"
"""Marks a folder that an export may empty."""

_WRITERS: Mapping[str, Callable[[ExportSource, Split, Path], None]] = MappingProxyType(
    {
        "moving-mnist": write_moving_mnist,
        "predrnn-npz": write_predrnn,
        "folder": write_class_folders,
        "webdataset": write_webdataset,
    }
)


@dataclass(frozen=True, slots=True)
class ExportWritten:
    """An export that is whole."""

    folder: Path
    videos: Mapping[Split, int]
    notes: tuple[str, ...] = ()


def write_export(
    dataset: VideoDataset,
    layout: str,
    folder: Path,
    *,
    splits: Sequence[Split] = SPLITS,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> ExportWritten:
    """Write the videos of a file in a layout; tell `on_done` how many are written, and of how many.

    Raises RefusedError where the layout does not exist or cannot hold the videos, where something is in the
    way, or where a video is damaged; ObstructedError and OSError where the export cannot be written.
    """
    chosen = _layout(layout)
    frames = dataset.form.frames if chosen.has_spare_frames else int(dataset.attributes["sequence_length"])
    if frames < chosen.least_frames:
        message = f"{layout} needs videos of at least {chosen.least_frames} frames; these have {frames}"
        raise RefusedError(message)
    videos = {split: dataset.videos(split) for split in splits}
    source = ExportSource(dataset, frames, _counter(sum(videos.values()), on_done))
    partial = _emptied(folder)
    try:
        for split in splits:
            _WRITERS[layout](source, split, partial)
    except DamagedVideoError as error:
        message = f'{error}; "tui-gen verify --repair" makes it again'
        raise RefusedError(message) from error
    with writing(folder):
        (partial / _MARK).unlink()
        partial.rename(folder)
    return ExportWritten(folder, videos, notes_on_moving_mnist(source) if layout == "moving-mnist" else ())


def _layout(name: str) -> Layout:
    if name not in LAYOUTS:
        message = f'there is no layout "{name}"; there are {", ".join(LAYOUTS)}'
        raise RefusedError(message)
    return LAYOUTS[name]


def _counter(total: int, on_done: Callable[[int, int], None]) -> Callable[[], None]:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        on_done(done, total)

    return count


def _emptied(folder: Path) -> Path:
    """Return the empty folder to write in. Raises RefusedError where something is in the way."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        message = f"{folder} exists and is not empty; name a new folder for the export"
        raise RefusedError(message)
    partial = folder.with_name(f"{folder.name}.partial")
    if partial.exists() and any(partial.iterdir()):
        if not (partial / _MARK).exists():
            message = f"{partial} is in the way and is not what an export left; move it away"
            raise RefusedError(message)
        shutil.rmtree(partial)
    with writing(partial):
        partial.mkdir(parents=True, exist_ok=True)
        (partial / _MARK).touch()
    return partial
