"""CPU seconds that each score costs, on made-up arrays: the work of the one process that measures.

    python benchmarks/score_cost.py

Patches are small_540 and fullhd_1920; repeated frames are looked for in seven frames of 3840x2160 at
10 bits that repeat (the worst case) and that do not (nearly all films).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.dataset.file_kinds import GT, FileKind
from tui_gen.jobs.superres.extraction.reading.luma import measure_clip, repeated_pairs
from tui_gen.jobs.superres.extraction.scoring.patch_scores import detail, measure_patch
from tui_gen.jobs.superres.extraction.scoring.scores import KINDS, default_rule
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, Size, whole

ROUNDS = 20
FRAME = Size(1920, 1080)


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    work()
    began = time.process_time()
    for _ in range(rounds):
        work()
    return 1000 * (time.process_time() - began) / rounds


def moving(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    noise = np.random.default_rng(1).normal(0, 1, (height, width + 70)).astype(np.float32)
    soft = 120 + 40 * cv2.GaussianBlur(noise, (0, 0), 3.0) * 6
    picture = np.clip(soft, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    return np.stack([picture[:, 6 * n : 6 * n + width] for n in range(7)])


def patch_costs(name: str) -> None:
    form = BUILT_IN_FORMATS[name]
    frames = moving(form.gt.height, form.gt.width)
    lr = np.concatenate([cv2.resize(frame, (form.lr.width, form.lr.height)) for frame in frames])
    arrays = {GT: frames[3].copy(), FileKind(is_gt=False, frames=7): lr.astype(np.uint8)}
    region = Region(0, 1080 - form.gt.height, form.gt.width, form.gt.height)
    cut = Cut("c", "C", form, FRAME, region, whole(FRAME), "x")
    rules = {kind.name: default_rule(kind.name, "score") for kind in KINDS.values() if kind.of == "patch"}
    for score, rule in rules.items():
        cost = milliseconds(partial(measure_patch, arrays, cut, {score: rule}))
        print(f"{name:12} {score:16} {cost:8.2f} ms")
    print(f"{name:12} {'all':16} {milliseconds(partial(measure_patch, arrays, cut, rules)):8.2f} ms")
    print(f"{name:12} {'detail, 4 places':16} {4 * milliseconds(partial(detail, arrays[GT])):8.2f} ms")


def repeat_costs() -> None:
    alike = np.random.default_rng(2).integers(64, 940, (1, 2160, 3840)).astype("<u2").repeat(7, axis=0)
    different = alike + np.arange(7, dtype="<u2")[:, None, None] * 8
    for label, frames in (("alike", alike), ("different", different)):
        cost = milliseconds(partial(repeated_pairs, frames, measure_clip(frames, depth=10), depth=10), 3)
        print(f"7 frames of 3840x2160, {label}: repeated_frames {cost:.0f} ms")


def main() -> None:
    cv2.setNumThreads(1)
    for name in ("small_540", "fullhd_1920"):
        patch_costs(name)
    repeat_costs()


if __name__ == "__main__":
    main()
