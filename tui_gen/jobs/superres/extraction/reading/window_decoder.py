"""Decodes exactly the windows asked for of one film, in time order, at the least cost. Runs in a child.

    index ── seek, only where a key frame lies ahead of what was read ──┐
    demux ──> queue: packets read, not yet decoded ──> window known ──> decode ──> its seven frames
                     a sound key frame in it makes all before it unneeded

Non-reference frames away from all windows are not decoded. The timestamps of packets tell which frames
a window has before anything of it is decoded.

Invariant: frames handed out are those of a sequential decode, or UnsureError is raised: decoding began
at a sound entry not later than the first of them, nothing they may refer to was left out, and the
decoder did not complain since.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tui_gen.jobs.superres.extraction.reading.entry import REORDERED_FRAMES, is_sound_entry, length_bytes_of
from tui_gen.jobs.superres.extraction.reading.film_order import FilmOrder, window_frames
from tui_gen.jobs.superres.extraction.reading.repeated import TOO_FEW_DIFFERENT, seven_different, span_within
from tui_gen.jobs.superres.extraction.reading.window import (
    nearest,
)
from tui_gen.jobs.superres.units import CLIP_FRAMES
from tui_gen.media.decoding.decoder_errors import Complaints
from tui_gen.media.decoding.track import UnsureError, track_of_known_film

HOLD_BYTES = 24 << 20
"""Read-ahead in the hope of a later key frame; beyond it, frames before the window are decoded."""
FRAMES_BEFORE = 4
"""With so many frames between it and the target, a frame is not one of the seven."""
NEAR_FRAMES = 5
"""Within so many frames of a later target all frames are decoded: that window may need them."""
ENTRY_TRIES = 3
SPARING_CODECS = frozenset({"h264", "hevc"})
if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]


@dataclass(slots=True)
class WindowDecoder:
    """One film being read from window to window."""

    container: InputContainer
    order: FilmOrder
    complaints: Complaints
    sign_of_life: Callable[[], None]
    stream: VideoStream = field(init=False)
    _tick_seconds: float = field(init=False)
    _length_bytes: int | None = field(init=False)
    _next_seconds: tuple[float, ...] = ()  # the target after the one in hand, if there is one
    _packets: Iterator[VideoPacket] = field(init=False)
    _queue: deque[VideoPacket] = field(default_factory=deque)
    _held_bytes: int = 0
    _is_at_end: bool = False
    _is_entered: bool = False  # the decoder has had everything from an entry up to the queue's head
    _entry_pts: int = 0
    _fed: set[int] = field(default_factory=set)  # decoded and not shown yet
    _spared: set[int] = field(default_factory=set)  # of them, those the decoder may have left out
    _shown_pts: int | None = None
    _read_pts: int | None = None  # the furthest
    _pending: list[VideoFrame] = field(default_factory=list)  # shown after the last window's frames

    def __post_init__(self) -> None:
        """Find the picture track and prepare its decoder."""
        self.stream = track_of_known_film(self.container)
        context = self.stream.codec_context
        context.thread_count = self.order.threads
        context.thread_type = "AUTO" if self.order.threads > 1 else "NONE"
        time_base = self.stream.time_base
        if time_base is None:
            reason = "a track without a clock"
            raise UnsureError(reason)
        self._tick_seconds = time_base.numerator / time_base.denominator
        self._length_bytes = length_bytes_of(self._codec, context.extradata)
        self._packets = self._demuxed()

    @property
    def _codec(self) -> str:
        return self.stream.codec_context.codec.canonical_name

    def frames(self, target_seconds: float) -> Iterator[VideoFrame]:
        """Yield the seven frames of a window. Raises UnsureError, also after some of them.

        Nothing may be asked of the window before it was iterated to its end.
        """
        with self._reporting_errors_as_unsure(target_seconds):
            yield from self._shown(self._entered(target_seconds))

    def different_frames(
        self, target_seconds: float, counts: Callable[[VideoFrame], bool]
    ) -> list[tuple[int, VideoFrame]]:
        """Return seven frames that differ, each with its position among those within reach.

        `counts` is asked of every frame in turn until they are found. Raises UnsureError.
        """
        with self._reporting_errors_as_unsure(target_seconds):
            wanted = self._entered(target_seconds)
            pts, held = [self.seconds(ticks) for ticks in wanted], dict[int, VideoFrame]()
            middle, firsts = nearest(pts, target_seconds), list[int]()
            with closing(self._shown(wanted)) as frames:
                for position, frame in enumerate(frames):
                    if not counts(frame):
                        continue
                    firsts.append(position)
                    held[position] = frame
                    if position <= middle and len(held) > self.order.anchor + 1:
                        del held[min(held)]
                    if seven := seven_different(pts, firsts, target_seconds, self.order.anchor):
                        return [(place, held[place]) for place in seven]
            raise UnsureError(TOO_FEW_DIFFERENT)

    @contextmanager
    def _reporting_errors_as_unsure(self, target_seconds: float) -> Iterator[None]:
        """Raise UnsureError if anything is odd about a window, and begin anew after that."""
        later = bisect_right(self.order.targets_seconds, target_seconds)
        self._next_seconds = self.order.targets_seconds[later : later + 1]
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            self._forget()
            message = f"{error.strerror or error}"
            raise UnsureError(message) from error
        except UnsureError:
            self._forget()
            raise
        if said := self.complaints.heard():
            raise UnsureError(said[0])

    def _forget(self) -> None:
        """Let the next window begin with a seek: what was read may have a gap."""
        self._is_entered, self._read_pts = False, None

    def seconds(self, pts: int) -> float:
        """Return a timestamp in seconds, as ffmpeg computes it."""
        return pts * self._tick_seconds

    # ---------------------------------------------------------------------------- where to begin

    def _entered(self, target_seconds: float) -> list[int]:
        """Be where decoding the window can go on, and return the timestamps of its frames."""
        guess = self._guessed_start(target_seconds)
        ahead = self._indexed(guess)
        has_passed = self._shown_pts is not None and guess <= self._shown_pts
        if self._read_pts is None or has_passed or (ahead is not None and ahead > self._read_pts):
            self._seek(guess)
        for tries_left in reversed(range(ENTRY_TRIES)):
            wanted = self._look(target_seconds)
            if wanted and (self._jump(wanted[0]) or self._may_go_on(wanted)):
                return wanted
            if not tries_left:
                break
            earlier = self._indexed(guess)
            earlier = None if earlier is None or tries_left == 1 else self._indexed(earlier - 1)
            guess = self._guessed_start(0.0) if earlier is None else earlier
            self._seek(guess)
        reason = "no sound key frame before it" if wanted else "its seven frames are not there"
        raise UnsureError(reason)

    def _guessed_start(self, target_seconds: float) -> int:
        if not self.order.anchor:
            return round(target_seconds / self._tick_seconds)  # the target is a key frame's own timestamp
        lead_seconds = FRAMES_BEFORE * (self.order.frame_seconds or 0.0)
        return int((self._begin_seconds(target_seconds) - lead_seconds) / self._tick_seconds)

    def _begin_seconds(self, target_seconds: float) -> float:
        """Return before what, by a few frames at most, nothing of a window lies."""
        reach = self.order.reach
        return target_seconds if reach is None else span_within(reach, target_seconds).start_seconds

    def _end_seconds(self, target_seconds: float) -> float:
        """Return after what, by a few frames at most, nothing of a window lies."""
        reach = self.order.reach
        return target_seconds if reach is None else span_within(reach, target_seconds).end_seconds

    def _indexed(self, pts: int) -> int | None:
        """Return where the container says that a key frame is, at or before a timestamp."""
        entries = self.stream.index_entries
        position = entries.search_timestamp(pts, backward=True)
        return entries[position].timestamp if position >= 0 else None

    def _seek(self, pts: int) -> None:
        self.container.seek(pts, stream=self.stream)
        self.stream.codec_context.flush_buffers()
        self._packets = self._demuxed()
        self._queue.clear()
        self._held_bytes = 0
        self._is_entered = self._is_at_end = False
        self._read_pts = self._shown_pts = None

    def _jump(self, first_pts: int) -> bool:
        """Begin decoding at the last sound key frame in the queue that is not after the first frame."""
        for position in reversed(range(len(self._queue))):
            packet = self._queue[position]
            if _pts(packet) <= first_pts and self._is_entry(packet):
                self._drop(position)
                self._enter(packet)
                return True
        return False

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._held_bytes -= self._queue.popleft().size

    def _enter(self, packet: VideoPacket) -> None:
        self.stream.codec_context.flush_buffers()
        self.complaints.forget()
        self._pending.clear()
        self._fed.clear()
        self._spared.clear()
        self._is_entered, self._entry_pts, self._shown_pts = True, _pts(packet), None

    def _may_go_on(self, wanted: Sequence[int]) -> bool:
        """Return whether the decoder, as it stands, will show all the wanted frames."""
        if not self._is_entered or wanted[0] < self._entry_pts or not self._spared.isdisjoint(wanted):
            return False
        if self.complaints.heard():
            return False
        return self._shown_pts is None or wanted[0] > self._shown_pts

    def _is_entry(self, packet: VideoPacket) -> bool:
        return packet.is_keyframe and is_sound_entry(
            bytes(packet), codec=self._codec, length_bytes=self._length_bytes
        )

    # ------------------------------------------------------------------------- what the window is

    def _look(self, target_seconds: float) -> list[int]:
        """Read on until the window's frames are known; return their timestamps, none if some were passed."""
        margin = REORDERED_FRAMES[self._codec] + FRAMES_BEFORE
        end_seconds = self._end_seconds(target_seconds)
        beyond = sum(self.seconds(_pts(packet)) > end_seconds for packet in self._queue)
        while beyond <= margin + CLIP_FRAMES:
            packet = next(self._packets, None)
            if packet is None:
                break
            self._queue.append(packet)
            self._held_bytes += packet.size
            beyond += self.seconds(_pts(packet)) > end_seconds
            self._read_pts = max(_pts(packet), self._read_pts or _pts(packet))
            self._release(self._begin_seconds(target_seconds))
        fed = self._fed if self._is_entered else frozenset[int]()
        known = sorted({*fed, *(_pts(packet) for packet in self._queue if not packet.is_discard)})
        needed = window_frames([self.seconds(pts) for pts in known], target_seconds, self.order)
        return [known[position] for position in needed]

    def _release(self, begin_seconds: float) -> None:
        """Decode what lies before the window when too much of it is held."""
        while self._held_bytes > HOLD_BYTES:
            before = [_pts(packet) for packet in self._queue if self.seconds(_pts(packet)) <= begin_seconds]
            if len(before) <= FRAMES_BEFORE:
                return
            # Timestamps up to this one are not of the window.
            outside_pts = sorted(before)[-FRAMES_BEFORE - 1]
            if self._jump(outside_pts) and self._held_bytes <= HOLD_BYTES:
                return
            if _pts(self._queue[0]) > outside_pts:
                return
            if not self._is_entered:
                self._drop(1)
                continue
            for frame in self._decoded(self._taken(), wanted=frozenset()):
                self._note_shown(frame)
            self._pending.clear()

    def _demuxed(self) -> Iterator[VideoPacket]:
        packets = self.container.demux(self.stream)
        while True:
            # A container goes on behind what it cannot read: only its error message shows the gap.
            before = len(self.complaints.heard())
            packet = next(packets, None)
            if said := self.complaints.heard()[before:]:
                raise UnsureError(said[0])
            self.sign_of_life()
            if packet is None or not packet.size:
                break  # only flushes a decoder
            if packet.pts is None:
                reason = "a packet without a timestamp"
                raise UnsureError(reason)
            if packet.is_corrupt:
                reason = "a damaged packet"
                raise UnsureError(reason)
            yield packet
        self._is_at_end = True

    # ------------------------------------------------------------------------------- its pictures

    def _shown(self, wanted: Sequence[int]) -> Generator[VideoFrame]:
        """Decode until all wanted frames were shown, or no more are asked for; what is left waits."""
        left = deque(wanted)
        asked = frozenset(wanted)
        frames = deque(self._pending)
        self._pending.clear()
        try:
            while left:
                while not frames:
                    # All it takes was decoded: it is asked for at once where nothing is to follow.
                    is_all_in = self._fed.issuperset(left) and not self._must_go_on(wanted[-1])
                    frames.extend(self._drained() if is_all_in else self._next_frames(asked))
                frame = frames.popleft()
                pts = self._note_shown(frame)
                if pts > left[0]:
                    reason = "the decoder left out a frame"
                    raise UnsureError(reason)
                if pts == left[0]:
                    left.popleft()
                    yield frame
        finally:
            self._pending.extend(frames)

    def _note_shown(self, frame: VideoFrame) -> int:
        pts, last = frame.pts, self._shown_pts
        if pts is None or (last is not None and pts <= last):
            reason = "frames came out of order"
            raise UnsureError(reason)
        self._shown_pts = pts
        self._fed = {fed for fed in self._fed if fed > pts}
        self._spared &= self._fed
        return pts

    def _next_frames(self, wanted: frozenset[int]) -> list[VideoFrame]:
        if self._queue:
            return self._decoded(self._taken(), wanted=wanted)
        packet = next(self._packets, None)
        if packet is not None:
            self._read_pts = max(_pts(packet), self._read_pts or _pts(packet))
            return self._decoded(packet, wanted=wanted)
        return self._drained()

    def _drained(self) -> list[VideoFrame]:
        """Return what the decoder still holds; it must be entered anew after that."""
        if not self._is_entered:
            reason = "the track ends within it"
            raise UnsureError(reason)
        self._is_entered = False
        return list(self.stream.codec_context.decode(None))

    def _taken(self) -> VideoPacket:
        packet = self._queue.popleft()
        self._held_bytes -= packet.size
        return packet

    def _decoded(self, packet: VideoPacket, *, wanted: frozenset[int]) -> list[VideoFrame]:
        pts = _pts(packet)
        is_spared = self._codec in SPARING_CODECS and pts not in wanted and not self._is_near(pts)
        context = self.stream.codec_context
        context.skip_frame = "NONREF" if is_spared else "DEFAULT"
        if not packet.is_discard:
            self._fed.add(pts)
        if is_spared:
            self._spared.add(pts)
        return list(context.decode(packet))

    def _is_near(self, pts: int) -> bool:
        """Return whether a frame lies close to the next window."""
        near_seconds = NEAR_FRAMES * (self.order.frame_seconds or 0.0)
        begins = map(self._begin_seconds, self._next_seconds)
        return any(self.seconds(pts) >= begin_seconds - near_seconds for begin_seconds in begins)

    def _must_go_on(self, last_pts: int) -> bool:
        """Return whether the next window, if any, has no key frame of its own to begin at."""
        return any(
            (ahead := self._indexed(self._guessed_start(target))) is None or ahead <= last_pts
            for target in self._next_seconds
        )


def _pts(packet: VideoPacket) -> int:
    if packet.pts is None:
        reason = "a packet without a timestamp"
        raise UnsureError(reason)
    return packet.pts
