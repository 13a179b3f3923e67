"""Runs the children of a survey: the program, its niceness, its time limits, and a second try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.units import Survey
from tui_gen.media.decoding.frame_log import FrameLog
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.processes.children import (
    ChildError,
    Command,
    Ended,
    ExactSink,
    Sink,
    StallLimits,
    run_child,
)
from tui_gen.processes.keepalive import Line

TRIES = 2
# A decoder outputs a picture when it has the next picture, or at the end of its input.
KEY_FRAME_ALONE = ("-skip_frame", "nokey", "-t", "0.01")
Arguments = Callable[[Sequence[int]], list[str]]


@dataclass(frozen=True, slots=True)
class SurveyRuns:
    """What starts the children of one survey."""

    unit: Survey
    ffmpeg: Ffmpeg
    limits: StallLimits

    async def ffmpeg_run(self, arguments: Arguments, sink: ExactSink, log: FrameLog) -> Ended:
        """Run ffmpeg, and once more if it was killed, stalled or met an I/O error. Raises ChildError."""
        for left in reversed(range(TRIES)):
            sink.filled = sink.extra = 0
            ended = await run_child(self.command(self.ffmpeg.path, arguments, [sink], log.take))
            if not ended.was_killed and not log.has_passing_error:
                return ended
            if not left:
                reason = (
                    "the look at the film was killed or stalled" if ended.was_killed else "reading failed"
                )
                raise ChildError(reason, ended.tail)
            log.has_passing_error = False
            log.frames.clear()
        return ended

    def command(
        self, program: str, arguments: Arguments, sinks: Sequence[Sink], on_line: Callable[[str], Line]
    ) -> Command:
        """Return the command of a child."""
        return Command(
            program=program,
            arguments=arguments,
            sinks=sinks,
            on_line=on_line,
            limits=self.limits,
            niceness=self.unit.settings.nice,
        )
