"""Reads a clip at three places of a film as a run does, to test the decoding and to measure its cost.

Guards: nothing is written. A window that is only black is not a fault of the film. With repeated frames left
out, neither is a window without motion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from tui_gen.engine.model.work import Failed, Rejected, Unusable
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.extraction.reading.objections import BLANK
from tui_gen.jobs.superres.extraction.reading.repeated import TOO_FEW_DIFFERENT
from tui_gen.jobs.superres.media import ClipFrames
from tui_gen.jobs.superres.planning.film_capacity import Option, Prospect
from tui_gen.jobs.superres.planning.geometry import border_margin, crop, crop_area
from tui_gen.jobs.superres.planning.real_frames import RealFrames
from tui_gen.jobs.superres.planning.timestamps import Timeline
from tui_gen.jobs.superres.units import CLIP_FRAMES, ClipTask, Cut, Stretch
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.processes.cpu_time import counting

SHARES = (1 / 6, 1 / 2, 5 / 6)
CENTRE = Fraction(1, 2)
Result = Literal["good", "black", "still", "bad"]
_HARMLESS: Mapping[str, Result] = {BLANK: "black", TOO_FEW_DIFFERENT: "still"}


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """The result of reading a clip at one place."""

    at_seconds: float  # from the first PTS
    result: Result
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """The results at the three places."""

    places: tuple[TrialPlace, ...]
    # Processor time of all children divided by the number of places; None if it could not be measured.
    seconds_per_clip: float | None
    unusable: Unusable | None = None
    frames_per_clip: int = CLIP_FRAMES  # decoded at most, besides the frames before the window

    @property
    def bad(self) -> tuple[TrialPlace, ...]:
        """The places that could not be read."""
        return tuple(place for place in self.places if place.result == "bad")

    @property
    def is_black(self) -> bool:
        """Whether all places are blank."""
        return bool(self.places) and all(place.result == "black" for place in self.places)

    @property
    def is_still(self) -> bool:
        """Whether no place has seven different pictures, and the configuration requires them."""
        return bool(self.places) and all(place.result in {"black", "still"} for place in self.places)


def trial_places(line: Timeline) -> tuple[float, ...]:
    """Return up to three places, in seconds, whose windows are in the film and outside its trim."""
    line = _anywhere(line)
    if line.by_index is not None:
        return tuple(_whole_places(line, line.by_index))
    frame = line.frame_seconds
    frames = math.floor(line.duration_seconds / frame + 0.5)
    before, after = line.frames_before, line.frames_after
    first = max(before * frame, line.start_seconds + (before + 1) * frame if line.start_seconds else 0.0)
    last = (frames - after - 1) * frame
    if line.end_seconds < line.duration_seconds:
        last = min(last, line.end_seconds - (after + 2) * frame)
    if last < first:
        return ()
    wanted = (line.start_seconds + share * (line.end_seconds - line.start_seconds) for share in SHARES)
    places = dict.fromkeys(min(max(place, first), last) for place in wanted)
    return tuple(
        place for place in places if not any(begin <= place <= end for begin, end in line.gaps_seconds)
    )


def _whole_places(line: Timeline, frames: RealFrames) -> Iterator[float]:
    """Yield the places of windows that cross no hold, nearest to the shares of the running time."""
    is_inside = (frames.times >= line.start_seconds) & (frames.times <= line.end_seconds)
    for begin, end in line.gaps_seconds:
        is_inside &= (frames.times < begin) | (frames.times > end)
    good = frames.times[is_inside & frames.are_whole(frames.times, line.frames_before, line.frames_after)]
    yield from dict.fromkeys(float(good[int(share * good.size)]) for share in SHARES if good.size)


def _anywhere(line: Timeline) -> Timeline:
    """Return the timeline for clips that need not begin at key frames."""
    return replace(line, starts_seconds=None)


async def trial(
    settings: Settings, source: str, video: Video, outlook: Prospect, *, ffmpeg: Ffmpeg
) -> Trial | None:
    """Read the places of a surveyed film; None if the film has no room for a clip."""
    if outlook.probe is None or outlook.survey is None or outlook.line is None:
        return None
    line = _anywhere(outlook.line)
    times = trial_places(line)
    cuts = tuple(_cuts(settings, video, outlook))
    if not times or not cuts:
        return None
    stretch = Stretch(
        source=source,
        path=video.path,
        name=video.name,
        settings=replace(settings, videos=()),
        probe=outlook.probe,
        survey=outlook.survey,
        peak=video.peak,
        tasks=tuple(ClipTask(index, (time,), cuts) for index, time in enumerate(times)),
        reach=line.reach,
    )
    with counting() as spent:
        places, unusable = await _read(stretch, times, ffmpeg)
    seconds = None if spent.seconds is None else spent.seconds / len(times)
    return Trial(places, seconds, unusable, line.frames_before + 1 + line.frames_after)


async def _read(
    stretch: Stretch, times: Sequence[float], ffmpeg: Ffmpeg
) -> tuple[tuple[TrialPlace, ...], Unusable | None]:
    places: list[TrialPlace] = []
    async with aclosing(media.read_clips(stretch, ffmpeg=ffmpeg, threads=1)) as reports:
        async for report in reports:
            if isinstance(report, Unusable):
                return tuple(places), report
            if isinstance(report, ClipFrames):
                places.append(TrialPlace(times[report.index], "good"))
            elif isinstance(report, Rejected | Failed):
                result = _HARMLESS.get(report.reason, "bad")
                places.append(TrialPlace(times[report.clip.index], result, report.reason))
    return tuple(places), None


def _cuts(settings: Settings, video: Video, outlook: Prospect) -> Iterator[Cut]:
    """Yield one typical cut per category: its most frequent format, from the middle of the picture."""
    for name, _ in video.weights:
        if options := outlook.options.get(name):
            yield _cut(settings, name, max(options, key=lambda option: option.share))


def _cut(settings: Settings, name: str, option: Option) -> Cut:
    gt, picture = option.format.gt, option.fit.picture
    margin = border_margin(option.format.ratio) if settings.lr_border == "picture" else 0
    region = crop(crop_area(picture, gt, margin), gt, draw_x=CENTRE, draw_y=CENTRE)
    folder = settings.categories[name].folder
    return Cut(name, folder, option.format, option.fit.frame, region, picture, file_stem="")
