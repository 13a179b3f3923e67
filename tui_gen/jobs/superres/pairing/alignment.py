"""Aligns a release with its film: whether it is the same film, where in time, and where in the picture.

    probe, survey of the release ─> signatures: offsets, segments ─> windows of both: exact frames, placement

What is found holds for the film. Each clip is checked again by itself (`clip_pairing`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tui_gen.base.detached_call import detached_call
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, Reading
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.films.survey import survey
from tui_gen.jobs.superres.pairing import timing
from tui_gen.jobs.superres.pairing.areas import Areas, areas_of
from tui_gen.jobs.superres.pairing.comparison import Compared, Window, compared, luma_of
from tui_gen.jobs.superres.pairing.frame_match import Planes
from tui_gen.jobs.superres.pairing.pair_track import PairTrack, ReleaseFile, Segment
from tui_gen.jobs.superres.pairing.signature_reading import PictureSource
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.units import PROBED_FRAMES, ClipTask, Cut, Stretch, Survey
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile, ProbeFacts, SurveyFacts
from tui_gen.media.film_files import FileLook, NoFile, look
from tui_gen.media.geometry import Size, whole
from tui_gen.media.probing.probe import probe

SAMPLES = 48
"""Key frames of the film that are looked for in the release."""
SHORT_SECONDS = 300.0
"""The key frames of a film that is not longer are read in one go."""
NARROWINGS = 6
PLACES = 12
PLACES_OF_SEGMENT = 3
COMPARED_WIDTH = 768
WINDOW_FRAMES = 7
MARGIN_FRAMES = 6
"""Frames of the release that are read before and after those of a clip."""
LEAST_MATCHING = 3
MOST_RESIDUAL = 2.0


class RefusedPairError(Exception):
    """The release cannot be used with the film; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class _Both:
    """A film and its release, as far as they are known."""

    unit: Survey
    film_survey: SurveyFacts
    file: ReleaseFile
    probe: ProbeFacts
    survey: SurveyFacts
    ffmpeg: Ffmpeg
    threads: int


async def aligned(
    unit: Survey, path: str, film_survey: SurveyFacts, *, ffmpeg: Ffmpeg, threads: int
) -> PairTrack | tuple[ReleaseFile, str]:
    """Return the facts of a film's release, or its file and why it cannot be used. Raises ChildError."""
    found = await detached_call(lambda: look(path, None))
    if isinstance(found, NoFile):
        return ReleaseFile(path, None, None), f"{path}: {found.reason}"
    file = ReleaseFile(path, found.size_bytes, found.mtime_ns)
    try:
        await _refuse_same_file(unit, found)
        release = await _looked_at(unit, path, ffmpeg)
        both = _Both(unit, film_survey, file, *release, ffmpeg, threads)
        return await _aligned(both)
    except RefusedPairError as error:
        return file, str(error)


async def _refuse_same_file(unit: Survey, found: FileLook) -> None:
    film = await detached_call(lambda: look(unit.path, None))
    if isinstance(film, FileLook) and film.fingerprint == found.fingerprint:
        reason = "it is the same file as the film"
        raise RefusedPairError(reason)


async def _looked_at(unit: Survey, path: str, ffmpeg: Ffmpeg) -> tuple[ProbeFacts, SurveyFacts]:
    """Return the facts of a release that can be paired. Raises RefusedPairError and ChildError."""
    if unit.probe.is_elementary:
        reason = "the film is a raw stream without timestamps"
        raise RefusedPairError(reason)
    file = FilmFile(unit.source, path, unit.settings.nice)
    probed = await probe(file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg)
    if isinstance(probed, Unusable):
        raise RefusedPairError(probed.reason)
    if (unfit := _unfit(unit.probe, probed)) is not None:
        raise RefusedPairError(unfit)
    surveyed = await survey(
        replace(unit, path=path, probe=probed, survey=None, names_wanted=(), peak=None, pair=None),
        ffmpeg=ffmpeg,
    )
    if isinstance(surveyed, Unusable):
        raise RefusedPairError(surveyed.reason)
    if surveyed.is_telecined:
        reason = "it is telecined: of five frames two are woven from two pictures of the film"
        raise RefusedPairError(reason)
    if surveyed.is_interlaced or surveyed.combed_parts:
        reason = "it is interlaced: only the frames of a progressive release are those of the film"
        raise RefusedPairError(reason)
    return probed, surveyed


def _unfit(film: ProbeFacts, release: ProbeFacts) -> str | None:
    """Return why a release cannot be paired, by its headers, or None."""
    if release.is_elementary:
        return "it is a raw stream without timestamps"
    if film.frame_seconds is None or release.frame_seconds is None:
        return "the rate of its frames, or of the film's, is not known"
    if film.stereo is not None or release.stereo is not None:
        return "it or the film is 3D"
    return None


