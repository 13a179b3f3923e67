"""Draws the montage: a column a digit; its first, middle and last frame, and all frames in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui_gen.jobs.videomnist.dataset.samples.encode import Grey

GAP = 2
GROUND = 64
"""Grey level between the frames; a frame itself is black, level 0."""
ROWS = 4


def montage(videos: Sequence[Grey | None], image_size: int) -> Grey:
    """Return a picture of videos [F, S, S], a column each; a class without a video has an empty column.

    Height: 4 S + 5 gaps; width: S and a gap for each video, and a gap.
    """
    step = image_size + GAP
    canvas = np.full((ROWS * step + GAP, len(videos) * step + GAP), GROUND, np.uint8)
    for column, video in enumerate(videos):
        for row, picture in enumerate(_rows(video) if video is not None else ()):
            top, left = GAP + row * step, GAP + column * step
            canvas[top : top + image_size, left : left + image_size] = picture
    return canvas


def _rows(video: Grey) -> tuple[Grey, ...]:
    return video[0], video[len(video) // 2], video[-1], np.asarray(video.max(axis=0), np.uint8)
