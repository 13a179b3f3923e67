"""Decodes exactly the requested windows of one film, in time order, at the least cost. Runs in a child.

    index ── seek, only if a key frame is ahead of what was read ───────┐
    demux ──> queue: packets read, not yet decoded ──> window known ──> decode ──> its frames
              a sound key frame in the queue makes all packets before it unnecessary

Non-reference frames that are not near a window are not decoded. The timestamps of the packets determine the
frames of a window before the window is decoded.

Invariant: the frames equal those of a sequential decode, or UnsureError is raised. Decoding began at a sound
entry that is not later than the first frame, no frame that the frames may refer to was left out, and the
decoder reported no error since then.
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
from tui_gen.jobs.superres.extraction.reading.repeated import TOO_FEW_DIFFERENT, chosen_different, span_within
from tui_gen.jobs.superres.extraction.reading.window import nearest
from tui_gen.media.decoding.decoder_errors import Complaints
from tui_gen.media.decoding.track import UnsureError, track_of_known_film

HOLD_BYTES = 24 << 20
"""The most bytes held to find a later key frame; beyond it, frames before the window are decoded."""
FEWEST_FRAMES_BEFORE = 4
"""Frames are looked for at least this number of frames before a window's begin is calculated to be."""
ENTRY_TRIES = 3
SPARING_CODECS = frozenset({"h264", "hevc"})
if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]


