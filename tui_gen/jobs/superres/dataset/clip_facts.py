"""Describes a clip by its ledger record, for the log of the screen. Records of older versions lack fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from tui_gen.base.formatting import position, size
from tui_gen.contract.clips import ClipSummary
from tui_gen.engine.model.work import JsonObject, Made, Patch, Rejected


class FilmClipDescriber:
    """Describes clips of films: their place, the difference of their frames, and what was cut of them."""

    def summary(self, outcome: Made | Rejected) -> ClipSummary:
        """Return the place in the film, the difference, and format and crop for each category."""
        record = outcome.record
        at, difference = record.get("pts_seconds"), record.get("scene_difference")
        is_said = isinstance(outcome, Rejected) and "difference" in outcome.reason
        facts = [f"difference {difference:.1f}"] if _is_number(difference) and not is_said else []
        if isinstance(outcome, Made):
            facts += [f"{patch.category} {_crop(patch.record)}" for patch in outcome.patches]
            facts += [f"not {category}: {reason}" for category, reason in outcome.rejected]
        return ClipSummary(position(at) if _is_number(at) else "", tuple(facts))

    def facts(self, outcome: Made | Rejected) -> Sequence[tuple[str, str]]:
        """Return everything that the record says of the clip, then of its patches."""
        patches = outcome.patches if isinstance(outcome, Made) else ()
        return [*_of_clip(outcome.record), *(fact for patch in patches for fact in _of_patch(patch))]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_clip(record: JsonObject) -> Iterator[tuple[str, str]]:
    at = record.get("pts_seconds")
    if _is_number(at):
        yield "place", f"{position(at)} ({at} s after the first frame)"
    for key, label in _CLIP_FIELDS.items():
        if key in record:
            yield label, _text(record[key])
    for category, scores in _mapping(record.get("rejected_scores")).items():
        yield "scores", f"{category}: {_text(scores)}"


_CLIP_FIELDS = {
    "scene_difference": "difference",
    "pair_differences": "by frame",
    "types": "frames",
    "frame_steps": "steps",
    "pts": "timestamps",
    "reader": "decoder",
    "device": "device",
    "scores": "scores",
}


def _of_patch(patch: Patch) -> Iterator[tuple[str, str]]:
    record = patch.record
    scale = record.get("scale")
    scaled = f" of the frame scaled by {scale}" if scale is not None else ""
    yield "patch", f"{patch.category}: {_crop(record)}{scaled}"
    if "source_crop" in record:
        yield "", f"in the film: {_text(record['source_crop'])} (left, top, width, height)"
    if "scores" in record:
        yield "", f"scores: {_text(record['scores'])}"
    if patch.perceptual_hash is not None:
        yield "", f"perceptual hash: {patch.perceptual_hash:016x}"
    sizes, sums = _mapping(record.get("sizes")), _mapping(record.get("sha256"))
    for kind, path in _mapping(record.get("files")).items():
        taken = f": {size(sizes[kind])}" if _is_number(sizes.get(kind)) else ""
        yield "", f"{kind}{taken}" + (f", sha256 {sums[kind]}" if kind in sums else "")
        yield "", str(path)


def _crop(record: JsonObject) -> str:
    """Return format and crop: `small_540 480x270 at 712,304`."""
    form = str(record.get("format", "?"))
    if not all(key in record for key in ("x", "y", "width", "height")):
        return form
    return f"{form} {record['width']}x{record['height']} at {record['x']},{record['y']}"


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a JSON value as words: lists and objects without brackets."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_text, value))
    return str(value)
