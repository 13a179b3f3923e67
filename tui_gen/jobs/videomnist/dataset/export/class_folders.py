"""Folders of MP4 by class. VideoGPT's VideoDataset takes the classes from the names of the folders.

train/digit_3/digit_3_video_000013.mp4       the number is the video's place in its split
"""

from __future__ import annotations

from pathlib import Path

from tui_gen.jobs.videomnist.dataset.export.source import ExportSource
from tui_gen.jobs.videomnist.dataset.output import write_whole
from tui_gen.jobs.videomnist.dataset.samples.encode import mp4
from tui_gen.jobs.videomnist.model import Split


def write_class_folders(source: ExportSource, split: Split, folder: Path) -> None:
    """Write the videos of a split. Raises DamagedVideoError, ObstructedError, OSError."""
    fps = float(source.dataset.attributes["fps"])
    for k, digit in enumerate(source.dataset.labels(split).tolist()):
        name = f"digit_{digit}"
        content = mp4(source.video(split, k), fps=fps)
        write_whole(folder / split / name / f"{name}_video_{k:06d}.mp4", content)
