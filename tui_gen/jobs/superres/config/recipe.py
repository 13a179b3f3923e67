"""The recipe: all settings that decide the bytes of a patch. The ledger keeps and compares it.

A key that the recipe of an older run folder lacks has its value in `LEGACY_RECIPE`, so every change that
alters bytes adds a key to both. Other keys that only one of two recipes has are not compared: a new video,
format or category does not change existing patches. Weights, targets, limits, trim and priorities decide how
many patches are made, not their bytes. They are not part of the recipe.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.ffmpeg import Ffmpeg

_PLAIN = (
    "seed",
    "scale",
    "frames",
    "frame_step",
    "lr_kernel",
    "lr_border",
    "png_compression",
    "image_format",
    "chroma",
    "crop_choice",
    "repeated_frames",
    "hdr",
    "colour_output",
    "sampling",
    "interlaced",
    "stereo",
    "hwaccel",
    "max_retry_attempts",
    "retry_skip_seconds",
    "gt_frames",
)
COLOUR_RULES = 2
"""The version of the rules by which pictures are read: colours, fields, bars, shape and times. A change
increments it.

2: what a film is, is measured all over it, and not read from its first frames and flags alone.

How many places are measured is not part of it: that rule is recorded with each film (`SURVEY_RULE`), so an
older run folder goes on with its films as it began.
"""
HDR_FAST = 2
"""The version of the pictures that `"hdr": "fast"` makes of HDR films. A change increments it.

2: the kernel of media/tone_mapping, at the stored size. 1: ffmpeg's filters, after shrinking.
"""

LEGACY_RECIPE: JsonObject = MappingProxyType(
    {
        "scale": 3,
        "lr_scales": [],
        "frames": 7,
        "frame_step": 1,
        "colour_rules": 1,
        "hdr_fast": 1,
        "gt_frames": 1,
        "crop_choice": "uniform",
        "repeated_frames": "keep",
        "colour_output": "sdr8",
        "lr_variants": {},
        "image_format": "png",
    }
)
"""The keys added since the first run folders, with the values that those folders were written with.

The values describe what an old program did: they never change, even if the defaults change.
"""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hashes of what the tools of a machine make of small probes."""

    colours: str
    variants: str | None = None  # of the encoders of `lr_variants`; None: no encoder is used
    pictures: str | None = None  # of the encoder of the files; None: OpenCV


def recipe_of(
    settings: Settings, sources: Sequence[tuple[str, Video]], *, ffmpeg: Ffmpeg, fingerprints: Fingerprints
) -> dict[str, Any]:
    """Return the recipe as JSON values."""
    recipe: dict[str, Any] = {key: getattr(settings, key) for key in _PLAIN}
    recipe["lr_scales"] = list(settings.lr_scales)
    if settings.colour_output == "linear16":
        recipe["linear_peak_nits"] = settings.linear_peak_nits
    recipe["colour_rules"] = COLOUR_RULES
    # The legacy value where no kernel is used: all other folders go on as they are.
    recipe["hdr_fast"] = HDR_FAST if settings.uses_kernel else LEGACY_RECIPE["hdr_fast"]
    recipe["lr_versions"] = sorted(settings.lr_versions)
    recipe["ffmpeg"] = ffmpeg.version
    recipe["colour fingerprint"] = fingerprints.colours
    recipe["lr_variants"] = {variant.name: variant.to_json() for variant in settings.lr_variants}
    if fingerprints.variants is not None:
        recipe["lr_variants fingerprint"] = fingerprints.variants
    if fingerprints.pictures is not None:
        recipe["picture fingerprint"] = fingerprints.pictures
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
        recipe[f"tags of {source}"] = asdict(video.tags)
        # The name of the file, and not its folder: a library that moved has the same patches.
        recipe[f"pair of {source}"] = None if video.pair is None else os.path.basename(video.pair)  # noqa: PTH119 - may not be UTF-8
    return recipe


def recipe_advice(before: JsonObject, now: JsonObject) -> str | None:
    """Return what to do about a recipe that has changed although the configuration has not, or None."""
    old, new = {**LEGACY_RECIPE, **before}, {**LEGACY_RECIPE, **now}
    is_same = old.get("hdr") == new.get("hdr") == "fast" and old["colour_output"] == new["colour_output"]
    if not is_same or old["hdr_fast"] == new["hdr_fast"]:
        return None
    return (
        'The pictures of "hdr": "fast" are others than those of the version that began this folder, and this '
        'version does not make those any more. Go on with --mix, by "hdr": "fast" or by "hdr": "exact", or '
        "choose another output_base_dir."
    )


def _format(patch_format: PatchFormat) -> dict[str, Any]:
    return {
        "gt": [patch_format.gt.width, patch_format.gt.height],
        "lr": [patch_format.lr.width, patch_format.lr.height],
        "folder": patch_format.folder,
        "suffix": patch_format.suffix,
    }
