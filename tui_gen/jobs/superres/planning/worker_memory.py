"""Estimates the memory of one worker, which grows with the frames of a clip. Pure.

worker = what 7 frames take + what the further frames take
         └── measured          └── kept regions of the frames, and the stacks before and after encoding
"""

from __future__ import annotations

from dataclasses import replace

from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.config.settings import USUAL_LR_VERSIONS, Category, Settings
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.planning.geometry import PatchFormat

USUAL_BYTES = 800_000_000
"""The most memory of a worker on a UHD film with clips of 7 frames, measured (docs/performance.md)."""
MOST_AHEAD_BYTES = 256 << 20
"""While a clip of more bytes is cut, the next one is not read; of smaller clips, two are held."""


def worker_bytes(settings: Settings) -> int:
    """Return the most memory of the processes of one worker in bytes, by the largest formats of a video."""
    if settings.frames <= USUAL_CLIP.frames:
        return USUAL_BYTES
    usual = replace(
        settings,
        frames=USUAL_CLIP.frames,
        gt_frames=min(settings.gt_frames, USUAL_CLIP.frames),
        lr_versions=USUAL_LR_VERSIONS,
    )
    return USUAL_BYTES + max(0, _frame_bytes(settings) - _frame_bytes(usual))


def _frame_bytes(settings: Settings) -> int:
    """Return the memory that depends on the number of frames."""
    groups = [
        [_largest(settings.categories[name]) for name, weight in video.weights if weight > 0]
        for video in settings.videos
    ]
    pixel_bytes = rendering(settings).pixel_bytes
    pixels = max((sum(map(_gt_pixels, group)) for group in groups), default=0)
    kept = settings.frames * pixel_bytes * pixels
    stacks = max((_stack_pixels(settings, form) for group in groups for form in group), default=0)
    # Of a patch, the stacks and their files, which are no larger, are in memory together.
    return (kept if kept > MOST_AHEAD_BYTES else 2 * kept) + 2 * pixel_bytes * stacks


def _largest(category: Category) -> PatchFormat:
    return max((form for form, _ in category.distribution), key=_gt_pixels)


def _gt_pixels(form: PatchFormat) -> int:
    return form.gt.width * form.gt.height


def _stack_pixels(settings: Settings, form: PatchFormat) -> int:
    tiles = [(kind.frames, kind.tile(form)) for kind in settings.file_kinds]
    return sum(frames * tile.width * tile.height for frames, tile in tiles)