async def _aligned(both: _Both) -> PairTrack:
    film_picture, picture = both.film_survey.picture, both.survey.picture
    reasons = ["it does not show the same film: no offset in time fits"]
    for areas in areas_of(both.unit.probe, film_picture, both.probe, picture):
        found = await _in_time(both, areas)
        if found is None:
            continue
        rate, segments = found
        result = await _in_detail(both, areas, rate, segments)
        if isinstance(result, PairTrack):
            return result
        reasons.append(result)
    raise RefusedPairError(reasons[-1])


# --------------------------------------------------------------------------------------- in time


async def _in_time(both: _Both, areas: Areas) -> tuple[float, tuple[Segment, ...]] | None:
    """Return the rate and the segments of a release by its signatures, or None if it shows another film."""
    film, probe = both.unit.probe, both.probe
    film_frame = timing.frame_seconds_of(film.frame_seconds or 0.0)
    frame = timing.frame_seconds_of(probe.frame_seconds or 0.0)
    ffmpeg, nice = both.ffmpeg, both.unit.settings.nice
    source = PictureSource(both.file.path, areas.release, probe.first_pts_seconds, ffmpeg, nice, both.threads)
    pictures, seconds = await source.all_pictures()
    if not len(seconds):
        return None
    release = timing.Release(pictures, seconds, frame)
    keys = PictureSource(both.unit.path, areas.film, film.first_pts_seconds, ffmpeg, nice)
    rate = frame / film_frame
    samples = await _first_samples(keys, film.duration_seconds, release, rate)
    if samples is None or len(samples.seconds) < timing.LEAST_SAMPLES:
        return None
    offsets = await detached_call(partial(timing.offsets_of, samples))
    runs = timing.runs_of(samples, offsets)
    for _ in range(NARROWINGS):
        wanted = timing.gaps_to_narrow(runs)
        more = await _samples(keys, wanted, release, rate) if wanted else None
        if more is None:
            break
        merged = samples.merged(more)
        if len(merged.seconds) == len(samples.seconds):
            break
        samples = merged
        runs = timing.runs_of(samples, offsets)
    if sum(run.samples for run in runs) < timing.LEAST_SAMPLES:
        return None
    segments = timing.segments_of(runs, duration_seconds=film.duration_seconds, frame_seconds=frame)
    return rate, segments


async def _first_samples(
    keys: PictureSource, duration_seconds: float, release: timing.Release, rate: float
) -> timing.Samples | None:
    """Return samples all over the film: all key frames of a short film."""
    if duration_seconds > SHORT_SECONDS:
        places = [(number + 0.5) * duration_seconds / SAMPLES for number in range(SAMPLES)]
        return await _samples(keys, places, release, rate)
    return await _profiled(await keys.key_pictures(), release, rate)


async def _samples(
    keys: PictureSource, places: Sequence[float], release: timing.Release, rate: float
) -> timing.Samples | None:
    """Return samples of the film with their profiles; None if no key frame has a signature."""
    found = [await keys.key_picture(place) for place in places]
    by_time = {seconds: picture for each in found if each is not None for picture, seconds in [each]}
    return await _profiled(by_time, release, rate)


async def _profiled(
    by_time: Mapping[float, NDArray[np.uint8]], release: timing.Release, rate: float
) -> timing.Samples | None:
    times = sorted(by_time)
    if not times:
        return None
    signatures = timing.normalised(np.stack([by_time[seconds] for seconds in times]))
    kept = np.abs(signatures).max(axis=1) > 0
    if not kept.any():
        return None
    profiles = await detached_call(lambda: release.profiles(signatures[kept]))
    return timing.Samples(np.array(times)[kept], profiles, release.frame_seconds, rate)


# ------------------------------------------------------------------------------------- in detail


