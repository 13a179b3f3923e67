"""The clips that a film can give and the formats that fit it, from the known facts.

Before the survey a film counts as having no bars. Before the probe it counts as having room for all clips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Category, Settings, Video
from tui_gen.jobs.superres.dataset.split import TRAIN, block_of, part_name, split_of
from tui_gen.jobs.superres.pairing.pair_track import (
    PAIR_FACTS,
    PairTrack,
    file_of,
    pair_from_json,
    pair_refusal,
    refusal_of,
)
from tui_gen.jobs.superres.planning import stereo
from tui_gen.jobs.superres.planning.clip_bits import lowest
from tui_gen.jobs.superres.planning.geometry import Fit, PatchFormat, Upright, fit, square_if_nearly
from tui_gen.jobs.superres.planning.stereo import SIDE_BY_SIDE, eye_of, picture_of_eye
from tui_gen.jobs.superres.planning.timestamps import Timeline, sides, timeline, usable_clips
from tui_gen.media.colour import retagged
from tui_gen.media.facts_json import keyframe_index_from_json, probe_from_json, survey_from_json
from tui_gen.media.film_facts import ColourFacts, KeyframeIndex, ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, common, contains, whole


@dataclass(frozen=True, slots=True)
class Option:
    """A format that fits a film, its share among the formats that fit, and the scale of the film for it."""

    format: PatchFormat
    share: Fraction
    fit: Fit


@dataclass(frozen=True, slots=True)
class Prospect:
    """The clips and formats that one film can give.

    The first `capacity` clips consist of `room` clips outside the film's block, for its own part of the
    dataset, and `block_room` clips inside the block, for validation.
    """

    capacity: int
    usable: int  # bit set of the clips that can be planned for the film's own part
    options: Mapping[str, tuple[Option, ...]]  # by category, without categories of which no format fits
    room: int
    block: int = 0  # bit set of the clips that can be planned inside its block
    block_room: int = 0
    probe: ProbeFacts | None = None  # with the colour tags of the configuration
    stated: ColourFacts | None = None  # the file's own
    upright: Upright | None = None  # the picture to cut from
    survey: SurveyFacts | None = None  # with the crop of the configuration, if it has one
    line: Timeline | None = None  # None: not probed
    refusal: str | None = None  # why the film gives no clips
    pair: PairTrack | None = None  # the release that LR is also made of; None: none, or not aligned yet
    no_keyframes: str | None = None  # why its clips do not begin at key frames as configured


@dataclass(frozen=True, slots=True)
class _Film:
    """The facts of a probed film, with the colour tags of its entry."""

    probe: ProbeFacts
    stated: ColourFacts  # of the file, without the tags of the entry
    keyframes: KeyframeIndex | None  # None: not requested
    survey: SurveyFacts | None
    pair: JsonObject | None  # of the release in the film's entry; None: none, or not aligned yet

    @property
    def starts_seconds(self) -> tuple[float, ...] | None:
        """The times in seconds at which clips may begin; None: any time."""
        if self.keyframes is None or self.keyframes.unknown is not None:
            return None
        return self.keyframes.times_seconds(self.probe.first_pts_seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """Wraps an object and compares it by identity."""

    thing: Any

    def __eq__(self, other: object) -> bool:
        """Compare by identity."""
        return isinstance(other, _Same) and self.thing is other.thing

    def __hash__(self) -> int:
        """Hash by identity."""
        return id(self.thing)


def prospect(settings: Settings, source: str, video: Video, facts: JsonObject) -> Prospect:
    """Return the clips and formats of a film. Cached while settings, entry and facts are the same objects."""
    known = (facts.get("probe"), facts.get("keyframes"), facts.get("survey"), facts.get(PAIR_FACTS))
    return _prospect(_Same(settings), facts.get("block_of", source), _Same(video), tuple(map(_Same, known)))


def capacity(settings: Settings, video: Video) -> int:
    """Return the number of clips planned for a video. Weights count as decimal numbers."""
    return round(settings.base_frame_limit * sum(Fraction(str(weight)) for _, weight in video.weights))


@lru_cache(maxsize=8192)
def _prospect(
    settings: _Same, block_source: str, video: _Same, known: tuple[_Same, _Same, _Same, _Same]
) -> Prospect:
    probe, keyframes, survey, pair = (facts.thing for facts in known)
    needs_index = settings.thing.sampling == "keyframe"
    needs_chapters = settings.thing.trim.has_chapters and (probe or {}).get("title_chapters") is None
    if probe is None or needs_chapters or (needs_index and keyframes is None):
        return _unprobed(settings.thing, video.thing)
    found = probe_from_json(probe)
    film = _Film(
        retagged(found, video.thing.tags),
        found.colour,
        keyframe_index_from_json(keyframes) if needs_index else None,
        survey_from_json(survey) if survey is not None else None,
        # A film that is to be surveyed is another file: its pair is to be aligned again.
        pair if pair and survey and file_of(pair).path == video.thing.pair else None,
    )
    duration = film.probe.duration_seconds
    block = block_of(
        settings.thing.seed, block_source, share=video.thing.val_share, duration_seconds=duration
    )
    line = timeline(film.probe, settings.thing, block, starts_seconds=film.starts_seconds)
    return _probed(settings.thing, video.thing, film, line)


def _unprobed(settings: Settings, video: Video) -> Prospect:
    clips = capacity(settings, video)
    options: dict[str, tuple[Option, ...]] = {name: () for name, weight in video.weights if weight > 0}
    return Prospect(clips, (1 << clips) - 1, options, room=clips)


def _probed(settings: Settings, video: Video, film: _Film, line: Timeline) -> Prospect:
    probe, survey = film.probe, film.survey
    clips = capacity(settings, video)
    picture = video.crop or (survey.picture if survey else whole(probe.upright))
    refusal = _unfit_length(line, clips, usable_clips(line, clips))
    track, not_paired = _paired(film)
    shown = picture if track is None else common(picture, _inset(track.film_part(probe.even_upright)))
    refusal = _unfit_picture(probe, shown, track) or not_paired or refusal
    refusal = (fields_refused(settings, survey) if survey else None) or refusal
    refusal = colour_refused(settings, probe) or stereo_refused(settings, probe) or refusal
    options: dict[str, tuple[Option, ...]] = {}
    upright = _upright(settings, video, probe, shown)
    if refusal is None:
        options = _options(settings, video, upright)
        if not options and any(weight > 0 for _, weight in video.weights):
            refusal = f"no format of its categories fits its picture of {upright.picture.size}"
    found = sides(line, clips)
    first = lowest(found.outside | found.inside, clips)
    return Prospect(
        clips,
        found.outside,
        options,
        room=(first & found.outside).bit_count(),
        block=found.inside,
        block_room=(first & found.inside).bit_count(),
        probe=probe,
        stated=film.stated,
        upright=upright,
        survey=replace(survey, picture=picture) if survey else None,
        line=line,
        refusal=refusal,
        pair=track,
        no_keyframes=film.keyframes.unknown if film.keyframes else None,
    )


def _upright(settings: Settings, video: Video, probe: ProbeFacts, picture: Region) -> Upright:
    """Return the picture to cut from: of one eye, without an odd last line and column."""
    view = None if settings.stereo == "refuse" else eye_of(probe, settings.stereo)
    if view is not None and video.crop is None:
        picture = picture_of_eye(view, probe, picture)
    aspect = square_if_nearly(probe.upright_aspect if view is None else view.aspect)
    across = 2 if view is not None and probe.stereo == SIDE_BY_SIDE else 1
    return Upright(probe.even_upright, aspect, common(picture, whole(probe.even_upright)), across)


def _options(settings: Settings, video: Video, upright: Upright) -> dict[str, tuple[Option, ...]]:
    wanted = [name for name, weight in video.weights if weight > 0]
    if video.val_share:
        wanted += [part_name(name, "val") for name in wanted if split_of(name) == TRAIN]
    fitting = {name: _fitting(settings.categories[name], upright) for name in wanted}
    return {name: options for name, options in fitting.items() if options}


def _fitting(category: Category, upright: Upright) -> tuple[Option, ...]:
    fits = [
        (patch_format, Fraction(str(share)), scaled)
        # Sorted by name, so that the order in the configuration does not matter.
        for patch_format, share in sorted(category.distribution, key=lambda entry: entry[0].name)
        if (scaled := fit(upright, patch_format.gt)) is not None
    ]
    total = sum(share for _, share, _ in fits)
    return tuple(Option(patch_format, share / total, scaled) for patch_format, share, scaled in fits)


def fields_refused(settings: Settings, survey: SurveyFacts) -> str | None:
    """Return why a film is refused for its interlaced or telecined frames, or None."""
    if survey.is_interlaced and settings.interlaced == "refuse":
        return "it is interlaced, and the configuration says to refuse such films"
    if survey.is_telecined and settings.telecine == "refuse":
        return 'it is telecined: of five frames two are woven from two pictures; "telecine": "keep" takes it'
    return None


def colour_refused(settings: Settings, probe: ProbeFacts) -> str | None:
    """Return why an SDR film is refused where the files are HDR, or None."""
    if settings.colour_output == "sdr8" or settings.sdr_films == "convert" or probe.hdr_class != "sdr":
        return None
    return f'it is SDR, and "colour_output" is "{settings.colour_output}"; "sdr_films": "convert" takes it'


def stereo_refused(settings: Settings, probe: ProbeFacts) -> str | None:
    """Return why a 3D film is refused, or None."""
    if probe.stereo is not None and settings.stereo == "refuse":
        return f"it is 3D ({probe.stereo}), and the configuration says to refuse such films"
    return stereo.refusal(probe)


PAIR_INSET = 8
"""Pixels of the film at the edges of its pair's picture that are left out: kernels read beyond a patch, and a
patch may be moved."""


def _paired(film: _Film) -> tuple[PairTrack | None, str | None]:
    """Return the release of a film, and why it cannot be used."""
    if film.pair is None:
        return None, None
    if (reason := refusal_of(film.pair)) is not None:
        return None, pair_refusal(reason)
    return pair_from_json(film.pair), None


def _inset(part: Region) -> Region:
    return Region(
        part.x + PAIR_INSET, part.y + PAIR_INSET, part.width - 2 * PAIR_INSET, part.height - 2 * PAIR_INSET
    )


def _unfit_picture(probe: ProbeFacts, picture: Region, pair: PairTrack | None) -> str | None:
    if pair is not None and min(picture.width, picture.height) < 1:
        return pair_refusal("its picture and that of the film have nothing in common")
    if contains(whole(probe.upright), picture):
        return None
    place = f"{picture.size} at {picture.x},{picture.y}"
    return f"the region to crop, {place}, does not lie in its frame of {probe.upright}"


def _unfit_length(line: Timeline, clips: int, usable: int) -> str | None:
    if usable or not clips:
        return None
    frames = math.floor(line.duration_seconds / line.frame_seconds + 0.5)
    frames = frames if line.by_index is None else line.by_index.count
    needed = line.frames_before + 1 + line.frames_after
    if frames < needed:
        doubt = "" if line.is_rate_known else " for certain, as its frame rate is not known"
        what = f"in which {line.shape.span} that differ are sought" if line.reach_frames else "of a clip"
        return f"too short: {line.duration_seconds:.2f} s do not hold the {needed} frames {what}{doubt}"
    return (
        f"none of its {2 * clips} possible clips lies wholly in {line.usable_seconds:.2f} s"
        f" of {line.duration_seconds:.2f} s"
    )
