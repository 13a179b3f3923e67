"""Calculates the timestamp of each clip of a film, and the windows to retry if the data there are bad.

Guards: the same film has the same timestamps whatever else is planned. Windows are completely inside the
film. No two planned windows of a film share a frame.

    clip k sits at frac((k + 0.5) * 0.618...) * duration, so any prefix of the clips covers the film evenly;
    if clips begin at key frames, the first frame of its window is the key frame nearest to that place

    frame  0  1  2 [3] 4  5  6      a window: 7 frames around the one nearest the timestamp. With N frames
           |<- 2.5 ->|              the timestamp lies in [2.5, N - 3.5) frames: for N = 7, frame 3 alone.

If two timestamps are at least 8 frames apart, their windows of 7 frames share no frame: choosing the nearest
frame moves each by at most half a frame. Planned timestamps keep this distance. A window is the whole span of
a clip, with the frames that are left out between the clip's own (`ClipShape`).

If repeated frames are left out, a window is the whole range in which different frames are looked for:
`reach_frames` on both sides, or the same number after a key frame.

If the distance of frames varies, windows are placed and kept apart by the real timestamps (real_frames).

If the distance of frames is unknown, the distances of windows are those of the lowest frame rate of films.
This only reduces the number of clips; nothing else is derived from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tui_gen.jobs.superres.clip_shape import USUAL_CLIP, ClipShape, Reach
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.split import GUARD_SECONDS, Block
from tui_gen.jobs.superres.planning.clip_bits import as_bits, bit_indices
from tui_gen.jobs.superres.planning.real_frames import RealFrames, real_frames
from tui_gen.jobs.superres.planning.retries import Retries
from tui_gen.jobs.superres.planning.title_gaps import title_gaps
from tui_gen.media.film_facts import ProbeFacts

GOLDEN = 0.6180339887498949
SLOWEST_FRAME_SECONDS = 1 / 8
"""Spacing assumed if the distance of frames is unknown: no film has fewer frames per second."""
LONGEST_SHOWN_SECONDS = 1 / 8
LONGEST_SHOWN_FRAMES = 3
"""The range in which different frames are looked for is enough for pictures that are each shown for an eighth
of a second, as in animation on threes, and for at least three frames: half a second and 12 frames on both
sides of a timestamp for clips of 7 frames."""
BEFORE_KEY_SECONDS = 1e-4
"""The tolerance before a key frame at which a window begins: covers the rounding of timestamps, and is less
than the distance of any two frames."""
_FEWEST_ROWS = 256

Seconds = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The running time of a film, as it limits windows."""

    duration_seconds: float
    frame_seconds: float
    start_seconds: float  # windows are completely after this
    end_seconds: float  # and before this
    is_rate_known: bool = True  # False: `frame_seconds` is an upper bound, not a measurement
    block: Block | None = None  # held out for validation
    # The times at which windows may begin, ascending: a window's first frame is there. None: a window is
    # centred on its timestamp.
    starts_seconds: tuple[float, ...] | None = None
    # The trimmed parts between start and end: (begin, end), ascending and disjoint.
    gaps_seconds: tuple[tuple[float, float], ...] = ()
    # The number of frames on both sides in which different ones are looked for. None: the frames are
    # consecutive.
    reach_frames: int | None = None
    shape: ClipShape = USUAL_CLIP
    # All frames, if their distance varies. None: they are `frame_seconds` apart.
    frames: RealFrames | None = None

    @property
    def anchor(self) -> int:
        """The position in a window of the frame at the window's time."""
        return self.shape.anchor if self.starts_seconds is None else 0

    @property
    def frames_before(self) -> int:
        """The number of frames in a window before the frame at its time."""
        return self.anchor if self.reach_frames is None or not self.anchor else self.reach_frames

    @property
    def frames_after(self) -> int:
        """The number of frames in a window after the frame at its time."""
        frames = self.shape.span if self.reach_frames is None else 2 * self.reach_frames + 1
        return frames - 1 - self.frames_before

    @property
    def apart_seconds(self) -> float:
        """The least distance of two timestamps in seconds, or of their places (`_spread`)."""
        if self.by_index is not None:
            return (self.frames_before + self.frames_after + 0.5) * self.frame_seconds
        return (self.frames_before + self.frames_after + 2) * self.frame_seconds

    @property
    def by_index(self) -> RealFrames | None:
        """The frames by whose indices windows are kept apart; None: windows are kept apart by their times.

        Windows in which different frames are looked for are ranges of time, whatever their frames.
        """
        return self.frames if self.reach_frames is None else None

    @property
    def reach(self) -> Reach | None:
        """The range in which different frames are looked for; None: any consecutive frames."""
        if self.reach_frames is None:
            return None
        before = (self.frames_before + 0.5) * self.frame_seconds if self.anchor else BEFORE_KEY_SECONDS
        return Reach(before, (self.frames_after + 0.5) * self.frame_seconds)

    @property
    def usable_seconds(self) -> float:
        """The running time without the trimmed parts."""
        gaps = sum(
            max(0.0, min(end, self.end_seconds) - max(begin, self.start_seconds))
            for begin, end in self.gaps_seconds
        )
        return max(0.0, self.end_seconds - self.start_seconds - gaps)


