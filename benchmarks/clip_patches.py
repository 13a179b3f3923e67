"""The patches that every approach but the program makes of a clip: one per category, in default formats."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_samples import HEIGHT, MIDDLE, WIDTH

Image = NDArray[np.uint8]
"""BGR, (height, width, 3)."""

# name -> ((format folder, width, height, share), ...): the default categories and distributions.
CATEGORIES = {
    "general": (("Patches", 540, 540, 0.45), ("Medium169", 720, 405, 0.35), ("Large", 720, 720, 0.2)),
    "space": (("Patches", 540, 540, 0.3), ("XLarge169", 1440, 810, 0.45), ("FullHD", 1920, 1080, 0.25)),
    "toon": (("Patches", 540, 540, 0.65), ("Medium169", 720, 405, 0.35)),
}


def write_patches(frames: Sequence[Image], k: int, output: Path) -> None:
    """Cut the patches of clip `k` out of its frames, shrink them by 3, and write all kinds of files."""
    draw = random.Random(k)
    for category, formats in CATEGORIES.items():
        folder, width, height, _ = draw.choices(formats, [share for *_, share in formats])[0]
        x, y = draw.randint(0, WIDTH - width), draw.randint(0, HEIGHT - height)
        crops = [frame[y : y + height, x : x + width] for frame in frames]
        small = [
            cv2.resize(crop, (width // 3, height // 3), interpolation=cv2.INTER_LANCZOS4) for crop in crops
        ]
        patch = {"GT": crops[MIDDLE], "LR": np.vstack(small[1:6]), "LR_7frames": np.vstack(small)}
        for kind, image in patch.items():
            path = output / category / folder / kind / f"patch_sample_idx{k:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
