"""CPU milliseconds of cutting and encoding one patch, with and without LR at further scales.

    python benchmarks/lr_scales_cost.py

The frames are made up: soft structure and grain. The rows of a format are measured in turn, round by round,
and each ratio is the median of the rounds' ratios to the first row, so that other work on the machine changes
it little.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.score_cost import FRAME, moving
from tui_gen.jobs.superres.config.defaults import built_in_formats
from tui_gen.jobs.superres.config.settings import Scale, Settings
from tui_gen.jobs.superres.extraction.patches import cut_patch, encode_patch
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, whole

ROUNDS = 7
FURTHER: tuple[tuple[Scale, ...], ...] = ((), (4,), (2,), (2, 4))


def settings_with(lr_scales: tuple[Scale, ...]) -> Settings:
    return Settings(Path("config.json"), Path("out"), (), {}, lr_scales=lr_scales)


def film_frames() -> NDArray[np.uint8]:
    soft = moving(FRAME.height, FRAME.width)
    grain = np.random.default_rng(5).normal(0, 3, soft.shape).astype(np.float32)
    frames: NDArray[np.uint8] = np.clip(soft + grain, 0, 255).astype(np.uint8)
    return frames


def patch_seconds(frames: NDArray[np.uint8], cut: Cut, settings: Settings) -> tuple[float, int]:
    """Return the processor time of one patch, and the bytes of its files."""
    began = time.process_time()
    files = encode_patch(cut_patch(frames, cut, settings=settings), settings)
    return time.process_time() - began, sum(map(len, files.values()))


def costs(name: str, frames: NDArray[np.uint8]) -> None:
    form = built_in_formats(3, (2, 4))[name]
    region = Region(0, FRAME.height - form.gt.height, form.gt.width, form.gt.height)
    cut = Cut("c", "C", form, FRAME, region, whole(FRAME), "x")
    rows = [settings_with(lr_scales) for lr_scales in FURTHER]
    for settings in rows:
        patch_seconds(frames, cut, settings)
    rounds = [[patch_seconds(frames, cut, settings) for settings in rows] for _ in range(ROUNDS)]
    for place, settings in enumerate(rows):
        cpu = statistics.median(found[place][0] for found in rounds)
        ratio = statistics.median(found[place][0] / found[0][0] for found in rounds)
        size = rounds[0][place][1]
        listed = f"lr_scales {list(settings.lr_scales)}"
        print(
            f"{name:12} {listed:18} {1000 * cpu:7.1f} ms {ratio:5.2f} times"
            f" {size / 1e6:6.2f} MB {size / rounds[0][0][1]:5.2f} times"
        )


def main() -> None:
    cv2.setNumThreads(1)
    frames = film_frames()
    for name in ("small_540", "medium_169", "fullhd_1920"):
        costs(name, frames)


if __name__ == "__main__":
    main()
