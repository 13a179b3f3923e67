"""The processor time of a film's clips: `check` measures and records it, `plan` estimates by it. Pure.

    film's work = stretches x start + clips x clip + patches x patch

Guards: a cost counts only for the settings that it was measured with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.config.recipe import HDR_FAST
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.planning.stretches import STRETCH_CLIPS

COST = "cost"
"""The key of a source's facts for the cost of its clips."""
_EARLIER_BASIS: JsonObject = {"scale": 3, "lr_scales": [], "image_format": "png"}
"""Settings that earlier versions did not record, with the values that they measured with."""


@dataclass(frozen=True, slots=True)
class ClipCost:
    """Processor time in seconds on the machine that measured it."""

    start_seconds: float  # of the children that read a stretch
    clip_seconds: float  # decoding a clip and converting its colours
    patch_seconds: float  # cutting, scoring and encoding one patch

    def of(self, clips: int, patches: int) -> float:
        """Return the processor seconds of this many clips and patches of one film."""
        starts = -(-clips // STRETCH_CLIPS)
        return starts * self.start_seconds + clips * self.clip_seconds + patches * self.patch_seconds

    def to_json(self, settings: Settings) -> JsonObject:
        """Return the cost as a fact."""
        rounded = {name: round(value, 5) for name, value in asdict(self).items()}
        return {**rounded, "of": _basis(settings)}


def recorded_cost(settings: Settings, facts: Mapping[str, Any]) -> ClipCost | None:
    """Return a film's recorded cost, or None if there is none for these settings."""
    known = facts.get(COST)
    if not known or {**_EARLIER_BASIS, **known.get("of", {})} != _basis(settings):
        return None
    return ClipCost(known["start_seconds"], known["clip_seconds"], known["patch_seconds"])


def _basis(settings: Settings) -> JsonObject:
    """Return the settings that change the cost of a clip or a patch."""
    shape = settings.clip_shape
    clip = {} if shape == USUAL_CLIP else {"frames": shape.frames, "frame_step": shape.step}
    return {
        **clip,
        "hdr": settings.hdr,
        **({"hdr_fast": HDR_FAST} if settings.uses_kernel else {}),
        "chroma": settings.chroma,
        "hwaccel": settings.hwaccel,
        "crop_choice": settings.crop_choice,
        "repeated_frames": settings.repeated_frames,
        "gt_frames": settings.gt_frames,
        "lr_versions": list(settings.lr_versions),
        "scale": settings.scale,
        "lr_scales": list(settings.lr_scales),
        "png_compression": settings.png_compression,
        "image_format": settings.image_format,
        "scores": bool(settings.scores),
        **(
            {"lr_variants": [variant.to_json() for variant in settings.lr_variants]}
            if settings.lr_variants
            else {}
        ),
    }
