"""Decodes a part of an episode: one ffmpeg, raw RGB frames over a pipe, their timestamps over stderr.

    ffmpeg: decoder ─> showinfo ─> filters ─> showinfo@kept ─> colour ─> pipe
                          │                        │               │
    reading thread:   FrameLog                 timestamps ──┬── frames      the caller's thread: DecodedFrame
                                                            └─> queue ────────> `frames`, `alive`

Call it in the main thread of a process: a child ends with the thread that started it.
Invariant: when the block of `decoding` ends, the child has ended and its descriptors are closed. The only
exception is a child that the kernel does not end; a thread reaps it later.
"""

from __future__ import annotations

import os
import queue
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.base.errors import ObstructedError, OutOfMemoryError
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.media.decoding.frame_log import FrameLog
from tui_gen.media.ffmpeg import Input, input_arguments, raw_output
from tui_gen.media.geometry import Size
from tui_gen.processes.children import NOT_STARTED, Child, ChildError, Command, StallLimits, start_child
from tui_gen.processes.closing import REAP_SECONDS, reap
from tui_gen.processes.keepalive import Line

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

LIMITS = StallLimits()
ALIVE_SECONDS = 0.5
QUEUE_FRAMES = 4
ENTRY_LEADS_SECONDS: tuple[float | None, ...] = (0.0, 2.0, 10.0, 60.0, None)
"""How long before the wanted frames to seek to; the next one if decoding did not begin at a key frame before
them. None: the start of the file."""
LATER_FRAMES = 32
"""Damage may concern a frame that is shown this number of frames after the report: decoders reorder up to 16
frames, and frames wait between ffmpeg's threads."""
ROUNDING_SECONDS = 1e-6

DEINTERLACER = "bwdif=mode=send_frame:deint=interlaced"
KEPT = "showinfo@kept"
_TIME_BASE = re.compile(r"config in time_base: (\d+)/(\d+)")
# Of a line that showinfo has written to its end. Into one that it has not, another thread may print an error.
_LAST_WORDS = ("type:", "color_trc:")
# Packets that a container lost may leave a decoder without an error: it goes on from other frames.
_CONTAINER_DAMAGE = re.compile(
    r"indicated by an EBML|first byte of an EBML|exceeds containing master|"
    r"corrupt input packet|[Pp]acket corrupt"
)
_PTS = re.compile(r" n: *\d+ pts: *(-?\d+) ")


@dataclass(frozen=True, slots=True)
class DecodeOrder:
    """A part of an episode to decode."""

    film: EpisodeFilm
    seek_seconds: float | None  # in the container's clock; None: from the start
    select: str  # filters that choose frames
    render: str  # filters that make frames of `size` with RGB colours
    size: Size
    given: tuple[str, ...] = ()  # further options of the input

    def arguments(self, pipe: int) -> list[str]:
        """Return ffmpeg's arguments; frames go to a descriptor."""
        given = input_arguments(Input(self.film.path, seek_seconds=self.seek_seconds))
        source = [word for word in given if word != "-xerror"]  # frames after damage are decoded, too
        source[-2:-2] = self.given
        graph = f"[0:V:0]showinfo=checksum=0,{self.select},{KEPT}=checksum=0,{self.render}[rgb]"
        return [*source, "-filter_complex", graph, *raw_output("[rgb]", pipe, pixel_format="rgb24")]


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One frame that the filters let through."""

    pts: int  # in ticks of the track
    rgb: RGB = field(repr=False)


@dataclass(slots=True)
class DecoderLog:
    """What ffmpeg has printed: all frames of the decoder, and the timestamps of the frames let through."""

    shown: FrameLog = field(default_factory=FrameLog)
    tick: Fraction | None = None  # seconds of a tick of the track
    _kept_tick: Fraction = Fraction(1)
    _kept: deque[int] = field(default_factory=deque)

    def take(self, line: str) -> Line:
        """Parse one line; return its kind."""
        is_kept = f"[{KEPT}" in line
        if "config in time_base" in line and (match := _TIME_BASE.search(line)):
            if is_kept:
                self._kept_tick = Fraction(int(match[1]), int(match[2]))
            else:
                self.tick = Fraction(int(match[1]), int(match[2]))
        if _CONTAINER_DAMAGE.search(line):
            self.shown.damage.append((len(self.shown.frames), line))
        if not is_kept:
            return self.shown.take(line)
        if not line[line.rfind(" ") + 1 :].startswith(_LAST_WORDS):
            self.shown.take(line.partition("[info]")[2])
        if match := _PTS.search(line):
            self._kept.append(int(match[1]))
            return Line.SIGN
        return Line.NOISE

    def next_kept(self) -> int | None:
        """Return the timestamp in ticks of the next frame let through, once, or None if none is known."""
        if not self._kept or self.tick is None:
            return None
        return round(self._kept.popleft() * self._kept_tick / self.tick)

    def has_entry_before(self, seconds: float) -> bool:
        """Return whether decoding began soundly: a key frame was shown at or before a time.

        Errors before the first frame shown may come from pictures that refer to frames before the entry.
        """
        is_clean = not self.shown.damage or self.shown.damage[0][0] > 0
        until = seconds + ROUNDING_SECONDS
        return is_clean and any(frame.is_key and frame.pts_seconds <= until for frame in self.shown.frames)

    def is_damaged_at(self, seconds: float) -> bool:
        """Return whether the frame at a time, in the container's clock, may show damage."""
        return any(begin <= seconds < end for begin, end in self._damaged_seconds())

    def _damaged_seconds(self) -> tuple[tuple[float, float], ...]:
        """Return the parts that may show damage: begin included, end excluded.

        A part lasts from the first frame shown after a report to the first key frame surely decoded after
        it. Frames shown before the report were decoded before it.
        """
        if not self.shown.damage:
            return ()
        times = [frame.pts_seconds for frame in self.shown.frames]
        keys = [at for at, frame in enumerate(self.shown.frames) if frame.is_key]
        return tuple(
            (times[place], next((times[at] for at in keys if at >= place + LATER_FRAMES), float("inf")))
            for place in sorted({place for place, _ in self.shown.damage})
            if place < len(times)
        )