def timeline(
    probe: ProbeFacts,
    settings: Settings,
    block: Block | None = None,
    *,
    starts_seconds: tuple[float, ...] | None = None,
) -> Timeline:
    """Return the timeline of a probed film; `starts_seconds` are its key frames if clips begin there."""
    frame, duration, trim = probe.frame_seconds, probe.duration_seconds, settings.trim
    is_known = frame is not None and 0 < frame < math.inf
    frame_seconds = frame if frame is not None and is_known else SLOWEST_FRAME_SECONDS
    is_collapsed = settings.repeated_frames == "collapse"
    return Timeline(
        duration_seconds=duration,
        frame_seconds=frame_seconds,
        is_rate_known=is_known,
        start_seconds=trim.start_seconds + trim.start_share * duration,
        end_seconds=duration - trim.end_seconds - trim.end_share * duration,
        block=block,
        starts_seconds=starts_seconds,
        gaps_seconds=tuple(title_gaps(probe)) if trim.has_chapters else (),
        reach_frames=reach_frames(frame_seconds, settings.clip_shape) if is_collapsed else None,
        shape=settings.clip_shape,
        frames=real_frames(probe),
    )


def reach_frames(frame_seconds: float, shape: ClipShape) -> int:
    """Return the number of frames on each side of a timestamp that are searched for a clip's frames."""
    pictures = shape.anchor + 1
    seconds = pictures * LONGEST_SHOWN_SECONDS
    return max(pictures * LONGEST_SHOWN_FRAMES, math.ceil(round(seconds / frame_seconds, 6)))


def timestamp(index: int, duration_seconds: float) -> float:
    """Return the timestamp of clip `index`, in seconds from the first PTS."""
    return ((index + 0.5) * GOLDEN) % 1.0 * duration_seconds


@lru_cache(maxsize=4096)
def usable_clips(line: Timeline, capacity: int) -> int:
    """Return the clips below twice the capacity that can be planned, as a bit set.

    Excluded are windows that are not completely inside the film, and windows that overlap that of an earlier
    clip (for example because they begin at the same key frame). Trimmed windows are excluded afterwards, so
    that a different trim never makes a new clip overlap an existing one.
    """
    times = first_windows(line, np.arange(2 * capacity))
    fits = _is_inside(line, times)
    inside = np.flatnonzero(fits)
    spread = _spread(line, times)
    ordered = np.sort(spread[inside])
    if inside.size and np.any(np.diff(ordered) < line.apart_seconds):
        keep = np.zeros_like(fits)
        keep[list(_not_overlapping(line, spread, inside))] = True
        fits = keep
    return as_bits(fits & _is_untrimmed(line, times))


@dataclass(frozen=True, slots=True)
class Sides:
    """The usable clips of a film as bit sets: outside its block and guard, and inside its block."""

    outside: int
    inside: int


@lru_cache(maxsize=4096)
def sides(line: Timeline, capacity: int) -> Sides:
    """Divide the usable clips by the film's block; clips in the guard are on neither side."""
    usable = usable_clips(line, capacity)
    block = line.block
    if block is None:
        return Sides(usable, 0)
    times = first_windows(line, np.arange(2 * capacity))
    is_outside, is_inside = _is_outside_block(line, times, block), _is_inside_block(line, times, block)
    return Sides(usable & as_bits(is_outside), usable & as_bits(is_inside))


