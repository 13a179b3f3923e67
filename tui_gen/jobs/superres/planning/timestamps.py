"""When each clip of a film is: its timestamp, and the windows to move to when the data there is bad.

Guards: the same film gives the same timestamps whatever else is planned; windows lie wholly inside the
film; and no two planned windows of a film share a frame.

    clip k sits at frac((k + 0.5) * 0.618...) * duration, so any prefix of the clips covers the film evenly;
    where clips begin at key frames, its window's first frame is the key frame nearest that place

    frame  0  1  2 [3] 4  5  6      a window: 7 frames around the one nearest the timestamp. With N frames
           |<- 2.5 ->|              the timestamp lies in [2.5, N - 3.5) frames: for N = 7, frame 3 alone.

Two timestamps at least 8 frames apart have windows that share no frame, wherever the frames lie between
them: taking the nearest frame moves each by half a frame at most. That is the distance kept here.

Where repeated frames do not count, a window is all that may be looked through for seven that differ,
whatever is taken of it: `reach_frames` to both sides, or as many after a key frame.

Where the distance of frames is not known, windows are kept apart (and reach) as for the slowest rate
films have. That only leaves out clips; nothing else is derived from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.split import GUARD_SECONDS, Block
from tui_gen.jobs.superres.planning.clip_bits import as_bits, bit_indices
from tui_gen.jobs.superres.units import CLIP_FRAMES, MIDDLE, Reach
from tui_gen.media.film_facts import Chapter, ProbeFacts

GOLDEN = 0.6180339887498949
SLOWEST_FRAME_SECONDS = 1 / 8
"""Spacing assumed where the distance of frames is unknown: no film is made with fewer frames a second."""
SHORT_FILM_STEP = 0.382
"""Share of the duration a window moves on films too short for `retry_skip_seconds`."""
MOST_TITLES_SHARE = 0.25
"""A chapter that covers more of a film than this is not titles, whatever its name is."""
REACH_SECONDS = 0.5
"""How far to both sides of a timestamp frames are looked through for seven that differ: enough for pictures
shown for an eighth of a second each, as in animation on threes, whatever the rate of the film."""
FEWEST_REACH_FRAMES = 12
BEFORE_KEY_SECONDS = 1e-4
"""Where a window begins at a key frame: for the rounding of timestamps, and less than any two frames are
apart."""
_FEWEST_ROWS = 256

Seconds = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The running time of a film as far as windows go."""

    duration_seconds: float
    frame_seconds: float
    start_seconds: float  # nothing of a window lies before this
    end_seconds: float  # or after this
    is_rate_known: bool = True  # False: `frame_seconds` is an allowance, not a measurement
    block: Block | None = None  # held out for validation
    # Where windows may begin, ascending: the frames there are their first. None: a window is centred
    # on its time, wherever that is.
    starts_seconds: tuple[float, ...] | None = None
    # What is trimmed between the two: (begin, end), ascending and apart.
    gaps_seconds: tuple[tuple[float, float], ...] = ()
    # How many frames to both sides are looked through for seven that differ. None: any seven will do.
    reach_frames: int | None = None

    @property
    def anchor(self) -> int:
        """Which of a window's frames is the one at its time."""
        return MIDDLE if self.starts_seconds is None else 0

    @property
    def frames_before(self) -> int:
        """How many frames of a window lie before the one at its time."""
        return self.anchor if self.reach_frames is None or not self.anchor else self.reach_frames

    @property
    def frames_after(self) -> int:
        """How many frames of a window lie after the one at its time."""
        frames = CLIP_FRAMES if self.reach_frames is None else 2 * self.reach_frames + 1
        return frames - 1 - self.frames_before

    @property
    def apart_seconds(self) -> float:
        """How far apart two timestamps must be."""
        return (self.frames_before + self.frames_after + 2) * self.frame_seconds

    @property
    def reach(self) -> Reach | None:
        """How far windows reach for frames that differ; None: any seven will do."""
        if self.reach_frames is None:
            return None
        before = (self.frames_before + 0.5) * self.frame_seconds if self.anchor else BEFORE_KEY_SECONDS
        return Reach(before, (self.frames_after + 0.5) * self.frame_seconds)

    @property
    def usable_seconds(self) -> float:
        """What the trim leaves."""
        gaps = sum(
            max(0.0, min(end, self.end_seconds) - max(begin, self.start_seconds))
            for begin, end in self.gaps_seconds
        )
        return max(0.0, self.end_seconds - self.start_seconds - gaps)


@dataclass(frozen=True, slots=True)
class Retries:
    """How a window moves on when its data is bad."""

    attempts: int  # in all, the first included
    skip_seconds: float

    def step_seconds(self, duration_seconds: float) -> float:
        """Return how far a window moves each time on a film of this length."""
        if duration_seconds < 2 * self.skip_seconds:
            return SHORT_FILM_STEP * duration_seconds
        return self.skip_seconds


