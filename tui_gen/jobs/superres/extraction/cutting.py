"""Makes the patches of one clip from its frames: cuts, measures and writes them, or rejects them by a score.

Guards: a rejected patch leaves no file. Scores do not change the bytes of a written patch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.engine.model.work import Patch
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.patches import (
    PatchArrays,
    PatchFiles,
    cut_patch,
    encode_patch,
    write_patch,
)
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames
from tui_gen.jobs.superres.extraction.reading.views import reach
from tui_gen.jobs.superres.extraction.scoring.scores import rejection_reason
from tui_gen.jobs.superres.units import MIDDLE, ClipTask, Cut, Stretch
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
        _cut_one(unit, clip, cut, given)
    return given


def _cut_one(unit: Stretch, clip: ClipFrames, cut: Cut, given: Given) -> None:
    made = _encoded(unit, clip, cut, given)
    if made is None:
        return
    cut, upright = made.cut, unit.probe.even_upright
    scale = cut.frame.width / upright.width
    patch = write_patch(made.files, cut, output=Path(unit.settings.output), scale=scale)
    record = {**patch.record, "source_crop": _in_source(cut, upright), **made.measured}
    given.patches += (Patch(patch.category, patch.size_bytes, record, made.perceptual_hash),)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """The files of a patch before they are written, and what was measured of it."""

    cut: Cut
    files: PatchFiles
    measured: dict[str, object]
    perceptual_hash: int | None


def _encoded(unit: Stretch, clip: ClipFrames, cut: Cut, given: Given) -> _Encoded | None:
    """Cut, measure and encode a patch; None if a score rejects it."""
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
    return _Encoded(cut, encode_patch(arrays, settings), measured, perceptual_hash)


def cutting_seconds(unit: Stretch, task: ClipTask, clip: ClipFrames) -> float:
    """Make the patches of a clip without writing them; return the processor time of this thread."""
    began, given = time.thread_time(), Given()
    for cut in task.cuts:
        _encoded(unit, clip, cut, given)
    return time.thread_time() - began


def most_detailed(clip: ClipFrames, cut: Cut, settings: Settings) -> Cut:
    """Return the most detailed of a cut's choices, among equals the first."""
    from tui_gen.jobs.superres.extraction.scoring.patch_scores import detail

    def detail_of(choice: Cut) -> int:
        view, at = clip.view(choice.frame, reach(choice, settings)), choice.region
        top, left = at.y - view.area.y, at.x - view.area.x
        return detail(view.pixels[MIDDLE, top : top + at.height, left : left + at.width])

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