@dataclass(slots=True)
class Decoding:
    """A running decoder. `frames` gives its frames; then `complaint` is known."""

    child: Child
    log: DecoderLog
    sink: _FrameSink
    alive: Callable[[], None]
    complaint: str | None = None  # why the data gave no further frames; None: the part was decoded to its end

    def frames(self) -> Iterator[DecodedFrame]:
        """Yield the frames in order.

        Raises ChildError for a failure worth another attempt, OutOfMemoryError if memory ran out.
        """
        while (came := self._next()) is not None:
            yield came
        self.complaint = self._complaint(_status(self.child))

    def _next(self) -> DecodedFrame | None:
        while True:
            self.alive()
            try:
                came = self.sink.queue.get(timeout=ALIVE_SECONDS)
            except queue.Empty:
                continue
            if isinstance(came, BaseException):
                raise came
            return came

    def _complaint(self, status: int) -> str | None:
        """Return what is wrong with the data. Raises what is not the data's fault."""
        child, log = self.child, self.log.shown
        tail = "\n".join(child.lines.tail)
        if status == NOT_STARTED:
            reason = "could not start ffmpeg"
            raise ChildError(reason, tail)
        if child.was_ended_for_memory(status):
            message = "memory ran out: the system ended ffmpeg"
            raise OutOfMemoryError(message)
        if child.has_stalled:
            reason = "ffmpeg gave nothing for too long"
            raise ChildError(reason, tail)
        if status < 0:
            reason = f"ffmpeg was killed by signal {-status}"
            raise ChildError(reason, tail)
        if log.has_passing_error:
            reason = "reading the file failed"
            raise ChildError(reason, tail)
        if not status:
            return None
        if log.lasting_reason and "has no filter" in log.lasting_reason:
            reason = f"{log.lasting_reason}: name another one, or take `ffmpeg` out of the configuration"
            raise ChildError(reason, tail)
        return log.lasting_reason or f"ffmpeg ended with status {status}: {tail[-200:]}"


@contextmanager
def decoding(order: DecodeOrder, alive: Callable[[], None]) -> Iterator[Decoding]:
    """Start a decoder; end it with the block. `alive` is called at least once a second inside `frames`.

    Raises ChildError and ObstructedError if no process can be started.
    """
    log = DecoderLog()
    sink = _FrameSink(order.size, log)
    child = start_child(
        Command(
            program=order.film.ffmpeg,
            arguments=lambda pipes: order.arguments(pipes[0]),
            sinks=[sink],
            on_line=sink.on_line,
            limits=LIMITS,
            niceness=order.film.niceness,
        )
    )
    thread = threading.Thread(target=_read, args=(child, sink), name="decoder", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # no thread can be started
        child.kill()
        child.process.wait()
        child.close()
        raise ObstructedError(str(error)) from error
    try:
        yield Decoding(child, log, sink, alive)
    finally:
        sink.is_closed.set()
        child.kill()
        thread.join(REAP_SECONDS)
        if not thread.is_alive():
            child.close()
        reap(child, REAP_SECONDS)


@dataclass(slots=True)
class _FrameSink:
    """Cuts the bytes of a pipe into frames, and gives each one to the queue when its timestamp is known."""

    size: Size
    log: DecoderLog
    queue: queue.Queue[DecodedFrame | BaseException | None] = field(
        default_factory=lambda: queue.Queue(QUEUE_FRAMES)
    )
    is_closed: threading.Event = field(default_factory=threading.Event)
    _frame: RGB | None = None
    _filled: int = 0
    _waiting: deque[RGB] = field(default_factory=deque)

    def take(self, descriptor: int) -> int:
        """Read once into the current frame."""
        if self._frame is None:
            self._frame, self._filled = np.empty((self.size.height, self.size.width, 3), np.uint8), 0
        view = memoryview(self._frame.data).cast("B")
        count = os.readv(descriptor, [view[self._filled :]])
        self._filled += count
        if self._filled == len(view):
            self._waiting.append(self._frame)
            self._frame = None
            self._match()
        return count

    def on_line(self, line: str) -> Line:
        """Parse one line of stderr."""
        worth = self.log.take(line)
        self._match()
        return worth

    def _match(self) -> None:
        # ffmpeg prints the timestamp of a frame, and errors before it, before it writes the frame.
        while self._waiting and (pts := self.log.next_kept()) is not None:
            self.put(DecodedFrame(pts, self._waiting.popleft()))

    def put(self, came: DecodedFrame | BaseException | None) -> None:
        """Wait for room in the queue; after `is_closed` nobody takes anything."""
        while not self.is_closed.is_set():
            try:
                self.queue.put(came, timeout=ALIVE_SECONDS)
            except queue.Full:
                continue
            return


def _read(child: Child, sink: _FrameSink) -> None:
    """Read a child to the ends of its pipes; then None or the exception is in the queue."""
    try:
        child.drain()
        child.lines.close()
        child.count()
    except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
        child.kill()
        sink.put(error)
    else:
        sink.put(None)


def _status(child: Child) -> int:
    """Wait for a child whose pipes are closed; a child that does not end in time is killed."""
    try:
        return child.process.wait(LIMITS.next_seconds)
    except subprocess.TimeoutExpired:
        child.has_stalled = True
        child.kill()
        return child.process.wait()
