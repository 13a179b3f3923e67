"""The recipe: everything that decides the bytes of a patch, as the ledger keeps and compares it.

Entries that only one side has are not compared: a new video, format or category changes nothing that
was made. Weights, targets, limits, trim and priorities decide how much is made, not what, and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.ffmpeg import Ffmpeg

_PLAIN = (
    "seed",
    "lr_kernel",
    "lr_border",
    "png_compression",
    "chroma",
    "crop_choice",
    "repeated_frames",
    "hdr",
    "sampling",
    "interlaced",
    "hwaccel",
    "max_retry_attempts",
    "retry_skip_seconds",
    "gt_frames",
)


def recipe_of(
    settings: Settings, sources: Sequence[tuple[str, Video]], *, ffmpeg: Ffmpeg, fingerprint: str
) -> dict[str, Any]:
    """Return the recipe as JSON values."""
    recipe: dict[str, Any] = {key: getattr(settings, key) for key in _PLAIN}
    recipe["lr_versions"] = sorted(settings.lr_versions)
    recipe["ffmpeg"] = ffmpeg.version
    recipe["colour fingerprint"] = fingerprint
    for category in settings.whole_categories:
        recipe[f"distribution of {category.name}"] = {
            patch_format.name: share for patch_format, share in category.distribution
        }
        for patch_format, _ in category.distribution:
            recipe[f"format {patch_format.name}"] = _format(patch_format)
    for source, video in sources:
        crop = video.crop
        recipe[f"crop of {source}"] = [crop.x, crop.y, crop.width, crop.height] if crop else None
        recipe[f"peak of {source}"] = video.peak
    return recipe


def _format(patch_format: PatchFormat) -> dict[str, Any]:
    return {
        "gt": [patch_format.gt.width, patch_format.gt.height],
        "lr": [patch_format.lr.width, patch_format.lr.height],
        "folder": patch_format.folder,
        "suffix": patch_format.suffix,
    }