def timeline(
    probe: ProbeFacts,
    settings: Settings,
    block: Block | None = None,
    *,
    starts_seconds: tuple[float, ...] | None = None,
) -> Timeline:
    """Return the timeline of a probed film; `starts_seconds` are the key frames, where clips begin there."""
    frame, duration, trim = probe.frame_seconds, probe.duration_seconds, settings.trim
    is_known = frame is not None and 0 < frame < math.inf
    frame_seconds = frame if frame is not None and is_known else SLOWEST_FRAME_SECONDS
    return Timeline(
        duration_seconds=duration,
        frame_seconds=frame_seconds,
        is_rate_known=is_known,
        start_seconds=trim.start_seconds + trim.start_share * duration,
        end_seconds=duration - trim.end_seconds - trim.end_share * duration,
        block=block,
        starts_seconds=starts_seconds,
        gaps_seconds=tuple(_gaps(probe)) if trim.has_chapters else (),
        reach_frames=reach_frames(frame_seconds) if settings.repeated_frames == "collapse" else None,
    )


def is_of_titles(probe: ProbeFacts, chapter: Chapter) -> bool:
    """Return whether a chapter with the name of titles is as short as these are."""
    return chapter.end_seconds - chapter.start_seconds <= MOST_TITLES_SHARE * probe.duration_seconds


def _gaps(probe: ProbeFacts) -> Iterator[tuple[float, float]]:
    """Yield what the chapters with titles cover together, from the first PTS on."""
    first = probe.first_pts_seconds
    parts = sorted(
        (max(0.0, chapter.start_seconds - first), min(probe.duration_seconds, chapter.end_seconds - first))
        for chapter in probe.title_chapters or ()
        if is_of_titles(probe, chapter)
    )
    begun, ended = 0.0, 0.0
    for begin, end in parts:
        if begin > ended:
            if ended > begun:
                yield begun, ended
            begun = begin
        ended = max(ended, end)
    if ended > begun:
        yield begun, ended


def reach_frames(frame_seconds: float) -> int:
    """Return how many frames to both sides of a timestamp are looked through for seven that differ."""
    return max(FEWEST_REACH_FRAMES, math.ceil(round(REACH_SECONDS / frame_seconds, 6)))


def retries(settings: Settings) -> Retries:
    """Return how windows move under these settings."""
    return Retries(attempts=settings.max_retry_attempts, skip_seconds=settings.retry_skip_seconds)


def timestamp(index: int, duration_seconds: float) -> float:
    """Return where clip `index` sits, in seconds from the first PTS."""
    return ((index + 0.5) * GOLDEN) % 1.0 * duration_seconds


@lru_cache(maxsize=4096)
def usable_clips(line: Timeline, capacity: int) -> int:
    """Return, as a bit set, the clips below twice the capacity that can be planned.

    Left out are windows not wholly inside and windows that overlap that of an earlier clip (as those do
    that have one key frame); what is
    trimmed is masked afterwards, so that another trim never lets a new clip overlap one made before.
    """
    times = _first_windows(line, np.arange(2 * capacity))
    fits = _is_inside(line, times)
    inside = np.flatnonzero(fits)
    ordered = np.sort(times[inside])
    if inside.size and np.any(np.diff(ordered) < line.apart_seconds):
        keep = np.zeros_like(fits)
        keep[list(_not_overlapping(line, times, inside))] = True
        fits = keep
    return as_bits(fits & _is_untrimmed(line, times))


@dataclass(frozen=True, slots=True)
class Sides:
    """The usable clips of a film as bit sets: outside its block and its guard, and inside the block."""

    outside: int
    inside: int


@lru_cache(maxsize=4096)
def sides(line: Timeline, capacity: int) -> Sides:
    """Divide the usable clips by the film's block; those in the guard are on neither side."""
    usable = usable_clips(line, capacity)
    block = line.block
    if block is None:
        return Sides(usable, 0)
    times = _first_windows(line, np.arange(2 * capacity))
    is_outside, is_inside = _is_outside_block(line, times, block), _is_inside_block(line, times, block)
    return Sides(usable & as_bits(is_outside), usable & as_bits(is_inside))


