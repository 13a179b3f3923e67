"""Reads clips: one ffmpeg per attempt, raw frames over pipes, PTS from ffmpeg's stderr.

A window is read where a constant rate would have it. If the frames are not those around the timestamp,
their timestamps show where those are, and they are read. If only different frames count, all frames within
reach are compared first, and then those of the clip are read.

Invariant: a returned clip has exactly the frames of its shape (`ClipShape`) with the middle frame nearest to
the timestamp, or different frames around the timestamp (`repeated`). They are decoded from a key frame on
without an error message, and equal a sequential decode byte for byte.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import numpy as np

from tui_gen.base.formatting import frame_count
from tui_gen.engine.model.work import Clip, Doing, Failed, Rejected, Retried, Unusable
from tui_gen.jobs.superres.clip_shape import Reach
from tui_gen.jobs.superres.extraction.reading import graphs
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, FrameView, Reading
from tui_gen.jobs.superres.extraction.reading.conversion import Conversion
from tui_gen.jobs.superres.extraction.reading.damage import is_undamaged
from tui_gen.jobs.superres.extraction.reading.ffmpeg_pass import (
    BadData,
    LastingError,
    Pass,
    fault_of,
    is_doubtful,
    raise_what_is_not_data,
)
from tui_gen.jobs.superres.extraction.reading.frame_sinks import ClipTaker
from tui_gen.jobs.superres.extraction.reading.kernel_process import KernelProcess
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeasures, ClipMeter, luma_plane
from tui_gen.jobs.superres.extraction.reading.objections import objection
from tui_gen.jobs.superres.extraction.reading.repeated import (
    TOO_FEW_DIFFERENT,
    Picked,
    WalkSink,
    chosen_different,
    is_ascending,
    picked,
    span_within,
)
from tui_gen.jobs.superres.extraction.reading.views import kept_regions
from tui_gen.jobs.superres.extraction.reading.window import (
    BWDIF_LEAD_FRAMES,
    Span,
    begins_too_late,
    exact_span,
    expected_span,
    frames_around,
    has_sound_entry,
    is_centred,
    is_damaged,
    is_near,
    is_run,
    most_seconds_of,
)
from tui_gen.jobs.superres.extraction.rendering import pixel_type
from tui_gen.jobs.superres.units import ClipTask, Stretch
from tui_gen.media.ffmpeg import Ffmpeg, Input, input_arguments
from tui_gen.media.geometry import Region, Size
from tui_gen.processes.children import (
    ChildError,
    Command,
    Sink,
    StallLimits,
    run_child,
)

CLIP_LIMITS = StallLimits()
TOO_FAR_APART = "its frames are farther apart than those of the film"
SAME_WINDOW_ATTEMPTS = 3
SECOND_LEAD = 2
"""The most of the leads below for a second look at a window near damage."""
ENTRY_LEADS_SECONDS: tuple[float | None, ...] = (0.0, 2.0, 10.0, 60.0, None)
"""The distance before the window to seek to; the next one if no key frame came before it. None: the start."""

LOOK_AHEAD_SECONDS: tuple[float, ...] = (2.0, 30.0, 600.0)
"""The range after a timestamp in which frames are looked for; gaps may be long at variable rate."""

LOOK_BACK_SECONDS = 1.0

_Regions = Mapping[Size, Sequence[Region]]
"""The regions to keep of frames of each size."""

INDISTINCT = "its frames cannot be told apart by their timestamps"


@dataclass(frozen=True, slots=True)
class _Window:
    """The frames of one window."""

    views: tuple[FrameView, ...] = field(repr=False)
    pts_seconds: tuple[float, ...]
    measures: ClipMeasures
    picture_types: str
    repeats: tuple[bool, ...] | None
    device: str | None
    steps: tuple[int, ...] | None = None


async def read_clips(
    stretch: Stretch,
    *,
    ffmpeg: Ffmpeg,
    threads: int,
    stall: StallLimits = CLIP_LIMITS,
    kernel: KernelProcess | None = None,
) -> AsyncGenerator[Reading, None]:
    """Read the clips of a stretch in order.

    Each clip yields any number of Doing and Retried, then ClipFrames, Rejected or Failed. Unusable ends the
    stretch. Between two items no child runs but the idle kernel process of a film that the kernel converts:
    the one given, or one that ends with the generator. Closing the generator kills and reaps its children.
    """
    used = KernelProcess(stretch, stall) if kernel is None else kernel
    reader = _Reader(stretch, used, ffmpeg=ffmpeg, threads=threads)
    try:
        for task in stretch.tasks:
            async with aclosing(_read_clip(reader, task)) as reports:
                async for report in reports:
                    yield report
                    if isinstance(report, Unusable):
                        return
    finally:
        if kernel is None:
            await used.end()


async def _read_clip(reader: _Reader, task: ClipTask) -> AsyncGenerator[Reading, None]:
    """Try the windows of one clip; the same window again if the failure was not caused by the data."""
    clip = Clip(reader.stretch.source, task.index)
    settings = reader.stretch.settings
    sizes = dict.fromkeys(cut.frame for cut in task.cuts)
    regions = {size: kept_regions(size, task.cuts, settings) for size in sizes}
    began_seconds = time.monotonic()
    attempt, bad = 0, BadData("no window to read")
    for position, target_seconds in enumerate(task.windows):
        for trial in range(1, SAME_WINDOW_ATTEMPTS + 1):
            attempt += 1
            yield Doing(clip, "reading", attempt)
            try:
                found = await reader.window(target_seconds, regions)
            except LastingError as error:
                yield Unusable(clip.source, error.reason, error.detail)
                return
            except ChildError as error:
                if trial == SAME_WINDOW_ATTEMPTS:
                    seconds = time.monotonic() - began_seconds
                    yield Failed(clip, error.reason, attempt, seconds, error.detail)
                    return
                yield Retried(clip, attempt, error.reason)
                continue
            if isinstance(found, _Window):
                yield _clip_frames(task.index, attempt, found, reader.stretch.probe.first_pts_seconds)
                return
            bad = found
            break
        if position + 1 < len(task.windows):
            yield Retried(clip, attempt, bad.reason)
    yield Rejected(clip, bad.reason, attempt, time.monotonic() - began_seconds, bad.detail)


def _clip_frames(index: int, attempts: int, window: _Window, first_pts_seconds: float) -> ClipFrames:
    return ClipFrames(
        index=index,
        views=window.views,
        pts_seconds=tuple(time - first_pts_seconds for time in window.pts_seconds),
        container_pts_seconds=window.pts_seconds,
        attempts=attempts,
        measures=window.measures,
        picture_types=window.picture_types,
        device=window.device,
        repeats=window.repeats,
        steps=window.steps,
    )


class _Reader:
    """Reads windows of one film; finds the distance before each window at which decoding must begin."""

    def __init__(self, stretch: Stretch, kernel: KernelProcess, *, ffmpeg: Ffmpeg, threads: int) -> None:
        self.stretch = stretch
        self._kernel = kernel
        self._ffmpeg = ffmpeg
        self._threads = threads
        self._stall = kernel.limits
        upright, plane = stretch.probe.upright, luma_plane(stretch.probe.colour)
        self._luma = np.empty((upright.height, upright.width), plane.dtype)
        # Raw streams have no index and no timestamps, so ffmpeg cannot seek in them.
        self._first_lead = len(ENTRY_LEADS_SECONDS) - 1 if stretch.probe.is_elementary else 0
        self._lead = self._first_lead
        self._device = stretch.device
        self._shape = stretch.window

    async def window(self, target_seconds: float, regions: _Regions) -> _Window | BadData:
        """Read the frames around a timestamp. Raises ChildError and LastingError.

        If a device does not decode the window correctly, the processor reads it again.
        """
        try:
            found = await self._window(target_seconds, regions)
        except (ChildError, LastingError):
            if self._device is None:
                raise
        else:
            if self._device is None or isinstance(found, _Window):
                return found
        self._device = None
        return await self._window(target_seconds, regions)

    async def _window(self, target_seconds: float, regions: _Regions) -> _Window | BadData:
        target_seconds += self.stretch.probe.first_pts_seconds
        # The frames of a clip must not depend on the clips before it.
        self._lead = self._first_lead
        if self.stretch.reach is not None:
            return await self._different(target_seconds, self.stretch.reach, regions)
        frame_seconds, shape = self.stretch.probe.frame_seconds, self._shape

        def are_around(chosen: Sequence[int], pts: Sequence[float]) -> bool:
            return is_centred(pts, target_seconds, shape) and is_run(chosen)

        if frame_seconds is not None:
            span = expected_span(target_seconds, frame_seconds, shape)
            found = await self._read(span, regions, are_around)
            if found is not None:
                return found
        located = await self._locate(target_seconds)
        if isinstance(located, BadData):
            return located
        found = await self._read(located, regions, are_around) or BadData(INDISTINCT)
        most_seconds = most_seconds_of(self.stretch.probe, shape)
        if isinstance(found, _Window) and not is_near(found.pts_seconds, target_seconds, most_seconds):
            return BadData(TOO_FAR_APART)
        return found

    async def _different(self, target_seconds: float, reach: Reach, regions: _Regions) -> _Window | BadData:
        """Look for different frames within reach of a target, and read them."""
        span = span_within(reach, target_seconds)
        while True:
            sink = WalkSink(self.stretch.probe.upright, luma_plane(self.stretch.probe.colour))
            done = await self._run(span, [sink], graphs.luma(self.stretch, span, device=self._device))
            if not self._may_enter_earlier(done, span):
                break
        inside = span.positions(done.pts)
        pts = [done.pts[i] for i in inside]
        if (bad := fault_of(done, span, is_whole=sink.has_taken(len(pts)))) is not None:
            return bad
        if len(pts) < self._shape.frames:
            return BadData(f"only {frame_count(len(pts))}, need {self._shape.frames}", done.tail)
        if not is_run(inside) or not is_ascending(pts):
            return BadData(INDISTINCT)
        chosen = chosen_different(pts, sink.walk.firsts, target_seconds, self._shape)
        if not chosen:
            return BadData(TOO_FEW_DIFFERENT, f"{len(sink.walk.firsts)} of {frame_count(len(pts))} differ")
        wanted = [pts[place] for place in chosen]
        found = await self._read(picked(pts, chosen), regions, lambda _, shown: list(shown) == wanted)
        steps = tuple(after - before for before, after in pairwise(chosen))
        return replace(found, steps=steps) if isinstance(found, _Window) else found or BadData(INDISTINCT)

    async def _read(
        self,
        span: Span | Picked,
        regions: _Regions,
        are_right: Callable[[Sequence[int], Sequence[float]], bool],
    ) -> _Window | BadData | None:
        """Read frames, or return None if their positions and timestamps are not the expected ones."""
        while True:
            taker = self._taker(regions)
            outputs, conversion = self._pictures(span, tuple(regions))
            done = await self._run(span, taker.sinks, outputs, conversion=conversion)
            if not self._may_enter_earlier(done, span):
                break
        if is_doubtful(done, span) and self._device is None and not graphs.must_deinterlace(self.stretch):
            taker = self._taker(regions)
            again = partial(self._run, span, taker.sinks, outputs, conversion=conversion, is_tolerant=True)
            done = await self._second_opinion(done, span, again)
        chosen = span.positions(done.pts)
        if not are_right(chosen, [done.pts[i] for i in chosen]):
            return None
        if (bad := fault_of(done, span, is_whole=taker.is_exact)) is not None:
            return bad
        kept, meter = chosen[:: span.step], taker.meter
        judge = partial(objection, lines=taker.lines, is_blank=meter.is_blank)
        if (bad := await asyncio.to_thread(judge, self.stretch, done.log, kept)) is not None:
            return bad
        shown = [done.log.frames[i] for i in kept]
        return _Window(
            views=tuple(taker.views),
            pts_seconds=tuple(frame.pts_seconds for frame in shown),
            measures=meter.measures(),
            picture_types="".join(frame.picture_type for frame in shown),
            device=self._device,
            repeats=tuple(meter.repeated) if self.stretch.settings.needs_repeats else None,
        )

    def _pictures(
        self, span: Span | Picked, sizes: Sequence[Size]
    ) -> tuple[graphs.Outputs, Conversion | None]:
        """Return the outputs of an ffmpeg that reads frames, and what else converts them."""
        if self._kernel.mapping is None:
            return graphs.pictures(self.stretch, span, sizes, device=self._device), None
        outputs = graphs.stored_pictures(self.stretch, span, device=self._device)
        return outputs, Conversion(self.stretch, self._kernel, sizes)

    def _taker(self, regions: _Regions) -> ClipTaker:
        """Return what takes the frames of one run of ffmpeg."""
        shape, plane = self.stretch.shape, luma_plane(self.stretch.probe.colour)
        wants_repeats = self.stretch.settings.needs_repeats
        meter = ClipMeter(shape.middle, plane.bit_depth, wants_repeats=wants_repeats)
        pixels = pixel_type(self.stretch.settings)
        return ClipTaker(regions, self._luma, meter, count=shape.frames, pixel_type=pixels)

    async def _second_opinion(
        self, done: Pass, span: Span | Picked, read_again: Callable[[], Awaitable[Pass]]
    ) -> Pass:
        """Read a window again, whatever is damaged near it; return that pass if the window is undamaged."""
        self._lead = min(self._lead, max(self._first_lead, SECOND_LEAD))
        again = await read_again()
        wanted = [again.pts[i] for i in span.positions(again.pts)]
        if not wanted or not (again.is_from_start or has_sound_entry(again.log, span)):
            return done
        again.is_absolved = await is_undamaged(
            self.stretch.path,
            wanted,
            seek_seconds=self._seek_seconds(span),
            limits=self._stall,
            niceness=self.stretch.settings.nice,
        )
        return again if again.is_absolved else done

    def _seek_seconds(self, span: Span | Picked) -> float | None:
        """Return where to seek to in the container's clock; None: read from the start."""
        lead_seconds = ENTRY_LEADS_SECONDS[self._lead]
        seek_seconds = None if lead_seconds is None else span.start_seconds - lead_seconds
        is_start = seek_seconds is not None and seek_seconds <= self.stretch.probe.first_pts_seconds
        return None if is_start else seek_seconds

    async def _locate(self, target_seconds: float) -> Span | BadData:
        """Return the span of the frames around a target, by the timestamps of the frames."""
        done, pts = Pass(), list[float]()
        for ahead_seconds in LOOK_AHEAD_SECONDS:
            around = Span(target_seconds - LOOK_BACK_SECONDS, target_seconds + ahead_seconds)
            while True:
                done = await self._run(around, [], graphs.timestamps(around.end_seconds))
                pts = sorted(done.pts)
                span = exact_span(pts, target_seconds, self._shape)
                is_late = begins_too_late(done.pts, target_seconds, self._shape)
                if not self._may_enter_earlier(done, span or around, must=is_late):
                    break
            if span is not None:
                return span
            if not pts or pts[-1] < around.end_seconds:
                break  # the track ends here
        if not done.is_clean:
            return BadData("damaged data", done.tail)
        count = frames_around(pts, target_seconds, self._shape)
        return BadData(f"only {frame_count(count)}, need {self._shape.frames}", done.tail)

    def _may_enter_earlier(self, done: Pass, span: Span | Picked, *, must: bool = False) -> bool:
        """Return whether to try again from an earlier place, which then holds for this window."""
        if done.is_from_start or ENTRY_LEADS_SECONDS[self._lead] is None:
            return False
        lead_frames = BWDIF_LEAD_FRAMES if graphs.must_deinterlace(self.stretch) else 0
        is_sound = has_sound_entry(done.log, span, lead_frames=lead_frames)
        if is_sound and not is_damaged(done.log, span) and not must:
            return False
        self._lead += 1
        return True

    async def _run(
        self,
        span: Span | Picked,
        sinks: Sequence[Sink],
        outputs: graphs.Outputs,
        *,
        conversion: Conversion | None = None,
        is_tolerant: bool = False,
    ) -> Pass:
        """Run ffmpeg once, beyond damage if `is_tolerant`. Raises ChildError and LastingError."""
        seek_seconds = self._seek_seconds(span)
        # Frames that are only counted need not be transferred from a device.
        device = self._device if sinks else None
        source = Input(self.stretch.path, seek_seconds=seek_seconds, threads=self._threads, device=device)
        done = Pass(is_from_start=seek_seconds is None)
        command = Command(
            program=self._ffmpeg.path,
            arguments=lambda pipes: [*_given(source, is_tolerant=is_tolerant), *outputs(pipes)],
            sinks=sinks,
            on_line=done.log.take,
            limits=self._stall,
            niceness=self.stretch.settings.nice,
            uses_device=device is not None,
        )
        done.ended = await (run_child(command) if conversion is None else conversion.run(command))
        raise_what_is_not_data(done, done.ended, self._stall)
        return done


def _given(source: Input, *, is_tolerant: bool) -> list[str]:
    """Return ffmpeg's arguments before the outputs; a tolerant run goes on beyond errors."""
    given = input_arguments(source)
    return [word for word in given if word != "-xerror" or not is_tolerant]
