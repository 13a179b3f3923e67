"""Makes the patches of one clip from its frames: cuts, measures and writes them, or rejects them by a score.

Guards: a rejected patch leaves no file. Scores do not change the bytes of a written patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_gen.engine.model.work import Patch
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.patches import (
    PatchArrays,
    PatchFiles,
    cut_patch,
    encode_patch,
    write_patch,
)
from tui_gen.jobs.superres.extraction.picture_form import picture_form
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames
from tui_gen.jobs.superres.extraction.reading.views import reach
from tui_gen.jobs.superres.extraction.scoring.scores import rejection_reason
from tui_gen.jobs.superres.pairing.clip_pairing import NotPaired, paired_patch
from tui_gen.jobs.superres.units import ClipTask, Cut, Stretch
from tui_gen.media.geometry import Size


@dataclass(slots=True)
class Given:
    """The patches of one clip, and the rejected categories."""

    patches: tuple[Patch, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()  # category and reason
    rejected_scores: dict[str, dict[str, float]] = field(default_factory=dict)  # by category


def cut_clip(unit: Stretch, task: ClipTask, clip: ClipFrames) -> Given:
    """Make the patches of a clip. Raises OutputError."""
    given = Given()
    for cut in task.cuts:
        prepared = prepare(unit, clip, cut, given)
        if prepared is not None:
            _write(unit, encode(prepared, unit.settings), given)
    return given


def write_all(unit: Stretch, encoded: Sequence[Encoded], given: Given) -> Given:
    """Write patches that were encoded before. Raises OutputError."""
    for made in encoded:
        _write(unit, made, given)
    return given


def _write(unit: Stretch, made: Encoded, given: Given) -> None:
    cut, upright = made.cut, unit.probe.even_upright
    scale = cut.frame.width / upright.width
    suffix = picture_form(unit.settings).suffix
    patch = write_patch(made.files, cut, output=unit.settings.output, scale=scale, suffix=suffix)
    record = {**patch.record, "source_crop": _in_source(cut, upright), **made.measured}
    given.patches += (Patch(patch.category, patch.size_bytes, record, made.perceptual_hash),)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The images of a patch, and what was measured of it."""

    cut: Cut
    arrays: PatchArrays
    measured: dict[str, object]  # becomes a part of the patch's record
    perceptual_hash: int | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """The files of a patch before they are written, and what was measured of it."""

    cut: Cut
    files: PatchFiles
    measured: dict[str, object]
    perceptual_hash: int | None


def encode(prepared: Prepared, settings: Settings) -> Encoded:
    """Encode the images of a patch."""
    files = encode_patch(prepared.arrays, settings)
    return Encoded(prepared.cut, files, prepared.measured, prepared.perceptual_hash)


def prepare(unit: Stretch, clip: ClipFrames, cut: Cut, given: Given) -> Prepared | None:
    """Cut and measure a patch; None if a score rejects it, which `given` then has."""
    settings = unit.settings
    if cut.rivals:
        cut = most_detailed(clip, cut, settings)
    arrays = _arrays(clip, cut, settings)
    measured: dict[str, object] = {}
    perceptual_hash = None
    if settings.scores:
        from tui_gen.jobs.superres.extraction.scoring.patch_scores import measure_patch

        measures = measure_patch(arrays, cut, settings.scores)
        reason = rejection_reason(measures.scores, settings.scores)
        if reason is not None:
            given.rejected += ((cut.category, reason),)
            given.rejected_scores[cut.category] = measures.scores
            return None
        if measures.scores:
            measured["scores"] = measures.scores
        perceptual_hash = measures.perceptual_hash
    if unit.pair is not None and clip.release is not None:
        paired = paired_patch(unit.pair, clip, cut, settings)
        if isinstance(paired, NotPaired):
            given.rejected += ((cut.category, paired.reason),)
            return None
        arrays, measured["pair"] = {**arrays, **paired.arrays}, paired.record
    return Prepared(cut, arrays, measured, perceptual_hash)


def most_detailed(clip: ClipFrames, cut: Cut, settings: Settings) -> Cut:
    """Return the most detailed of a cut's choices, among equals the first."""
    from tui_gen.jobs.superres.extraction.scoring.patch_scores import detail

    def detail_of(choice: Cut) -> int:
        view, at = clip.view(choice.frame, reach(choice, settings)), choice.region
        top, left = at.y - view.area.y, at.x - view.area.x
        return detail(view.pixels[settings.clip_shape.middle, top : top + at.height, left : left + at.width])

    return max(cut.choices, key=detail_of)


def _in_source(cut: Cut, upright: Size) -> list[float]:
    """Return [x, y, width, height] of a cut in upright pixels of the film."""
    across, down = upright.width / cut.frame.width, upright.height / cut.frame.height
    at = cut.region
    return [_short(value) for value in (at.x * across, at.y * down, at.width * across, at.height * down)]


def _short(value: float) -> float:
    return int(value) if value == int(value) else round(value, 2)


def _arrays(clip: ClipFrames, cut: Cut, settings: Settings) -> PatchArrays:
    view = clip.view(cut.frame, reach(cut, settings))
    return cut_patch(view.pixels, cut, settings=settings, area=view.area)
