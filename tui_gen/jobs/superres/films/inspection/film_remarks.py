"""The remarks on one film below the table of `check`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise

from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.extraction.rendering import tone_mapping
from tui_gen.jobs.superres.films.bars import ENOUGH_VOTES
from tui_gen.jobs.superres.films.identity import Identified
from tui_gen.jobs.superres.films.inspection.trial import Trial
from tui_gen.jobs.superres.pairing.pair_remarks import pair_remarks
from tui_gen.jobs.superres.planning.film_capacity import Prospect, fields_refused
from tui_gen.jobs.superres.planning.geometry import square_if_nearly
from tui_gen.jobs.superres.planning.stereo import eye_of
from tui_gen.jobs.superres.planning.title_gaps import is_of_titles
from tui_gen.media.colour import TRANSFER_WANTED, colour_tags, tone_mapping_peak, why_perhaps_hdr
from tui_gen.media.film_facts import INTERLACED_ORDERS, Chapter, FrameTimes, ProbeFacts, SurveyFacts
from tui_gen.media.probing.keyframe_distance import KeyFrames
from tui_gen.media.probing.timestamp_jumps import why_less

LONG_SECONDS = 60.0
SLIDE_SECONDS = 0.5
"""A film whose frames are this far apart is a slideshow."""
VARIED_SHARE = 1.5
CHAPTERS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Looked:
    """The results of looking at a film; None if a step was not reached."""

    film: Identified
    outlook: Prospect | None = None
    keys: KeyFrames | None = None
    trial: Trial | None = None


def length(value: float) -> str:
    """Return a duration: `2:35:01`, or `0.97s` for a short clip, for which whole seconds are too coarse."""
    if value < LONG_SECONDS:
        return f"{value:.2f}s"
    whole_seconds = round(value)
    return f"{whole_seconds // 3600}:{whole_seconds // 60 % 60:02d}:{whole_seconds % 60:02d}"


def seconds(value: float) -> str:
    """Return a short duration: `10.4s`, `0.04s`."""
    return f"{value:.2f}s" if value < 1 else f"{value:.1f}s"


def remarks(settings: Settings, looked: Looked) -> Iterator[str]:
    """Yield what else is to be said of a film, one line each."""
    outlook = looked.outlook
    if outlook is None or outlook.probe is None:
        return
    probe, survey = outlook.probe, outlook.survey
    yield from _shape_remarks(settings, probe)
    yield from _colour_remarks(settings, probe, looked.film.video)
    if outlook.pair is not None:
        yield from pair_remarks(outlook.pair, outlook)
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


def _shape_remarks(settings: Settings, probe: ProbeFacts) -> Iterator[str]:
    if probe.rotation_degrees:
        yield f"shown turned by {probe.rotation_degrees} degrees: {probe.upright}"
    if probe.aperture is not None:
        yield f"cropped as its container says, from {probe.aperture.frame} to {probe.coded}"
    if probe.sample_aspect != 1:
        is_square = square_if_nearly(probe.sample_aspect) == 1
        pixels = f"{probe.sample_aspect.numerator}:{probe.sample_aspect.denominator}"
        yield f"its pixels are {pixels}, {'taken as' if is_square else 'not'} square"
    if probe.even_upright != probe.upright:
        yield f"an odd last line or column is left out: {probe.even_upright} of {probe.upright}"
    if settings.stereo != "refuse" and (view := eye_of(probe, settings.stereo)) is not None:
        yield f"3D, {probe.stereo}: the {settings.stereo} eye is taken, {view.region.size}"
    if probe.frame_seconds is None:
        yield "its frame rate is not known"
    if (jumps := why_less(probe.parts_seconds)) is not None:
        yield f"{jumps}; to use all of it, mux it: ffmpeg -i FILE -c copy FILE.mkv"
    if probe.frame_times is not None:
        yield _varied(probe, probe.frame_times)
    if probe.frame_seconds is not None and probe.frame_seconds >= SLIDE_SECONDS:
        yield f"slideshow: its frames are {seconds(probe.frame_seconds)} apart; the score timing decides"


def _varied(probe: ProbeFacts, frames: FrameTimes) -> str:
    times = frames.times_seconds(probe.first_pts_seconds)
    gaps = [after - before for before, after in pairwise(times)]
    apart = f"{seconds(min(gaps))} to {seconds(max(gaps))} apart" if gaps else "alone"
    return f"variable frame rate: {len(times)} frames in {length(probe.duration_seconds)}, {apart}"


def _colour_remarks(settings: Settings, probe: ProbeFacts, video: Video) -> Iterator[str]:
    tags, stated, peak = colour_tags(probe), probe.colour, video.peak
    if configured := [f"{name} {tag}" for name, tag in asdict(video.tags).items() if tag is not None]:
        yield f"colour as configured: {', '.join(configured)}"
    if settings.colour_output != "sdr8":
        yield f"not tone-mapped: {settings.colour_output}, as the configuration says"
    elif probe.hdr_class != "sdr":
        is_assumed = peak is None and stated.max_cll_nits is None and stated.mastering_max_nits is None
        assumed = ", which is assumed" if is_assumed else ""
        yield f"tone-mapped from a peak of {100 * tone_mapping_peak(stated, peak):g} nits{assumed}"
        if settings.uses_kernel and tone_mapping(probe, settings, peak=peak) is None:
            yield 'the kernel of "hdr": "fast" does not take its pixels: converted as by "exact"'
    if stated.matrix is None or stated.primaries is None:
        read_as = ", ".join(dict.fromkeys([tags.primaries, tags.matrix]))
        yield f"colour not fully stated: read as {read_as}"
    if (why := why_perhaps_hdr(stated)) is not None:
        yield f"perhaps HDR ({why}): {TRANSFER_WANTED}"


def _survey_remarks(
    settings: Settings, probe: ProbeFacts, survey: SurveyFacts, *, has_crop: bool
) -> Iterator[str]:
    if has_crop:
        yield "cropped as configured"
    elif survey.bar_votes < ENOUGH_VOTES and not survey.are_votes_enough:
        yield f"bars not told: {survey.bar_votes} frames bright enough, {ENOUGH_VOTES} needed"
    for part in survey.other_parts:
        at = f"{length(part.begin_seconds)} to {length(part.end_seconds)}"
        yield f"another kind of picture at about {at}: {part.unlike}; clips there are rejected"
    refused = fields_refused(settings, survey)
    if survey.is_telecined:
        taken = "taken, deinterlaced" if survey.is_interlaced else "taken as it is"
        taken = taken if refused is None else "left out"
        yield f"telecined (3:2 pulldown woven into its frames), which is not undone: {taken}"
    elif survey.is_interlaced:
        stated = "" if probe.field_order in INTERLACED_ORDERS else ", though not flagged as such"
        yield f"interlaced{stated}: {'deinterlaced' if refused is None else 'refused'}"
    elif survey.combed_parts:
        parts = ", ".join(f"{length(begin)} to {length(end)}" for begin, end in survey.combed_parts)
        yield f"interlaced in parts (at about {parts}): clips there are rejected"
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
