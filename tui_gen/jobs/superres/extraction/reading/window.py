"""Which seven frames make a clip, and whether what was decoded can be trusted. Pure.

    pts    ... | a  b  c  M  d  e  f | ...      M: the frame nearest the target, ties to the earlier
               ^ start               ^ end      a Span lies midway between frames

It is the middle one of the seven, or the first where clips begin at key frames: the `anchor`.
Times are the container's own, in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from tui_gen.jobs.superres.units import CLIP_FRAMES, MIDDLE
from tui_gen.media.decoding.frame_log import FrameLog

ROUNDING_SECONDS = 1e-6
# Lines of the decoder and lines of the filters come from two threads: so many frames may lie between
# the damage and the line that tells of it.
SLACK_FRAMES = 24
BWDIF_LEAD_FRAMES = 2


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open stretch of time from which frames are taken."""

    start_seconds: float
    end_seconds: float

    @property
    def filters(self) -> str:
        """The filters that let exactly its frames through and end the reading soon after it.

        `trim` ends the reading but rounds to the track's ticks, which may be whole frames; `select`
        compares as `positions` does.
        """
        half_frame = (self.end_seconds - self.start_seconds) / CLIP_FRAMES / 2
        return f"trim=end={self.end_seconds + half_frame:.6f},select='{self.condition}'"

    @property
    def condition(self) -> str:
        """What `select` asks of a frame."""
        return f"gte(t,{self.start_seconds:.6f})*lt(t,{self.end_seconds:.6f})"

    def positions(self, pts: Sequence[float]) -> list[int]:
        """Return which of the frames lie in it."""
        start, end = float(f"{self.start_seconds:.6f}"), float(f"{self.end_seconds:.6f}")
        return [i for i, time in enumerate(pts) if start <= time < end]


class Selection(Protocol):
    """What tells the frames to be read from the others."""

    @property
    def start_seconds(self) -> float:
        """Before what none of them lies."""
        ...

    def positions(self, pts: Sequence[float]) -> list[int]:
        """Return which of the frames they are."""
        ...


def expected_span(target_seconds: float, frame_seconds: float, anchor: int = MIDDLE) -> Span:
    """Return where the seven frames lie if the rate is constant."""
    start_seconds = target_seconds - (anchor + 0.5) * frame_seconds
    return Span(start_seconds, start_seconds + CLIP_FRAMES * frame_seconds)


def nearest(pts: Sequence[float], target_seconds: float) -> int:
    """Return the position of the frame nearest the target."""
    return min(range(len(pts)), key=lambda i: (round(abs(pts[i] - target_seconds), 6), i))


def exact_span(pts: Sequence[float], target_seconds: float, anchor: int = MIDDLE) -> Span | None:
    """Return the span of the seven frames around the nearest one, or None where one is not seen."""
    if len(pts) < CLIP_FRAMES or begins_too_late(pts, target_seconds, anchor):
        return None
    first = nearest(pts, target_seconds) - anchor
    last = first + CLIP_FRAMES - 1
    if last >= len(pts):
        return None
    before = pts[first - 1] if first else 2 * pts[first] - pts[first + 1]
    after = pts[last + 1] if last + 1 < len(pts) else 2 * pts[last] - pts[last - 1]
    return Span((before + pts[first]) / 2, (pts[last] + after) / 2)


def is_centred(pts: Sequence[float], target_seconds: float, anchor: int = MIDDLE) -> bool:
    """Return whether seven frames in ascending order have the one nearest the target at their anchor."""
    distances = [abs(time - target_seconds) for time in pts]
    is_ascending = all(after > before for before, after in pairwise(pts))
    return len(pts) == CLIP_FRAMES and is_ascending and distances[anchor] <= min(distances) + ROUNDING_SECONDS


def is_run(positions: Sequence[int]) -> bool:
    """Return whether the positions follow one another, as they do unless timestamps are out of order."""
    return all(after == before + 1 for before, after in pairwise(positions))


def has_sound_entry(log: FrameLog, span: Selection, *, lead_frames: int = 0) -> bool:
    """Return whether decoding began at a key frame early enough for every frame of the span.

    Frames shown before the first key frame may refer to pictures that were never decoded, and without
    a frame shown before the span there is no telling whether its first one was met.
    """
    before = [frame for frame in log.frames if frame.pts_seconds < span.start_seconds]
    return any(frame.is_key for frame in before[: max(0, len(before) - lead_frames)])


def is_damaged(log: FrameLog, span: Selection) -> bool:
    """Return whether the decoder complained anywhere near the span: before it by the slack, or in it.

    Errors right after a seek concern frames before the key frame, which no window contains.
    """
    inside = span.positions([frame.pts_seconds for frame in log.frames])
    first = inside[0] if inside else 0
    return any(shown > first - SLACK_FRAMES for shown, _ in log.damage)


def begins_too_late(pts: Sequence[float], target_seconds: float, anchor: int = MIDDLE) -> bool:
    """Return whether frames up to the target are missing, so that decoding must begin earlier."""
    if not pts or pts[0] > target_seconds + ROUNDING_SECONDS:
        return True  # an earlier frame may be nearer
    return nearest(pts, target_seconds) < anchor


def frames_around(pts: Sequence[float], target_seconds: float, anchor: int = MIDDLE) -> int:
    """Return how many of the seven frames around the target exist."""
    if not pts:
        return 0
    first = nearest(pts, target_seconds) - anchor
    return len(pts[max(0, first) : first + CLIP_FRAMES])
