"""Reads a clip at three places of a film as a run does, to test the decoding and to measure its cost.

    reading a stretch = start + clips x clip       so two stretches of different lengths tell both

Guards: nothing is written. A window that is only black is not a fault of the film. With repeated frames left
out, neither is a window without motion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from tui_gen.engine.model.work import Failed, Rejected, Unusable
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.extraction.degrading import cutting_seconds
from tui_gen.jobs.superres.extraction.reading.objections import BLANK
from tui_gen.jobs.superres.extraction.reading.repeated import TOO_FEW_DIFFERENT
from tui_gen.jobs.superres.media import ClipFrames
from tui_gen.jobs.superres.planning.clip_cost import ClipCost
from tui_gen.jobs.superres.planning.film_capacity import Option, Prospect
from tui_gen.jobs.superres.planning.geometry import border_margin, crop, crop_area
from tui_gen.jobs.superres.planning.real_frames import RealFrames
from tui_gen.jobs.superres.planning.stretches import STRETCH_CLIPS
from tui_gen.jobs.superres.planning.timestamps import Timeline
from tui_gen.jobs.superres.units import ClipTask, Cut, Stretch
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.processes.cpu_time import counting

SHARES = (1 / 6, 1 / 2, 5 / 6)
CENTRE = Fraction(1, 2)
Result = Literal["good", "black", "still", "bad"]
MANY_SHARES = tuple((number + 0.5) / 15 for number in range(15))
CHEAP_SECONDS = 0.5
"""Clips that take less processor time than this are measured at more places."""
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
    cost: ClipCost | None  # None if it could not be measured
    frames_per_clip: int  # decoded at most, besides the frames before the window
    unusable: Unusable | None = None
    patches_per_clip: int = 1

    @property
    def seconds_per_clip(self) -> float | None:
        """The processor time of a clip with a patch for each category, in a whole stretch."""
        many = STRETCH_CLIPS
        return None if self.cost is None else self.cost.of(many, many * self.patches_per_clip) / many

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
        """Whether no place has enough different pictures, and the configuration requires them."""
        return bool(self.places) and all(place.result in {"black", "still"} for place in self.places)


def trial_places(line: Timeline, shares: Sequence[float] = SHARES) -> tuple[float, ...]:
    """Return places at these shares of the film, in seconds, whose windows are inside it and not trimmed."""
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
    wanted = (line.start_seconds + share * (line.end_seconds - line.start_seconds) for share in shares)
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
    tried = await _read(stretch, times, ffmpeg)
    return Trial(
        tuple(tried.places),
        await _cost(stretch, line, tried, ffmpeg),
        line.frames_before + 1 + line.frames_after,
        tried.unusable,
        len(cuts),
    )


async def _cost(stretch: Stretch, line: Timeline, tried: _Tried, ffmpeg: Ffmpeg) -> ClipCost | None:
    """Return the cost of a clip, without the start of the children, which a run has once in a stretch.

    Where clips are cheap, the start counts for much. It is then measured: by a longer stretch, whose further
    clips cost nothing but themselves.
    """
    spent, count = tried.reading_seconds, len(stretch.tasks)
    if spent is None:
        return None
    patch_seconds = tried.cutting_seconds / max(1, tried.clips * len(stretch.tasks[0].cuts))
    per_clip = spent / count
    if per_clip < CHEAP_SECONDS and all(place.result == "good" for place in tried.places):
        times = _apart(trial_places(line, MANY_SHARES), line)
        if len(times) >= 2 * count:
            more = await _read(_with_places(stretch, times), times, ffmpeg)
            if more.reading_seconds is not None:
                per_clip = max(0.0, more.reading_seconds - spent) / (len(times) - count)
    return ClipCost(max(0.0, spent - per_clip * count), per_clip, patch_seconds)


def _with_places(stretch: Stretch, times: Sequence[float]) -> Stretch:
    cuts = stretch.tasks[0].cuts
    return replace(stretch, tasks=tuple(ClipTask(index, (time,), cuts) for index, time in enumerate(times)))


def _apart(times: Sequence[float], line: Timeline) -> tuple[float, ...]:
    """Return the times whose windows do not overlap that of the time before."""
    least = (line.frames_before + 1 + line.frames_after) * line.frame_seconds
    found = list[float]()
    for time in times:
        if not found or time - found[-1] > least:
            found.append(time)
    return tuple(found)


@dataclass(slots=True)
class _Tried:
    """What reading some places came to."""

    places: list[TrialPlace] = field(default_factory=list)
    unusable: Unusable | None = None
    reading_seconds: float | None = None  # processor time of the children
    cutting_seconds: float = 0.0  # processor time of this process
    clips: int = 0


async def _read(stretch: Stretch, times: Sequence[float], ffmpeg: Ffmpeg) -> _Tried:
    tried = _Tried()
    with counting() as spent:
        await _read_places(stretch, times, ffmpeg, tried)
    tried.reading_seconds = spent.seconds
    return tried


async def _read_places(stretch: Stretch, times: Sequence[float], ffmpeg: Ffmpeg, tried: _Tried) -> None:
    tasks, places = {task.index: task for task in stretch.tasks}, tried.places
    async with aclosing(media.read_clips(stretch, ffmpeg=ffmpeg, threads=1)) as reports:
        async for report in reports:
            if isinstance(report, Unusable):
                tried.unusable = report
                return
            if isinstance(report, ClipFrames):
                places.append(TrialPlace(times[report.index], "good"))
                seconds = await cutting_seconds(stretch, tasks[report.index], report, ffmpeg=ffmpeg)
                if seconds is not None:
                    tried.cutting_seconds += seconds
                    tried.clips += 1
            elif isinstance(report, Rejected | Failed):
                result = _HARMLESS.get(report.reason, "bad")
                places.append(TrialPlace(times[report.clip.index], result, report.reason))


def _cuts(settings: Settings, video: Video, outlook: Prospect) -> Iterator[Cut]:
    """Yield one typical cut per category: its most frequent format, from the middle of the picture."""
    for name, _ in video.weights:
        if options := outlook.options.get(name):
            yield _cut(settings, name, max(options, key=lambda option: option.share))


def _cut(settings: Settings, name: str, option: Option) -> Cut:
    gt, picture = option.format.gt, option.fit.picture
    margin = border_margin(settings.ratios_of(option.format)) if settings.lr_border == "picture" else 0
    region = crop(crop_area(picture, gt, margin), gt, draw_x=CENTRE, draw_y=CENTRE)
    folder = settings.categories[name].folder
    return Cut(name, folder, option.format, option.fit.frame, region, picture, file_stem="")
