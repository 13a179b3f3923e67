"""Checks the number of frames of a clip against the stacks that are made of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tui_gen.config.faults import Fault
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.config.schema import BaseSettings, ConfigFile
from tui_gen.jobs.superres.config.settings import USUAL_LR_VERSIONS, lr_version_frames

TALLEST_STACK = 1_000_000
LARGEST_STACK = 1 << 30
"""The most lines and the most pixels of a PNG file that libpng and OpenCV read."""


def lr_versions_of(base: BaseSettings) -> Sequence[str]:
    """Return the LR stacks of a configuration: five frames and all frames if it names none."""
    return base.lr_versions or (USUAL_LR_VERSIONS[0], f"{base.frames}frames")


def clip_faults(file: ConfigFile) -> Iterator[Fault]:
    """Yield the faults of `frames`, `lr_versions` and `gt_frames`."""
    base = file.base_settings
    frames, versions = base.frames, lr_versions_of(base)
    for place, version in enumerate(versions):
        length = lr_version_frames(version)
        if length > frames or (length % 2 == 0 and length != frames):
            wrong = f'clips have {frames} frames ("frames"), and a shorter stack has an odd number of them'
            remedy = f"write {json.dumps([USUAL_LR_VERSIONS[0], f'{frames}frames'])}, or leave it out"
            yield Fault(("base_settings", "lr_versions", place), f"{json.dumps(version)}: {wrong}", remedy)
    if file.gt_frames not in {1, frames}:
        wrong = f'clips have {frames} frames ("frames")'
        yield Fault(("gt_frames",), wrong, f"write 1, or {frames} for a stack of every frame beside GT")
    elif frames > USUAL_CLIP.frames and frames not in {file.gt_frames, *map(lr_version_frames, versions)}:
        yield Fault(
            ("base_settings", "lr_versions"),
            f"no stack has the {frames} frames of a clip",
            f'add "{frames}frames", or write a smaller number of "frames"',
        )
    yield from _too_large(file)


def _too_large(file: ConfigFile) -> Iterator[Fault]:
    """Yield the formats whose stack of GT no program reads; stacks of LR are smaller."""
    for category, formats in file.format_config.items():
        for name, entry in formats.items():
            if name in BUILT_IN_FORMATS or entry.gt_size is None:
                continue
            width, height = entry.gt_size
            if file.gt_frames * height > TALLEST_STACK or file.gt_frames * width * height > LARGEST_STACK:
                yield Fault(
                    ("format_config", category, name, "gt_size"),
                    f"a stack of {file.gt_frames} frames of {width}x{height} is too large for a PNG file",
                    'write a smaller gt_size, or "gt_frames": 1',
                )