@lru_cache(maxsize=4096)
def within_guard(line: Timeline, capacity: int, others: int) -> int:
    """Return the clips whose windows are nearer than the guard to a clip of `others`, as bit sets."""
    frames = line.by_index
    longest = 0.0 if frames is None else frames.longest_window_seconds(line.frames_before + line.frames_after)
    apart = GUARD_SECONDS + max(line.apart_seconds, longest + 2 * line.frame_seconds)
    taken = first_windows(line, bit_indices(others))
    return as_bits(~_is_clear(first_windows(line, np.arange(2 * capacity)), taken, apart))


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a film's clips, in seconds from the first PTS.

    A retry window is a whole number of steps after the first window, and wraps at the end of the film. A
    retry window is skipped if it is not completely inside the film, is trimmed, or is on another side of the
    film's block than the first window. It is also skipped if it would share a frame with the first window of
    one of the first `capacity` usable clips, or with a retry window of a lower clip. After twice as many
    steps as attempts, a clip has fewer attempts. A clip's windows therefore depend only on lower clips and on
    all first windows, and only the windows up to the highest requested clip are calculated.

    Clips past the first `capacity` only replace rejected clips. Their retry windows avoid all first windows.
    The retry windows of other clips do not avoid the first windows of replacement clips.
    """

    line: Timeline
    capacity: int
    retries: Retries

    def of(self, clips: Sequence[int]) -> Mapping[int, tuple[float, ...]]:
        """Return the windows to try, in order, for at least these usable clips."""
        usable = bit_indices(usable_clips(self.line, self.capacity))
        count = int(np.searchsorted(usable, max(clips, default=0), side="right"))
        return _lowest_windows(self, max(_FEWEST_ROWS, 1 << (count - 1).bit_length()))


@lru_cache(maxsize=64)
def _lowest_windows(windows: Windows, count: int) -> Mapping[int, tuple[float, ...]]:
    """Return the windows of the `count` lowest usable clips."""
    line, attempts = windows.line, max(1, windows.retries.attempts)
    usable = bit_indices(usable_clips(line, windows.capacity))
    stamps = _timestamps_of(usable, line.duration_seconds)
    first = _placed(line, stamps)
    moved = _placed(line, _moved_on(windows, stamps[:count]))
    is_free = _is_free(windows, moved, first)
    spread, apart_seconds = _spread(line, moved), line.apart_seconds
    cells = (spread // apart_seconds).astype(np.int64)
    found = [[time] for time in first[:count].tolist()]
    # A cell is as wide as the least distance of windows, so it has at most one retry window.
    taken: dict[int, float] = {}
    rows = np.nonzero(is_free)[0].tolist()
    places = zip(cells[is_free].tolist(), spread[is_free].tolist(), moved[is_free].tolist(), strict=True)
    for row, (cell, place, time) in zip(rows, places, strict=True):
        if len(found[row]) < attempts and _is_clear_of_neighbours(taken, cell, place, apart_seconds):
            taken[cell] = place
            found[row].append(time)
    return dict(zip(usable[:count].tolist(), map(tuple, found), strict=True))


def _moved_on(windows: Windows, stamps: Seconds) -> Seconds:
    """Return a row per clip: its timestamp moved by 1, 2, ... steps, modulo the duration."""
    duration = windows.line.duration_seconds
    step = windows.retries.step_seconds(duration)
    turns = np.arange(1, 2 * max(1, windows.retries.attempts) + 1)
    moved: Seconds = np.mod(stamps[:, np.newaxis] + turns * step, duration)
    return moved


def _is_free(windows: Windows, moved: Seconds, first: Seconds) -> Mask:
    """Return which retry windows are inside the film, outside the trim and clear of the first windows."""
    line, regular = windows.line, windows.capacity
    is_free = _is_inside(line, moved) & _is_untrimmed(line, moved) & _is_on_its_side(line, moved, first)
    spread, others = _spread(line, moved), _spread(line, first)
    is_free[:regular] &= _is_clear(spread[:regular], others[:regular], line.apart_seconds)
    is_free[regular:] &= _is_clear(spread[regular:], others, line.apart_seconds)
    return is_free


def _is_on_its_side(line: Timeline, moved: Seconds, first: Seconds) -> Mask:
    """Return which retry windows are on the side of their first window: inside or outside the block."""
    block = line.block
    if block is None:
        return np.broadcast_to(np.True_, moved.shape)
    first = first[: len(moved), np.newaxis]
    are_inside: Mask = _is_inside_block(line, first, block) & _is_inside_block(line, moved, block)
    are_outside: Mask = _is_outside_block(line, first, block) & _is_outside_block(line, moved, block)
    return are_inside | are_outside


def _is_clear(times: Seconds, others: Seconds, apart_seconds: float) -> Mask:
    occupied = np.sort(np.concatenate([[-np.inf], others, [np.inf]]))
    place = np.searchsorted(occupied, times)
    is_clear: Mask = (times - occupied[place - 1] >= apart_seconds) & (
        occupied[place] - times >= apart_seconds
    )
    return is_clear


def _is_clear_of_neighbours(taken: Mapping[int, float], cell: int, time: float, apart_seconds: float) -> bool:
    return (
        cell not in taken
        and time - taken.get(cell - 1, -math.inf) >= apart_seconds
        and taken.get(cell + 1, math.inf) - time >= apart_seconds
    )


def first_windows(line: Timeline, clips: npt.NDArray[np.int64]) -> Seconds:
    """Return the times of the first windows of some clips."""
    return _placed(line, _timestamps_of(clips, line.duration_seconds))


def _timestamps_of(clips: npt.NDArray[np.int64], duration_seconds: float) -> Seconds:
    # The same operations on the same doubles as in `timestamp`, so the bits are the same.
    times: Seconds = np.mod((clips + 0.5) * GOLDEN, 1.0) * duration_seconds
    return times


def _placed(line: Timeline, times: Seconds) -> Seconds:
    """Return the window times for some timestamps: the timestamps, or the nearest start to each."""
    if line.starts_seconds is None:
        return times if line.by_index is None else line.by_index.placed(times, line.duration_seconds)
    starts = np.array(line.starts_seconds)
    after = np.searchsorted(starts, times)
    earlier, later = starts[np.maximum(after - 1, 0)], starts[np.minimum(after, starts.size - 1)]
    placed: Seconds = np.where(times - earlier <= later - times, earlier, later)
    return placed


def _spread(line: Timeline, times: Seconds) -> Seconds:
    """Return the places of windows by which they are kept apart: their times, were the rate constant."""
    if line.by_index is None:
        return times
    spread: Seconds = line.by_index.indices(times) * np.float64(line.frame_seconds)
    return spread


def _is_inside(line: Timeline, times: Seconds) -> Mask:
    if line.by_index is not None:
        return line.by_index.are_whole(times, line.frames_before, line.frames_after)
    frames = math.floor(line.duration_seconds / line.frame_seconds + 0.5)
    place = times / line.frame_seconds
    return (place >= line.frames_before - 0.5) & (place < frames - line.frames_after - 0.5)


def _is_untrimmed(line: Timeline, times: Seconds) -> Mask:
    """Return which windows have no frame in a trimmed part, with a tolerance of half a frame."""
    first, last = _edges(line, times)
    is_after_start = first >= line.start_seconds if line.start_seconds > 0 else np.True_
    is_before_end = last <= line.end_seconds if line.end_seconds < line.duration_seconds else np.True_
    is_clear = _is_clear_of_gaps(line, first, last) if line.gaps_seconds else np.True_
    return np.broadcast_to(is_after_start & is_before_end & is_clear, times.shape)


def _is_clear_of_gaps(line: Timeline, first: Seconds, last: Seconds) -> Mask:
    """Return which windows end before the first gap that ends after they begin."""
    begins, ends = np.array([*line.gaps_seconds, (np.inf, np.inf)]).T
    is_clear: Mask = last <= begins[np.searchsorted(ends, first, side="right")]
    return is_clear


def _is_inside_block(line: Timeline, times: Seconds, block: Block) -> Mask:
    first, last = _edges(line, times)
    is_inside: Mask = (first >= block.start_seconds) & (last <= block.end_seconds)
    return is_inside


def _is_outside_block(line: Timeline, times: Seconds, block: Block) -> Mask:
    first, last = _edges(line, times)
    is_before: Mask = last <= block.start_seconds - GUARD_SECONDS
    return is_before | (first >= block.end_seconds + GUARD_SECONDS)


def _edges(line: Timeline, times: Seconds) -> tuple[Seconds, Seconds]:
    """Return the earliest begin and the latest end of windows, with a tolerance of half a frame."""
    if line.by_index is not None:
        begins, ends = line.by_index.edges(times, line.frames_before, line.frames_after)
        return begins - line.frame_seconds / 2, ends + 1.5 * line.frame_seconds
    return (
        times - (line.frames_before + 0.5) * line.frame_seconds,
        times + (line.frames_after + 1.5) * line.frame_seconds,
    )


def _not_overlapping(line: Timeline, times: Seconds, clips: npt.NDArray[np.int64]) -> Iterator[int]:
    """Yield, in order, the clips whose windows overlap no earlier window.

    A cell is as wide as the least distance of windows, so only the two neighbouring cells must be checked.
    """
    apart = line.apart_seconds
    taken: dict[int, float] = {}
    for clip, time in zip(clips.tolist(), times[clips].tolist(), strict=True):
        cell = int(time // apart)
        if _is_clear_of_neighbours(taken, cell, time, apart):
            taken[cell] = time
            yield clip
