"""One run of ffmpeg on a window: what it printed, and what is wrong with its frames."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from tui_gen.jobs.superres.extraction.reading.repeated import Picked
from tui_gen.jobs.superres.extraction.reading.window import Span, is_damaged
from tui_gen.media.decoding.frame_log import FrameLog
from tui_gen.processes.children import ChildError, Ended, StallLimits


@dataclass(frozen=True, slots=True)
class BadData:
    """Why a window has no usable frames; another window may have."""

    reason: str
    detail: str = ""


class LastingError(Exception):
    """No window of this film can ever be read."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason, and ffmpeg's last lines."""
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Pass:
    """The results of one run of ffmpeg."""

    log: FrameLog = field(default_factory=FrameLog)
    ended: Ended | None = None
    is_from_start: bool = False
    is_absolved: bool = False  # the damage reported does not concern the window

    @property
    def pts(self) -> list[float]:
        """The timestamps of the frames shown, in seconds of the container's clock."""
        return [frame.pts_seconds for frame in self.log.frames]

    @property
    def is_clean(self) -> bool:
        """Whether ffmpeg ended without an error."""
        return self.ended is not None and self.ended.status == 0

    @property
    def tail(self) -> str:
        """The last lines that ffmpeg printed."""
        return self.ended.tail if self.ended is not None else ""


def is_doubtful(done: Pass, span: Span | Picked) -> bool:
    """Return whether ffmpeg reported damage that may concern the window."""
    return not done.is_clean or is_damaged(done.log, span)


def fault_of(done: Pass, span: Span | Picked, *, is_whole: bool) -> BadData | None:
    """Return what is wrong with the frames of a run, or None."""
    if is_doubtful(done, span) and not done.is_absolved:
        return BadData("damaged data" if not done.is_clean else "broken references", done.tail)
    if not is_whole:
        return BadData("the picture changes its size here", done.tail)
    return None


def raise_what_is_not_data(done: Pass, ended: Ended, stall: StallLimits) -> None:
    """Raise if the failure was not caused by the window's data, or concerns every window."""
    if ended.has_stalled:
        limit = stall.next_seconds if done.log.frames else stall.first_seconds
        reason = f"ffmpeg gave nothing for {limit:g} s"
        raise ChildError(reason, ended.tail)
    if ended.was_killed:
        reason = f"ffmpeg was killed by {signal.Signals(-ended.status).name}"
        raise ChildError(reason, ended.tail)
    if done.log.has_passing_error:
        reason = "reading the file failed"
        raise ChildError(reason, ended.tail)
    if ended.status and done.log.lasting_reason:
        raise LastingError(done.log.lasting_reason, ended.tail)