@dataclass(slots=True)
class WindowDecoder:
    """One film that is read from window to window."""

    container: InputContainer
    order: FilmOrder
    complaints: Complaints
    sign_of_life: Callable[[], None]
    stream: VideoStream = field(init=False)
    _tick_seconds: float = field(init=False)
    _length_bytes: int | None = field(init=False)
    _next_seconds: tuple[float, ...] = ()  # the target after the current one, if there is one
    _packets: Iterator[VideoPacket] = field(init=False)
    _queue: deque[VideoPacket] = field(default_factory=deque)
    _held_bytes: int = 0
    _is_at_end: bool = False
    _is_entered: bool = False  # the decoder got all packets from an entry up to the queue's head
    _entry_pts: int = 0
    _fed: set[int] = field(default_factory=set)  # timestamps decoded and not shown yet
    _spared: set[int] = field(default_factory=set)  # those of `_fed` that the decoder may have skipped
    _shown_pts: int | None = None
    _read_pts: int | None = None  # the largest timestamp read
    _pending: list[VideoFrame] = field(default_factory=list)  # shown after the last window's frames

    def __post_init__(self) -> None:
        """Find the video track and prepare its decoder. Raises UnsureError."""
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
        """Yield the frames of a clip. Raises UnsureError, possibly after some of them.

        The iterator must be exhausted before the next window is requested.
        """
        with self._reporting_errors_as_unsure(target_seconds):
            yield from self._shown(self._entered(target_seconds))

    def different_frames(
        self, target_seconds: float, counts: Callable[[VideoFrame], bool]
    ) -> list[tuple[int, VideoFrame]]:
        """Return the different frames of a clip, with their positions in reach. Raises UnsureError.

        `counts` is called for every frame in order until those of the clip are found, and returns whether the
        frame counts.
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
                    if position <= middle and len(held) > self.order.window.anchor + 1:
                        del held[min(held)]
                    if chosen := chosen_different(pts, firsts, target_seconds, self.order.window):
                        return [(place, held[place]) for place in chosen]
            raise UnsureError(TOO_FEW_DIFFERENT)

    @contextmanager
    def _reporting_errors_as_unsure(self, target_seconds: float) -> Iterator[None]:
        """Raise UnsureError if anything about a window is unusual, and start again with a seek after that."""
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
        """Make the next window begin with a seek: the packets read may have a gap."""
        self._is_entered, self._read_pts = False, None

    def seconds(self, pts: int) -> float:
        """Return a timestamp in seconds, as ffmpeg computes it."""
        return pts * self._tick_seconds

    # ---------------------------------------------------------------------------- where to begin

    def _entered(self, target_seconds: float) -> list[int]:
        """Prepare the decoder for the window and return the timestamps of the window's frames."""
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
        reason = "no sound key frame before it" if wanted else "its frames are not there"
        raise UnsureError(reason)

    def _guessed_start(self, target_seconds: float) -> int:
        if not self.order.window.anchor:
            return round(target_seconds / self._tick_seconds)  # the target is a key frame's own timestamp
        lead_seconds = self._frames_before * (self.order.frame_seconds or 0.0)
        return int((self._begin_seconds(target_seconds) - lead_seconds) / self._tick_seconds)

    @property
    def _frames_before(self) -> int:
        """A frame with this many frames between it and a window's begin is not one of the window."""
        anchor = self.order.window.anchor if self.order.reach is None else 0
        return max(FEWEST_FRAMES_BEFORE, anchor + 1)

    def _begin_seconds(self, target_seconds: float) -> float:
        """Return the begin of a window; frames of the window may be less than `_frames_before` earlier."""
        reach = self.order.reach
        return target_seconds if reach is None else span_within(reach, target_seconds).start_seconds

    def _end_seconds(self, target_seconds: float) -> float:
        """Return the end of a window; frames of the window may be at most a few frames later."""
        reach = self.order.reach
        return target_seconds if reach is None else span_within(reach, target_seconds).end_seconds

    def _indexed(self, pts: int) -> int | None:
        """Return the timestamp of the last key frame in the container's index at or before a timestamp."""
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
        """Return whether the decoder in its current state will output all wanted frames."""
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
        """Read until the window's frames are known; return their timestamps, empty if some were passed."""
        margin = REORDERED_FRAMES[self._codec] + self._frames_before
        end_seconds = self._end_seconds(target_seconds)
        beyond = sum(self.seconds(_pts(packet)) > end_seconds for packet in self._queue)
        while beyond <= margin + self.order.window.frames:
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
        """Decode frames before the window while the queue holds too many bytes."""
        while self._held_bytes > HOLD_BYTES:
            before = [_pts(packet) for packet in self._queue if self.seconds(_pts(packet)) <= begin_seconds]
            if len(before) <= self._frames_before:
                return
            # Frames up to this timestamp are not part of the window.
            outside_pts = sorted(before)[-self._frames_before - 1]
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
            # libav continues after data that it cannot read: only its error message shows the gap.
            before = len(self.complaints.heard())
            packet = next(packets, None)
            if said := self.complaints.heard()[before:]:
                raise UnsureError(said[0])
            self.sign_of_life()
            if packet is None or not packet.size:
                break  # an empty packet only flushes a decoder
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
        """Decode until all wanted frames were yielded or the generator is closed; keep the other frames."""
        left = deque(wanted)
        asked = frozenset(wanted)
        frames = deque(self._pending)
        self._pending.clear()
        try:
            while left:
                while not frames:
                    # All needed packets were decoded: flush the decoder if nothing is to follow.
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
        """Flush the decoder and return its frames; after that, decoding must begin at an entry again."""
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
        """Return whether a frame is near the next window."""
        near_seconds = (self._frames_before + 1) * (self.order.frame_seconds or 0.0)
        begins = map(self._begin_seconds, self._next_seconds)
        return any(self.seconds(pts) >= begin_seconds - near_seconds for begin_seconds in begins)

    def _must_go_on(self, last_pts: int) -> bool:
        """Return whether decoding must continue because the next window has no own key frame to begin at."""
        return any(
            (ahead := self._indexed(self._guessed_start(target))) is None or ahead <= last_pts
            for target in self._next_seconds
        )


def _pts(packet: VideoPacket) -> int:
    if packet.pts is None:
        reason = "a packet without a timestamp"
        raise UnsureError(reason)
    return packet.pts
