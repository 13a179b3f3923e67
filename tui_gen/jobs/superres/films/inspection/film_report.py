"""The report on one film: cells of a table, remarks below the table, and JSON. Pure.

All values are measured or read from the file. An unknown value is "-" or null. The cost of a clip is an
estimate and is labelled as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

from tui_gen.contract.inspect import Column, Inspected
from tui_gen.engine.model.work import Learned, Unusable
from tui_gen.jobs.superres.clip_shape import ClipShape
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.films.inspection.film_remarks import Looked, length, remarks, seconds
from tui_gen.jobs.superres.films.inspection.trial import Trial
from tui_gen.jobs.superres.pairing.pair_remarks import pair_record
from tui_gen.jobs.superres.planning.film_capacity import Prospect
from tui_gen.media.colour import colour_tags, tone_mapping_peak, why_perhaps_hdr
from tui_gen.media.film_facts import ColourFacts, ProbeFacts, SurveyFacts
from tui_gen.media.geometry import whole
from tui_gen.media.probing.keyframe_distance import KeyFrames

State = Literal["good", "flawed", "unusable", "missing", "left out"]
UNKNOWN = "-"
COLUMNS = (
    Column("codec", most_cells=6),
    Column("size", is_number=True),
    Column("aspect", is_number=True),
    Column("colour"),
    Column("light", is_wide=True, note="light: MaxCLL/mastering display in nits, profile of Dolby Vision"),
    Column("bars", is_wide=True, note="bars: lines left out at top/bottom/left/right"),
    Column("fps", is_number=True),
    Column("length", is_number=True),
    Column("keys", is_number=True, note="keys: distance of the key frames"),
    Column(
        "cost",
        is_number=True,
        note="cost: an estimate, processor time of a clip and its patches, by those read as a test here",
    ),
    Column("test", is_number=True, note="test: places that decode, of those tried"),
)


def inspected(
    settings: Settings,
    looked: Looked,
    *,
    state: State,
    reason: str,
    new: Sequence[tuple[str, Learned | Unusable]],
) -> Inspected:
    """Return the report on the film, for the table and for the JSON."""
    video, trial = looked.film.video, looked.trial
    return Inspected(
        source=looked.film.id,
        name=video.name,
        path=video.path,
        state=state,
        reason=reason,
        cells=_cells(looked),
        remarks=tuple(remarks(settings, looked)),
        record=_record(looked, settings.clip_shape),
        seconds_per_clip=None if trial is None else trial.seconds_per_clip,
        learned=tuple(new),
    )


# ------------------------------------------------------------------ the table


def _cells(looked: Looked) -> dict[str, str]:
    outlook, trial = looked.outlook, looked.trial
    if outlook is None or outlook.probe is None:
        return {}
    probe, keys = outlook.probe, looked.keys
    cells = {
        "codec": probe.codec,
        "size": str(probe.coded),
        "aspect": f"{_aspect(probe, outlook):.2f}",
        "colour": colour_class(probe),
        "light": light(probe.colour),
        "bars": _bars_cell(outlook),
        "fps": f"{1 / probe.frame_seconds:.4g}" if probe.frame_seconds else UNKNOWN,
        "length": length(probe.duration_seconds),
    }
    if keys is not None and keys.typical_seconds is not None:
        cells["keys"] = seconds(keys.typical_seconds)
    if trial is not None:
        cells["test"] = f"{len(trial.places) - len(trial.bad)}/{len(trial.places)}"
        if trial.seconds_per_clip is not None:
            cells["cost"] = f"~{seconds(trial.seconds_per_clip)}"
    return cells


def colour_class(probe: ProbeFacts) -> str:
    """Return `PQ`, `HLG`, `SDR` or `SDR 2020`; `HDR?` or `SDR?` if the file does not state enough."""
    if probe.hdr_class != "sdr":
        return probe.hdr_class.upper()
    if why_perhaps_hdr(probe.colour) is not None:
        return "HDR?"
    if probe.colour.primaries == "bt2020":
        return "SDR 2020"
    return "SDR" if probe.colour.primaries or probe.colour.matrix else "SDR?"


def light(colour: ColourFacts) -> str:
    """Return MaxCLL/mastering display in nits, `1000/4000`, and the Dolby Vision profile; `-` without any."""
    parts = []
    if colour.max_cll_nits is not None or colour.mastering_max_nits is not None:
        parts.append(f"{_number(colour.max_cll_nits)}/{_number(colour.mastering_max_nits)}")
    if (vision := dolby_vision(colour)) is not None:
        parts.append(f"DV {vision}")
    return " ".join(parts) or UNKNOWN


def dolby_vision(colour: ColourFacts) -> str | None:
    """Return profile and compatibility of the base layer: `8.1`."""
    if colour.dolby_vision_profile is None:
        return None
    compatibility = colour.dolby_vision_compatibility
    return f"{colour.dolby_vision_profile}{'' if compatibility is None else f'.{compatibility}'}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:g}"


def _aspect(probe: ProbeFacts, outlook: Prospect) -> float:
    """Return the aspect ratio of the visible picture, inside the bars if they are known."""
    if probe.stereo is not None and outlook.upright is not None:  # the picture of one eye
        seen, pixel = outlook.upright.picture, outlook.upright.aspect
    else:
        seen = whole(probe.upright) if outlook.survey is None else outlook.survey.picture
        pixel = probe.upright_aspect
    return float(Fraction(seen.width, seen.height) * pixel)


def _bars_cell(outlook: Prospect) -> str:
    bars = _bars(outlook)
    if bars is None:
        return UNKNOWN
    return "none" if not any(bars.values()) else "/".join(str(lines) for lines in bars.values())


def _bars(outlook: Prospect) -> dict[str, int] | None:
    """Return the number of lines left out at each side, or None before the survey."""
    probe, survey = outlook.probe, outlook.survey
    if probe is None or survey is None:
        return None
    frame, picture = probe.upright, survey.picture
    return {
        "top": picture.y,
        "bottom": frame.height - picture.y - picture.height,
        "left": picture.x,
        "right": frame.width - picture.x - picture.width,
    }


# ------------------------------------------------------------------ for scripts


def _record(looked: Looked, shape: ClipShape) -> dict[str, Any]:
    outlook = looked.outlook
    if outlook is None or outlook.probe is None:
        return {}
    probe, survey = outlook.probe, outlook.survey
    return {
        "container": probe.container,
        "codec": probe.codec,
        "size": [probe.coded.width, probe.coded.height],
        "upright_size": [probe.upright.width, probe.upright.height],
        "sample_aspect": [probe.sample_aspect.numerator, probe.sample_aspect.denominator],
        "rotation_degrees": probe.rotation_degrees,
        "stereo": probe.stereo,
        "aspect": round(_aspect(probe, outlook), 4),
        "bars": _bars(outlook),
        "bar_votes": None if survey is None else survey.bar_votes,
        "frames_per_second": 1 / probe.frame_seconds if probe.frame_seconds else None,
        "frames": None if probe.frame_times is None else len(probe.frame_times.pts),
        "first_pts_seconds": probe.first_pts_seconds,
        "duration_seconds": probe.duration_seconds,
        "parts_seconds": [list(part) for part in probe.parts_seconds],
        "field_order": probe.field_order,
        "is_interlaced": None if survey is None else survey.is_interlaced,
        "first_field": None if survey is None else survey.first_field,
        "combed_parts_seconds": None if survey is None else [list(part) for part in survey.combed_parts],
        "title_chapters": _chapters_record(probe),
        **({} if outlook.pair is None else {"pair": pair_record(outlook.pair)}),
        "telecine": _telecine(probe, survey),
        "colour": _colour_record(probe, outlook.stated or probe.colour, looked.film.video.peak),
        "formats": {
            name: [option.format.name for option in options] for name, options in outlook.options.items()
        },
        "key_frames": _keys_record(looked.keys),
        "test": _test_record(looked.trial),
        "cost_estimate": _cost_record(probe, looked, shape),
    }


def _telecine(probe: ProbeFacts, survey: SurveyFacts | None) -> str | None:
    """Return `soft`, `hard` or `none`; None before the survey."""
    if survey is not None and survey.is_telecined:
        return "hard"
    if probe.is_soft_telecined:
        return "soft"
    return None if survey is None else "none"


def _chapters_record(probe: ProbeFacts) -> list[dict[str, Any]] | None:
    if probe.title_chapters is None:
        return None
    return [
        {"name": chapter.name, "start_seconds": chapter.start_seconds, "end_seconds": chapter.end_seconds}
        for chapter in probe.title_chapters
    ]


def _colour_record(probe: ProbeFacts, stated: ColourFacts, peak: float | None) -> dict[str, Any]:
    colour, tags = probe.colour, colour_tags(probe)
    names = ("primaries", "transfer", "matrix", "range")
    return {
        "class": probe.hdr_class,
        "pixel_format": colour.pixel_format,
        "bit_depth": colour.bit_depth,
        "stated": {name: getattr(stated, name) for name in (*names, "chroma_location")},
        "read_as": {name: getattr(tags, name) for name in names},
        "max_cll_nits": colour.max_cll_nits,
        "mastering_max_nits": colour.mastering_max_nits,
        "tone_mapping_peak": None if probe.hdr_class == "sdr" else tone_mapping_peak(colour, peak),
        "dolby_vision": dolby_vision(colour),
    }


def _keys_record(keys: KeyFrames | None) -> dict[str, Any] | None:
    if keys is None:
        return None
    return {
        "measured_by": keys.how,
        "typical_frames": keys.typical_frames,
        "longest_frames": keys.longest_frames,
        "typical_seconds": keys.typical_seconds,
        "longest_seconds": keys.longest_seconds,
    }


def _test_record(trial: Trial | None) -> list[dict[str, Any]] | None:
    if trial is None:
        return None
    return [
        {"at_seconds": place.at_seconds, "result": place.result, "reason": place.reason}
        for place in trial.places
    ]


def _cost_record(probe: ProbeFacts, looked: Looked, shape: ClipShape) -> dict[str, Any] | None:
    """Return the cost of one clip: frames and pixels by the key frames, processor time by the trial."""
    trial, keys = looked.trial, looked.keys
    before = keys.frames_before if keys is not None else None
    needed = shape.span if trial is None else trial.frames_per_clip
    frames = None if before is None else before + needed
    return {
        "processor_seconds": None if trial is None else trial.seconds_per_clip,
        "frames_decoded": frames,
        "pixels_decoded": None if frames is None else frames * probe.coded.width * probe.coded.height,
    }
