"""The report on one film: cells of a table, remarks below the table, and JSON. Pure.

All values are measured or read from the file. An unknown value is "-" or null. The cost of a clip is an
estimate and is labelled as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from tui_gen.contract.inspect import Column, Inspected
from tui_gen.engine.model.work import Learned, Unusable
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.films.bars import ENOUGH_VOTES
from tui_gen.jobs.superres.films.identity import Identified
from tui_gen.jobs.superres.films.inspection.trial import Trial
from tui_gen.jobs.superres.films.survey import INTERLACED_ORDERS
from tui_gen.jobs.superres.planning.film_capacity import Prospect, fields_refused
from tui_gen.jobs.superres.planning.timestamps import is_of_titles
from tui_gen.jobs.superres.units import CLIP_FRAMES
from tui_gen.media.colour import colour_tags, tone_mapping_peak
from tui_gen.media.film_facts import Chapter, ColourFacts, ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, whole
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
LONG_SECONDS = 60.0
VARIED_SHARE = 1.5
CHAPTERS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Looked:
    """The results of looking at a film; None if a step was not reached."""

    film: Identified
    outlook: Prospect | None = None
    keys: KeyFrames | None = None
    trial: Trial | None = None


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
        remarks=tuple(_remarks(settings, looked)),
        record=_record(looked),
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
        "aspect": f"{_aspect(probe, _picture(outlook)):.2f}",
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
    """Return `PQ`, `HLG`, `SDR` or `SDR 2020`; `SDR?` if the file has no colour tags."""
    if probe.hdr_class != "sdr":
        return probe.hdr_class.upper()
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


def seconds(value: float) -> str:
    """Return a short duration: `10.4s`, `0.04s`."""
    return f"{value:.2f}s" if value < 1 else f"{value:.1f}s"


def length(value: float) -> str:
    """Return a duration: `2:35:01`, or `0.97s` for a short clip, for which whole seconds are too coarse."""
    if value < LONG_SECONDS:
        return f"{value:.2f}s"
    whole_seconds = round(value)
    return f"{whole_seconds // 3600}:{whole_seconds // 60 % 60:02d}:{whole_seconds % 60:02d}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:g}"


def _picture(outlook: Prospect) -> Region | None:
    return outlook.survey.picture if outlook.survey is not None else None


def _aspect(probe: ProbeFacts, picture: Region | None) -> float:
    """Return the aspect ratio of the visible picture, inside the bars if they are known."""
    seen = picture or whole(probe.upright)
    return float(Fraction(seen.width, seen.height) * probe.upright_aspect)


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


# ------------------------------------------------------------------ what else is to be said


def _remarks(settings: Settings, looked: Looked) -> Iterator[str]:
    outlook = looked.outlook
    if outlook is None or outlook.probe is None:
        return
    probe, survey = outlook.probe, outlook.survey
    yield from _shape_remarks(probe)
    yield from _colour_remarks(probe, looked.film.video.peak)
    if survey is not None:
        yield from _survey_remarks(settings, probe, survey, has_crop=looked.film.video.crop is not None)
    if probe.is_soft_telecined:
        yield "soft telecine (flags alone): its frames are the film's own, there is nothing to undo"
    if looked.keys is not None:
        yield from _key_remarks(looked.keys)
    yield from _chapter_remarks(settings, probe)
    yield from _format_remarks(settings, looked, outlook)
    if looked.trial is not None:
        for place in looked.trial.places:
            if place.result != "good":
                yield f"at {length(place.at_seconds)}: {place.reason}"


def _shape_remarks(probe: ProbeFacts) -> Iterator[str]:
    if probe.rotation_degrees:
        yield f"shown turned by {probe.rotation_degrees} degrees: {probe.upright}"
    if probe.sample_aspect != 1:
        yield f"its pixels are {probe.sample_aspect.numerator}:{probe.sample_aspect.denominator}, not square"
    if probe.frame_seconds is None:
        yield "its frame rate is not known"


def _colour_remarks(probe: ProbeFacts, peak: float | None) -> Iterator[str]:
    tags, stated = colour_tags(probe), probe.colour
    if probe.hdr_class != "sdr":
        is_assumed = peak is None and stated.max_cll_nits is None and stated.mastering_max_nits is None
        assumed = ", which is assumed" if is_assumed else ""
        yield f"tone-mapped from a peak of {100 * tone_mapping_peak(stated, peak):g} nits{assumed}"
    if stated.matrix is None or stated.primaries is None:
        read_as = ", ".join(dict.fromkeys([tags.primaries, tags.matrix]))
        yield f"colour not fully stated: read as {read_as}"


def _survey_remarks(
    settings: Settings, probe: ProbeFacts, survey: SurveyFacts, *, has_crop: bool
) -> Iterator[str]:
    if has_crop:
        yield "cropped as configured"
    elif survey.bar_votes < ENOUGH_VOTES:
        yield f"bars not told: {survey.bar_votes} frames bright enough, {ENOUGH_VOTES} needed"
    refused = fields_refused(settings, survey)
    if survey.is_telecined:
        taken = "taken, deinterlaced" if survey.is_interlaced else "taken as it is"
        taken = taken if refused is None else "left out"
        yield f"telecined (3:2 pulldown woven into its frames), which is not undone: {taken}"
    elif survey.is_interlaced:
        yield f"interlaced: {'deinterlaced' if refused is None else 'refused'}"
    elif probe.field_order in INTERLACED_ORDERS:
        yield "flagged as interlaced, but both fields show one moment"


def _key_remarks(keys: KeyFrames) -> Iterator[str]:
    typical, longest = keys.typical_seconds, keys.longest_seconds
    if typical is not None and longest is not None and longest > VARIED_SHARE * typical:
        yield f"key frames up to {longest:.1f} s apart"


def _chapter_remarks(settings: Settings, probe: ProbeFacts) -> Iterator[str]:
    """Yield the chapters with titles, and whether they are left out."""
    chapters = sorted(probe.title_chapters or (), key=lambda chapter: chapter.start_seconds)
    if not chapters:
        return
    shown = [_chapter(probe, chapter) for chapter in chapters[:CHAPTERS_SHOWN]]
    more = [f"{len(chapters) - CHAPTERS_SHOWN} more"] if len(chapters) > CHAPTERS_SHOWN else []
    done = "left out" if settings.trim.has_chapters else 'kept: "chapters" in "trim" leaves them out'
    yield f"chapters with titles: {', '.join([*shown, *more])}; {done}"


def _chapter(probe: ProbeFacts, chapter: Chapter) -> str:
    begin, end = (
        max(0.0, time - probe.first_pts_seconds) for time in (chapter.start_seconds, chapter.end_seconds)
    )
    too_long = "" if is_of_titles(probe, chapter) else ", too long to be that"
    return f'"{chapter.name}" at {length(begin)} to {length(end)}{too_long}'


def _format_remarks(settings: Settings, looked: Looked, outlook: Prospect) -> Iterator[str]:
    """Yield the formats that do not fit the film, if other formats do."""
    if not outlook.options:
        return
    left_out: dict[str, None] = {}
    for name, _ in looked.film.video.weights:
        fitting = {option.format.name for option in outlook.options.get(name, ())}
        wanted = [patch_format.name for patch_format, _ in settings.categories[name].distribution]
        left_out |= dict.fromkeys(each for each in wanted if each not in fitting)
    if left_out:
        yield f"too small for {', '.join(left_out)}"


# ------------------------------------------------------------------ for scripts


def _record(looked: Looked) -> dict[str, Any]:
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
        "aspect": round(_aspect(probe, _picture(outlook)), 4),
        "bars": _bars(outlook),
        "bar_votes": None if survey is None else survey.bar_votes,
        "frames_per_second": 1 / probe.frame_seconds if probe.frame_seconds else None,
        "first_pts_seconds": probe.first_pts_seconds,
        "duration_seconds": probe.duration_seconds,
        "field_order": probe.field_order,
        "is_interlaced": None if survey is None else survey.is_interlaced,
        "title_chapters": _chapters_record(probe),
        "telecine": _telecine(probe, survey),
        "colour": _colour_record(probe, looked.film.video.peak),
        "formats": {
            name: [option.format.name for option in options] for name, options in outlook.options.items()
        },
        "key_frames": _keys_record(looked.keys),
        "test": _test_record(looked.trial),
        "cost_estimate": _cost_record(probe, looked),
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


def _colour_record(probe: ProbeFacts, peak: float | None) -> dict[str, Any]:
    colour, tags = probe.colour, colour_tags(probe)
    names = ("primaries", "transfer", "matrix", "range")
    return {
        "class": probe.hdr_class,
        "pixel_format": colour.pixel_format,
        "bit_depth": colour.bit_depth,
        "stated": {name: getattr(colour, name) for name in (*names, "chroma_location")},
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


def _cost_record(probe: ProbeFacts, looked: Looked) -> dict[str, Any] | None:
    """Return the cost of one clip: frames and pixels by the key frames, processor time by the trial."""
    trial, keys = looked.trial, looked.keys
    before = keys.frames_before if keys is not None else None
    needed = CLIP_FRAMES if trial is None else trial.frames_per_clip
    frames = None if before is None else before + needed
    return {
        "processor_seconds": None if trial is None else trial.seconds_per_clip,
        "frames_decoded": frames,
        "pixels_decoded": None if frames is None else frames * probe.coded.width * probe.coded.height,
    }
