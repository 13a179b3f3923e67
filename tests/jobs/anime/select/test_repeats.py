"""Near duplicates among the selected images."""

from __future__ import annotations

import numpy as np

from tui_gen.jobs.anime.frames.pictures import thumbnail
from tui_gen.jobs.anime.select.repeats import repeats_by


def test_of_near_duplicates_the_first_stays() -> None:
    random = np.random.default_rng(0)
    scenes = [random.integers(0, 256, (90, 160, 3), np.uint8) // 64 * 64 for _ in range(3)]
    scenes[1][:, :80], scenes[2][:40] = 0, 255
    noisy = np.clip(scenes[0] + random.integers(-3, 4, scenes[0].shape), 0, 255).astype(np.uint8)
    pictures = {"a": scenes[1], "b": scenes[0], "c": noisy, "d": scenes[2], "e": scenes[1]}
    calls: list[int] = []
    repeats = repeats_by(
        {image: thumbnail(rgb) for image, rgb in pictures.items()}, 28.0, alive=lambda: calls.append(1)
    )
    assert repeats(sorted(pictures)) == ["c", "e"]
    assert repeats(["c", "d"]) == []
    assert repeats([]) == []
    assert calls
