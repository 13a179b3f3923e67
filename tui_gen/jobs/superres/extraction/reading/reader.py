"""Reads the clips of a stretch with one decoder that goes from window to window: fast, the same bytes.

    decoder group (one decoder, colour processes) ── window by window ──> ClipFrames
         └─ it cannot read a window reliably ──> clips.read_clips for that clip

The frames equal those of `clips.read_clips` byte for byte. If anything about a film, a window or a child is
unusual, `clips.read_clips` reads the clip; it also distinguishes good from bad data.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from tui_gen.base.detached_call import detached_call
from tui_gen.base.uncancelled import uncancelled
from tui_gen.engine.model.work import Clip, Doing, Unusable
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, FrameView, Reading
from tui_gen.jobs.superres.extraction.reading.clips import CLIP_LIMITS, read_clips
from tui_gen.jobs.superres.extraction.reading.decoder_group import (
    DecoderGroup,
    DecoderGroupError,
    ReadWindow,
    Refusal,
    RequestedWindow,
    start,
)
from tui_gen.jobs.superres.extraction.reading.entry import REORDERED_FRAMES
from tui_gen.jobs.superres.extraction.reading.kernel_process import KernelProcess
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeasures, luma_plane
from tui_gen.jobs.superres.extraction.reading.views import kept_parts, strips_of, views_of
from tui_gen.jobs.superres.units import ClipTask, Stretch
from tui_gen.media.decoding.planes import planes_of
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.processes.children import ChildError, StallLimits
from tui_gen.processes.closing import close_in_thread

CONTAINERS = ("matroska", "mov")
"""The containers with a reliable index of key frames."""
CLIPS_PER_RESTART = 16
"""A failed decoder group is started once more for the later clips, and once more for each further number of
clips of the stretch."""

HELD_BYTES = 768 << 20
"""The most memory of decoded frames that are held until it is known which of them are different."""


async def read_clips_fast(
    stretch: Stretch, *, ffmpeg: Ffmpeg, threads: int, stall: StallLimits = CLIP_LIMITS
) -> AsyncGenerator[Reading, None]:
    """Read the clips of a stretch in order: as `clips.read_clips`, at a fraction of the cost.

    The group decodes at most one clip ahead of the items read. Closing the generator kills and reaps the
    group.
    """
    reading = _FastReading(stretch, ffmpeg=ffmpeg, threads=threads, stall=stall)
    kernel = KernelProcess(stretch, stall)
    try:
        for position, task in enumerate(stretch.tasks):
            yield Doing(Clip(stretch.source, task.index), "reading")
            found = await reading.clip(position)
            if isinstance(found, ClipFrames):
                yield found
                del found  # free its frames before the next are read
                continue
            alone = replace(stretch, tasks=(task,))
            read = read_clips(alone, ffmpeg=ffmpeg, threads=threads, stall=stall, kernel=kernel)
            async with aclosing(read) as reports:
                is_first = True
                async for report in reports:
                    if not (is_first and isinstance(report, Doing)):  # reported above
                        yield report
                    is_first = False
                    if isinstance(report, Unusable):
                        return
    finally:
        await kernel.end()
        await reading.end()


def rejection_reason_of(stretch: Stretch) -> str | None:
    """Return why no clip of a film can be read in this way, or None."""
    probe = stretch.probe
    if not probe.container.startswith(CONTAINERS):
        return f"no index of key frames in {probe.container}"
    if probe.codec not in REORDERED_FRAMES:
        return f"{probe.codec} is not defined to the bit"
    if stretch.survey.is_interlaced or stretch.survey.combed_parts:
        return "interlaced"
    if probe.rotation_degrees:
        return "rotated"
    if planes_of(probe.colour.pixel_format, probe.coded, probe.aperture) is None:
        return f"pixels of the format {probe.colour.pixel_format}"
    return "too many frames to hold" if _holds_too_much(stretch) else None


def _holds_too_much(stretch: Stretch) -> bool:
    """Return whether the frames to choose different ones from may take too much memory."""
    probe = stretch.probe
    sample_bytes = luma_plane(probe.colour).dtype.itemsize
    frame_bytes = 3 * sample_bytes * probe.coded.width * probe.coded.height
    return stretch.reach is not None and stretch.window.frames * frame_bytes > HELD_BYTES


class _FastReading:
    """The reading of one stretch; its decoder group is started on demand and again after a failure."""

    def __init__(self, stretch: Stretch, *, ffmpeg: Ffmpeg, threads: int, stall: StallLimits) -> None:
        self._stretch = stretch
        self._ffmpeg = ffmpeg
        self._threads = threads
        self._stall = stall
        self._asked = [_asked_of(stretch, task) for task in stretch.tasks]
        restarts = -(-len(stretch.tasks) // CLIPS_PER_RESTART)
        self._starts_left = (
            1 + restarts if stretch.device is None and rejection_reason_of(stretch) is None else 0
        )
        self._decoders: DecoderGroup | None = None

    async def clip(self, position: int) -> ClipFrames | Refusal:
        """Read one clip; clips must be requested in order."""
        asked = self._asked[position]
        if asked is None:
            return Refusal("no window to read")
        target_seconds = self._stretch.tasks[position].windows[0]
        is_of_shape = any(part.is_of_shape_at(target_seconds) for part in self._stretch.survey.other_parts)
        decoders = None if is_of_shape else self._started(position)
        if decoders is None:
            return Refusal("another shape" if is_of_shape else "no decoder group")
        try:
            found = await _collected(decoders, asked)
        except DecoderGroupError as error:
            await self.end()
            return Refusal(str(error))
        if isinstance(found, Refusal):
            return found
        if found.answer["is_blank"]:
            return Refusal("blank picture")
        return self._clip_frames(self._stretch.tasks[position], asked, found)

    def _started(self, position: int) -> DecoderGroup | None:
        """Return the decoder group; a new group begins with the current clip."""
        if self._decoders is None and self._starts_left:
            self._starts_left -= 1
            windows = [asked for asked in self._asked[position:] if asked is not None]
            try:
                self._decoders = start(
                    self._stretch, windows, ffmpeg=self._ffmpeg, threads=self._threads, limits=self._stall
                )
            except ChildError:
                return None  # the other reader starts children too, and reports what is wrong with them
        return self._decoders

    def _clip_frames(self, task: ClipTask, asked: RequestedWindow, found: ReadWindow) -> ClipFrames:
        answer, first = found.answer, self._stretch.probe.first_pts_seconds
        return ClipFrames(
            index=task.index,
            views=tuple(
                FrameView(part.frame, part.region, pixels)
                for part, pixels in zip(asked.kept, found.pixels, strict=True)
            ),
            pts_seconds=tuple(time - first for time in answer["pts"]),
            container_pts_seconds=tuple(answer["pts"]),
            attempts=1,
            measures=ClipMeasures(
                answer["scene_difference"],
                tuple(answer["pair_differences"]),
                is_blank=answer["is_blank"],
                luma_change=answer["luma_change"],
            ),
            picture_types=answer["types"],
            repeats=None if answer["repeats"] is None else tuple(answer["repeats"]),
            steps=None if self._stretch.reach is None else tuple(answer["steps"]),
            reader="stretch",
        )

    async def end(self) -> None:
        """Kill and reap the decoder group, even if the task is cancelled."""
        decoders, self._decoders = self._decoders, None
        if decoders is not None:
            await uncancelled(close_in_thread(decoders.close))


def _asked_of(stretch: Stretch, task: ClipTask) -> RequestedWindow | None:
    if not task.windows:
        return None
    views = [
        (view, strips_of(stretch.probe, view))
        for view in views_of(stretch.probe, task.cuts, stretch.settings)
    ]
    return RequestedWindow(
        task.windows[0] + stretch.probe.first_pts_seconds,
        tuple(strip for _, strips in views for strip in strips),
        kept_parts(views, task.cuts, stretch.settings),
        stretch.shape.frames,
    )


async def _collected(decoders: DecoderGroup, window: RequestedWindow) -> ReadWindow | Refusal:
    """Collect in a separate thread: the call may block for long, and the shared pool has few threads."""
    return await detached_call(lambda: decoders.collect(window))
