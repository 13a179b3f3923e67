"""Reads small pictures of a film by ffmpeg: of all its frames, or of the key frame before a time.

showinfo ─> crop to the part that both releases show ─> 32x18, gray ─> pipe
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.pairing.timing import COLUMNS, ROWS
from tui_gen.media.decoding.frame_log import FrameLog
from tui_gen.media.ffmpeg import Ffmpeg, Input, input_arguments, raw_output
from tui_gen.media.geometry import Region
from tui_gen.processes.children import ChildError, Command, Ended, Sink, StallLimits, TextSink, run_child

LIMITS = StallLimits(first_seconds=120.0, next_seconds=60.0)
MOST_BYTES = 1 << 30
"""The most bytes of pictures: of 1.8 million frames, 20 hours at 25 frames a second."""
_KEY_FRAME_ALONE = ("-skip_frame", "nokey", "-t", "0.01")
_BYTES = ROWS * COLUMNS


@dataclass(frozen=True, slots=True)
class PictureSource:
    """A film's file, and the part of its upright frame that is looked at."""

    path: str
    area: Region
    first_pts_seconds: float
    ffmpeg: Ffmpeg
    niceness: int
    threads: int = 1

    @property
    def _graph(self) -> str:
        at = self.area
        return (
            f"[0:V:0]showinfo=checksum=0,crop={at.width}:{at.height}:{at.x}:{at.y}:exact=1,"
            f"scale={COLUMNS}:{ROWS}:flags=area,format=gray[small]"
        )

    async def all_pictures(self) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Return the pictures of all frames, (count, ROWS, COLUMNS), and their times from the first PTS.

        Frames before the first PTS and frames that cannot be decoded are left out. Raises ChildError.
        """
        return await self._pictures(())

    async def key_pictures(self) -> dict[float, NDArray[np.uint8]]:
        """Return the pictures of all key frames by their times from the first PTS. Raises ChildError."""
        pictures, seconds = await self._pictures(("-skip_frame", "nokey"))
        return dict(zip(seconds.tolist(), pictures, strict=True))

    async def _pictures(self, skipped: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        sink, log = TextSink(MOST_BYTES), FrameLog()
        ended = await self._run(Input(self.path, threads=self.threads), sink, log, skipped)
        pictures = np.frombuffer(bytes(sink.data), np.uint8)
        count = len(pictures) // _BYTES
        if sink.extra or count != len(log.frames):
            reason = f"{count} pictures came of {len(log.frames)} frames"
            raise ChildError(reason, ended.tail)
        seconds = np.array([frame.pts_seconds for frame in log.frames]) - self.first_pts_seconds
        kept = seconds > -1e-6  # noqa: PLR2004 - rounding
        return pictures.reshape(-1, ROWS, COLUMNS)[kept], np.maximum(seconds[kept], 0.0)

    async def key_picture(self, seconds: float) -> tuple[NDArray[np.uint8], float] | None:
        """Return the picture and the time of the key frame before a time; None if there is none."""
        sink, log = TextSink(MOST_BYTES), FrameLog()
        source = Input(self.path, self.first_pts_seconds + seconds)
        await self._run(source, sink, log, _KEY_FRAME_ALONE)
        if len(sink.data) != _BYTES or not log.frames:
            return None
        picture = np.frombuffer(bytes(sink.data), np.uint8).reshape(ROWS, COLUMNS)
        return picture, log.frames[0].pts_seconds - self.first_pts_seconds

    async def _run(self, source: Input, sink: Sink, log: FrameLog, skipped: Sequence[str]) -> Ended:
        def arguments(pipes: Sequence[int]) -> list[str]:
            given = input_arguments(source)
            given.remove("-xerror")  # damage at one place does not spoil the others
            given[-2:-2] = skipped
            output = raw_output("[small]", pipes[0])
            one = ["-frames:v", "1"] if skipped == _KEY_FRAME_ALONE else []
            return [*given, "-filter_complex", self._graph, *output[:-1], *one, output[-1]]

        ended = await run_child(
            Command(
                program=self.ffmpeg.path,
                arguments=arguments,
                sinks=[sink],
                on_line=log.take,
                limits=LIMITS,
                niceness=self.niceness,
            )
        )
        if ended.was_killed or log.has_passing_error:
            reason = "the look at the release stalled" if ended.has_stalled else "reading the file failed"
            raise ChildError(reason, ended.tail)
        return ended
