"""Reads the frames of a release for the clips of a stretch, in step with the reader of the film.

    film     clip 4 ─ clip 9 ─ clip 2 ...        one decoder each, both going forward
    release  clip 4 ─ clip 9 ─ clip 2 ...

A clip that the film's reader found at another place than planned is read by itself. Closing kills and reaps
the children.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from tui_gen.engine.model.work import Failed, Rejected, Unusable
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, Reading, ReleaseFrames
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.pairing.alignment import MARGIN_FRAMES, release_stretch, whole_task
from tui_gen.jobs.superres.pairing.pair_track import PairTrack
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.ffmpeg import Ffmpeg

Ended = ClipFrames | Rejected | Failed | Unusable


class ReleaseReader:
    """The reader of a film's release for one stretch."""

    def __init__(self, unit: Stretch, track: PairTrack, *, ffmpeg: Ffmpeg, threads: int) -> None:
        """Start nothing: children start with the first clip."""
        self._track, self._ffmpeg, self._threads = track, ffmpeg, threads
        self._middle = unit.settings.clip_shape.middle
        # A window of the film may be given by its first frame; one of the release is given by its middle frame.
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
