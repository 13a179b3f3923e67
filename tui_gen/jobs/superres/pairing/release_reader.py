"""Reads the frames of a release for the clips of a stretch, in step with the reader of the film.

    film     clip 4 ─ clip 9 ─ clip 2 ...        one decoder each, both going forward
    release  clip 4 ─ clip 9 ─ clip 2 ...

A clip that the film's reader found at another place than planned is read by itself. Closing kills and reaps
the children.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from tui_gen.engine.model.work import Clip, Doing, Failed, Rejected, Unusable
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, Reading, ReleaseFrames
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.pairing.alignment import MARGIN_FRAMES, release_stretch, whole_task
from tui_gen.jobs.superres.pairing.pair_track import PairTrack
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.presence import Presence

Ended = ClipFrames | Rejected | Failed | Unusable
ClipReader = Callable[..., AsyncGenerator[Reading, None]]


async def with_release(
    unit: Stretch, read: ClipReader, *, ffmpeg: Ffmpeg, threads: int
) -> AsyncGenerator[Reading, None]:
    """Read the clips of a stretch by `read`; if the film has a pair, with the release's frames around each.

    A clip that the release does not have is Rejected. Raises SourceUnreachableError and SourceChangedError if
    the release is not there or was replaced. Closing the generator kills and reaps all children.
    """
    reports = read(unit, ffmpeg=ffmpeg, threads=threads)
    release = None if unit.pair is None else ReleaseReader(unit, unit.pair, ffmpeg=ffmpeg, threads=threads)
    began: dict[int, float] = {}
    try:
        async for report in reports:
            if isinstance(report, Doing):
                began.setdefault(report.clip.index, time.monotonic())
            if release is None or not isinstance(report, ClipFrames):
                yield report
                continue
            clip = Clip(unit.source, report.index)
            yield Doing(clip, "reading its pair", report.attempts)
            await release.check(unit.source)
            found = await release.frames(report)
            if isinstance(found, ReleaseFrames):
                yield replace(report, release=found)
            else:
                yield _without(clip, found, report.attempts, time.monotonic() - began[report.index])
            del report, found  # free the frames before the next are read
    finally:
        if release is not None:
            await release.close()
        await reports.aclose()


def _without(
    clip: Clip, ended: Rejected | Failed | Unusable, attempts: int, seconds: float
) -> Rejected | Failed:
    """Return the report of a clip whose frames the release does not have, or could not be read from it."""
    reason = f"pair: {ended.reason}"
    if isinstance(ended, Failed):
        return Failed(clip, reason, ended.attempts, seconds, ended.detail)
    return Rejected(clip, reason, attempts, seconds, ended.detail)


class ReleaseReader:
    """The reader of a film's release for one stretch."""

    def __init__(self, unit: Stretch, track: PairTrack, *, ffmpeg: Ffmpeg, threads: int) -> None:
        """Start nothing: children start with the first clip."""
        self._track, self._ffmpeg, self._threads = track, ffmpeg, threads
        self._middle = unit.settings.clip_shape.middle
        # A window of the film may be given by its first frame, and one of the release by its middle frame.
        anchor_seconds = unit.shape.anchor * (unit.probe.frame_seconds or 0.0)
        lead_seconds = anchor_seconds if unit.begins_at_window else 0.0
        settings = replace(
            unit.settings,
            frames=unit.shape.span + 2 * MARGIN_FRAMES,
            frame_step=1,
            gt_frames=1,
            lr_border="crop",
            lr_scales=(),
            scores={},
        )
        size = track.probe.even_upright
        tasks = tuple(
            whole_task(task.index, track.release_seconds(task.windows[0] + lead_seconds), size)
            for task in unit.tasks
            if task.windows
        )
        self._stretch = release_stretch(track, unit.source, unit.name, settings, tasks)
        self._planned = {task.index: task.windows[0] for task in tasks}
        self._reports: AsyncGenerator[Reading, None] | None = None
        self._passed: set[int] = set()

    async def check(self, source: str) -> None:
        """Raise SourceUnreachableError or SourceChangedError unless the release is there and unchanged."""
        file = self._track.file
        is_known = file.size_bytes is not None and file.mtime_ns is not None
        known = {source: (file.size_bytes or 0, file.mtime_ns or 0)} if is_known else {}
        await Presence(known).check(source, file.path)

    async def frames(self, clip: ClipFrames) -> ReleaseFrames | Rejected | Failed | Unusable:
        """Return the frames of the release around a clip. Clips come in the order of the stretch."""
        wanted = self._track.release_seconds(clip.pts_seconds[self._middle])
        planned, frame = self._planned.get(clip.index), self._track.probe.frame_seconds or 0.04
        if planned is None or abs(planned - wanted) > frame or clip.index in self._passed:
            alone = replace(
                self._stretch, tasks=(whole_task(clip.index, wanted, self._track.probe.even_upright),)
            )
            found = await self._ended(self._read(alone), clip.index)
        else:
            if self._reports is None:
                self._reports = self._read(self._from(clip.index))
            found = await self._next(self._reports, clip.index)
        if isinstance(found, ClipFrames):
            return ReleaseFrames(found.views[0].pixels, found.pts_seconds)
        return found

    def _from(self, index: int) -> Stretch:
        """Return the stretch from a clip on."""
        tasks = self._stretch.tasks
        first = next(place for place, task in enumerate(tasks) if task.index == index)
        return replace(self._stretch, tasks=tasks[first:])

    def _read(self, stretch: Stretch) -> AsyncGenerator[Reading, None]:
        return read_clips_fast(stretch, ffmpeg=self._ffmpeg, threads=self._threads)

    async def _ended(self, reports: AsyncGenerator[Reading, None], index: int) -> Ended:
        async with aclosing(reports) as items:
            return await self._next(items, index)

    async def _next(self, reports: AsyncGenerator[Reading, None], index: int) -> Ended:
        """Return the end of a clip, and leave out the clips before it that the film does not have."""
        async for report in reports:
            if isinstance(report, Unusable):
                return report
            if isinstance(report, ClipFrames | Rejected | Failed):
                at = report.index if isinstance(report, ClipFrames) else report.clip.index
                self._passed.add(at)
                if at == index:
                    return report
        message = f"the reader of the release ended before clip {index}"
        raise RuntimeError(message)

    async def close(self) -> None:
        """Kill and reap the children."""
        if self._reports is not None:
            await self._reports.aclose()