async def _in_detail(
    both: _Both, areas: Areas, rate: float, segments: tuple[Segment, ...]
) -> PairTrack | str:
    """Compare windows of both frame by frame; return the facts, or why the release does not fit."""
    film, probe = both.unit.probe, both.probe
    start = areas.placement(film.even_upright, probe.even_upright)
    track = PairTrack(
        file=both.file,
        probe=probe,
        survey=both.survey,
        rate=rate,
        segments=segments,
        placement=start,
        residual_pixels=0.0,
        correlation=0.0,
        places=0,
        matching=0,
    )
    places = _places(segments, film)
    windows = await _windows(both, track, places)
    if len(windows) < LEAST_MATCHING:
        return f"only {len(windows)} of {len(places)} places could be read in both"
    result: Compared = await detached_call(lambda: compared(track, both.film_survey.picture, film, windows))
    told = result.matching + result.differing
    if result.matching < LEAST_MATCHING or result.matching * 2 < told:
        why = f": {result.reason}" if result.reason else ""
        return f"it does not show the same frames: {result.matching} of {len(windows)} places match{why}"
    if result.residual_pixels > MOST_RESIDUAL:
        return f"its picture lies {result.residual_pixels:.1f} pixels off at some places"
    return replace(
        track,
        segments=result.segments,
        placement=result.placement,
        residual_pixels=round(result.residual_pixels, 4),
        correlation=round(result.correlation, 4),
        places=len(windows),
        matching=result.matching,
    )


def _places(segments: Sequence[Segment], film: ProbeFacts) -> list[float]:
    """Return times spread over the segments, with room for a window."""
    room = (WINDOW_FRAMES + 2 * MARGIN_FRAMES) * (film.frame_seconds or 0.04)
    total = sum(segment.end_seconds - segment.begin_seconds for segment in segments)
    places: list[float] = []
    for segment in segments:
        begin, end = segment.begin_seconds + room, segment.end_seconds - room
        if end <= begin:
            continue
        count = max(PLACES_OF_SEGMENT, round(PLACES * (end - begin) / total))
        places += [begin + (number + 0.5) / count * (end - begin) for number in range(count)]
    return places


async def _windows(both: _Both, track: PairTrack, places: Sequence[float]) -> list[Window]:
    """Read the frames of both at places; a place that either does not have is left out."""
    film, unit, frame = both.unit.probe, both.unit, both.probe.frame_seconds or 0.04
    usual = _for_windows(unit.settings, WINDOW_FRAMES)
    size = _compared_size(film.even_upright)
    of_film = Stretch(
        source=unit.source,
        path=unit.path,
        name=unit.name,
        settings=usual,
        probe=film,
        survey=both.film_survey,
        peak=unit.peak,
        tasks=tuple(whole_task(number, place, size) for number, place in enumerate(places)),
    )
    inside = [
        (number, seconds)
        for number, place in enumerate(places)
        if frame <= (seconds := track.release_seconds(place)) <= both.probe.duration_seconds - frame
    ]
    of_release = release_stretch(
        track,
        unit.source,
        unit.name,
        _for_windows(unit.settings, WINDOW_FRAMES + 2 * MARGIN_FRAMES),
        tuple(whole_task(number, seconds, both.probe.even_upright) for number, seconds in inside),
    )
    first = await _lumas(read_clips_fast(of_film, ffmpeg=both.ffmpeg, threads=both.threads))
    second = await _lumas(read_clips_fast(of_release, ffmpeg=both.ffmpeg, threads=both.threads))
    return [Window(*first[number], *second[number]) for number in sorted(first.keys() & second.keys())]


async def _lumas(
    reports: AsyncGenerator[Reading, None],
) -> dict[int, tuple[Planes, tuple[float, ...]]]:
    """Return the luma and the times of the frames that could be read, by the numbers of their places."""
    found = {}
    async with aclosing(reports) as items:
        async for item in items:
            if isinstance(item, ClipFrames):
                pixels = item.views[0].pixels
                luma = await detached_call(partial(luma_of, pixels.astype(np.uint8, copy=False)))
                found[item.index] = (luma, item.pts_seconds)
    return found


def _compared_size(upright: Size) -> Size:
    width = min(COMPARED_WIDTH, upright.width)
    return Size(width, max(2, round(upright.height * width / upright.width))).even()


def _for_windows(settings: Settings, frames: int) -> Settings:
    """Return the settings with which frames are read to be compared."""
    return replace(
        settings, frames=frames, frame_step=1, gt_frames=1, lr_border="crop", lr_scales=(), scores={}
    )


_ANY = PatchFormat("release", Size(2, 2), Size(1, 1), "", "")


def whole_task(number: int, seconds: float, size: Size) -> ClipTask:
    """Return the task to read whole frames of a size around a time."""
    cut = Cut("", "", _ANY, size, whole(size), whole(size), "")
    return ClipTask(number, (seconds,), (cut,))


def release_stretch(
    track: PairTrack, source: str, name: str, settings: Settings, tasks: tuple[ClipTask, ...]
) -> Stretch:
    """Return the stretch that reads windows of a release."""
    return Stretch(
        source=source,
        path=track.file.path,
        name=name,
        settings=settings,
        probe=track.probe,
        survey=track.survey,
        peak=None,
        tasks=tasks,
    )