@lru_cache(maxsize=4096)
def within_guard(line: Timeline, capacity: int, others: int) -> int:
    """Return, as a bit set, the clips whose windows come nearer than the guard to one of `others`."""
    apart = GUARD_SECONDS + line.apart_seconds
    taken = _first_windows(line, bit_indices(others))
    return as_bits(~_is_clear(_first_windows(line, np.arange(2 * capacity)), taken, apart))


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a film's clips, in seconds from the first PTS.

    A retry window lies a whole number of steps past the first one, wrapping. One that is not wholly
    inside, is trimmed, lies on another side of the film's block than the first, or would share a frame
    with the first window of one of the first `capacity` usable clips or with a retry window of a lower
    clip is passed over for the next step; a clip that lacks attempts after twice as many steps as
    attempts has fewer. So a clip depends on lower clips alone (and on all first windows), and no more is
    computed than the highest clip asked for needs.

    Clips past the first `capacity` only stand in for rejected ones. Theirs keep clear of all first
    windows; no other clip keeps clear of a stand-in's first window.
    """

    line: Timeline
    capacity: int
    retries: Retries

    def of(self, clips: Sequence[int]) -> Mapping[int, tuple[float, ...]]:
        """Return the windows to try, in order, for usable clips (and for more than those asked for)."""
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
    cells = (moved // line.apart_seconds).astype(np.int64)
    found = [[time] for time in first[:count].tolist()]
    # Cells are as wide as windows must be apart, so each holds one retry window at most.
    taken: dict[int, float] = {}
    rows = np.nonzero(is_free)[0].tolist()
    for row, cell, time in zip(rows, cells[is_free].tolist(), moved[is_free].tolist(), strict=True):
        if len(found[row]) < attempts and _is_clear_of_neighbours(taken, cell, time, line.apart_seconds):
            taken[cell] = time
            found[row].append(time)
    return dict(zip(usable[:count].tolist(), map(tuple, found), strict=True))


def _moved_on(windows: Windows, stamps: Seconds) -> Seconds:
    """Return a row for each clip: its timestamp moved on by 1, 2, ... steps, wrapping."""
    duration = windows.line.duration_seconds
    step = windows.retries.step_seconds(duration)
    turns = np.arange(1, 2 * max(1, windows.retries.attempts) + 1)
    moved: Seconds = np.mod(stamps[:, np.newaxis] + turns * step, duration)
    return moved


def _is_free(windows: Windows, moved: Seconds, first: Seconds) -> Mask:
    """Tell which retry windows lie inside, outside the trim and clear of the first windows to avoid."""
    line, regular = windows.line, windows.capacity
    is_free = _is_inside(line, moved) & _is_untrimmed(line, moved) & _is_on_its_side(line, moved, first)
    is_free[:regular] &= _is_clear(moved[:regular], first[:regular], line.apart_seconds)
    is_free[regular:] &= _is_clear(moved[regular:], first, line.apart_seconds)
    return is_free


def _is_on_its_side(line: Timeline, moved: Seconds, first: Seconds) -> Mask:
    """Tell which retry windows lie where their first one does: inside the block, or clear of it."""
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


def _first_windows(line: Timeline, clips: npt.NDArray[np.int64]) -> Seconds:
    """Return where the first windows of some clips are."""
    return _placed(line, _timestamps_of(clips, line.duration_seconds))


def _timestamps_of(clips: npt.NDArray[np.int64], duration_seconds: float) -> Seconds:
    # The same operations on the same doubles as `timestamp`, hence the same bits.
    times: Seconds = np.mod((clips + 0.5) * GOLDEN, 1.0) * duration_seconds
    return times


def _placed(line: Timeline, times: Seconds) -> Seconds:
    """Return the times of the windows for some timestamps: themselves, or the nearest start of each."""
    if line.starts_seconds is None:
        return times
    starts = np.array(line.starts_seconds)
    after = np.searchsorted(starts, times)
    earlier, later = starts[np.maximum(after - 1, 0)], starts[np.minimum(after, starts.size - 1)]
    placed: Seconds = np.where(times - earlier <= later - times, earlier, later)
    return placed


def _is_inside(line: Timeline, times: Seconds) -> Mask:
    frames = math.floor(line.duration_seconds / line.frame_seconds + 0.5)
    place = times / line.frame_seconds
    return (place >= line.frames_before - 0.5) & (place < frames - line.frames_after - 0.5)


def _is_untrimmed(line: Timeline, times: Seconds) -> Mask:
    """Tell which windows have no frame in a trimmed part, wherever their frames lie to half a frame."""
    first, last = _edges(line, times)
    is_after_start = first >= line.start_seconds if line.start_seconds > 0 else np.True_
    is_before_end = last <= line.end_seconds if line.end_seconds < line.duration_seconds else np.True_
    is_clear = _is_clear_of_gaps(line, first, last) if line.gaps_seconds else np.True_
    return np.broadcast_to(is_after_start & is_before_end & is_clear, times.shape)


def _is_clear_of_gaps(line: Timeline, first: Seconds, last: Seconds) -> Mask:
    """Tell which windows end before the first gap that is not over when they begin."""
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
    """Return where windows begin and end at most, wherever their frames lie to half a frame."""
    return (
        times - (line.frames_before + 0.5) * line.frame_seconds,
        times + (line.frames_after + 1.5) * line.frame_seconds,
    )


def _not_overlapping(line: Timeline, times: Seconds, clips: npt.NDArray[np.int64]) -> Iterator[int]:
    """Yield, in order, the clips whose windows overlap no earlier one.

    Cells are as wide as windows must be apart, so only the two beside a timestamp's can be too near.
    """
    apart = line.apart_seconds
    taken: dict[int, float] = {}
    for clip, time in zip(clips.tolist(), times[clips].tolist(), strict=True):
        cell = int(time // apart)
        if _is_clear_of_neighbours(taken, cell, time, apart):
            taken[cell] = time
            yield clip
