"""The videos of an export: their frames, and how many have been read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.model import Split


@dataclass(frozen=True, slots=True)
class ExportSource:
    """An open file, and as many frames of its videos as the layout holds."""

    dataset: VideoDataset
    frames: int  # T
    on_read: Callable[[], None]

    def video(self, split: Split, k: int) -> NDArray[np.uint8]:
        """Return the grey frames [T, S, S] of a video. Raises DamagedVideoError."""
        frames = self.dataset.frames(split, k)[: self.frames]
        self.on_read()
        return frames
