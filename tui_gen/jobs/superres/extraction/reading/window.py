"""Finds the frames of a clip, and decides whether the decoded frames can be trusted. Pure.

    pts    ... | a  b  c  M  d  e  f | ...      M: the frame nearest the target, ties to the earlier
               ^ start               ^ end      a Span lies midway between frames

M is the middle frame of the clip, or the first if clips begin at key frames: the `anchor`. A window has all
frames of the film from the first frame of the clip to the last, also those that the clip leaves out.
Times are those of the container, in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from tui_gen.jobs.superres.clip_shape import USUAL_WINDOW, WindowShape

if TYPE_CHECKING:
    from tui_gen.media.decoding.frame_log import FrameLog
    from tui_gen.media.film_facts import ProbeFacts

ROUNDING_SECONDS = 1e-6
# The decoder's lines and the filters' lines come from two threads: up to this number of frames may be
# reported between the damage and the line about it.
SLACK_FRAMES = 24
BWDIF_LEAD_FRAMES = 2
SLACK_DISTANCES = 2
"""A window may miss two frames, as where some were dropped."""


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range of time from which frames are taken."""

    start_seconds: float
    end_seconds: float
    frames: int = USUAL_WINDOW.frames  # about as many are in it
    step: int = 1  # the distance of the frames that are taken, from the first on

    @property
    def filters(self) -> str:
        """The filters of ffmpeg that pass the frames to take and end the reading soon after the span.

        `trim` ends the reading, but rounds to the track's ticks, which may be whole frames; `select` compares
        in the same way as `positions`.
        """
        half_frame = (self.end_seconds - self.start_seconds) / self.frames / 2
        chosen = f"select='{self.condition}'"
        if self.step > 1:
            chosen += f",select='not(mod(n,{self.step}))'"
        return f"trim=end={self.end_seconds + half_frame:.6f},{chosen}"

    @property
    def condition(self) -> str:
        """The condition of `select` for a frame of the span."""
        return f"gte(t,{self.start_seconds:.6f})*lt(t,{self.end_seconds:.6f})"

    def positions(self, pts: Sequence[float]) -> list[int]:
        """Return the positions of the frames that are in the span."""
        start, end = float(f"{self.start_seconds:.6f}"), float(f"{self.end_seconds:.6f}")
        return [i for i, time in enumerate(pts) if start <= time < end]


class Selection(Protocol):
    """A selection of the frames to read."""

    @property
    def start_seconds(self) -> float:
        """A time before which no selected frame is."""
        ...

    def positions(self, pts: Sequence[float]) -> list[int]:
        """Return the positions of the selected frames, and of those between them."""
        ...


def expected_span(target_seconds: float, frame_seconds: float, window: WindowShape = USUAL_WINDOW) -> Span:
    """Return the span of a window's frames at a constant rate."""
    start_seconds = target_seconds - (window.anchor + 0.5) * frame_seconds
    return Span(start_seconds, start_seconds + window.frames * frame_seconds, window.frames, window.step)


def nearest(pts: Sequence[float], target_seconds: float) -> int:
    """Return the position of the frame nearest to the target."""
    return min(range(len(pts)), key=lambda i: (round(abs(pts[i] - target_seconds), 6), i))


def exact_span(
    pts: Sequence[float], target_seconds: float, window: WindowShape = USUAL_WINDOW
) -> Span | None:
    """Return the span of the frames around the nearest frame, or None if one of them is missing."""
    if len(pts) < window.frames or begins_too_late(pts, target_seconds, window):
        return None
    first = nearest(pts, target_seconds) - window.anchor
    last = first + window.frames - 1
    if last >= len(pts):
        return None
    before = pts[first - 1] if first else 2 * pts[first] - pts[first + 1]
    after = pts[last + 1] if last + 1 < len(pts) else 2 * pts[last] - pts[last - 1]
    return Span((before + pts[first]) / 2, (pts[last] + after) / 2, window.frames, window.step)


def is_centred(pts: Sequence[float], target_seconds: float, window: WindowShape = USUAL_WINDOW) -> bool:
    """Return whether these are all frames of a window, with the nearest to the target at the anchor."""
    distances = [abs(time - target_seconds) for time in pts]
    is_ascending = all(after > before for before, after in pairwise(pts))
    if len(pts) != window.frames or not is_ascending:
        return False
    return distances[window.anchor] <= min(distances) + ROUNDING_SECONDS


def is_near(pts: Sequence[float], target_seconds: float, most_seconds: float | None) -> bool:
    """Return whether a window's frames are no farther from its target than planning left room for."""
    return most_seconds is None or all(
        abs(time - target_seconds) <= most_seconds + ROUNDING_SECONDS for time in pts
    )


def most_seconds_of(probe: ProbeFacts, window: WindowShape) -> float | None:
    """Return how far from its target a frame of a window may be; None: as far as it is.

    Windows are planned as if the rate were constant. Where it is not, windows share frames, unless they are
    planned by the timestamps of all frames.
    """
    if probe.frame_seconds is None or probe.frame_times is not None:
        return None
    return (max(window.anchor, window.after) + SLACK_DISTANCES) * probe.frame_seconds


def is_run(positions: Sequence[int]) -> bool:
    """Return whether the positions are consecutive; they are not if timestamps are out of order."""
    return all(after == before + 1 for before, after in pairwise(positions))


def has_sound_entry(log: FrameLog, span: Selection, *, lead_frames: int = 0) -> bool:
    """Return whether decoding began at a key frame early enough for every frame of the span.

    Frames shown before the first key frame may refer to pictures that were never decoded. Without a frame
    shown before the span, it is unknown whether the span's first frame was decoded.
    """
    before = [frame for frame in log.frames if frame.pts_seconds < span.start_seconds]
    return any(frame.is_key for frame in before[: max(0, len(before) - lead_frames)])


def is_damaged(log: FrameLog, span: Selection) -> bool:
    """Return whether the decoder reported an error in the span, or up to SLACK_FRAMES before it.

    Errors right after a seek concern frames before the key frame, which no window contains.
    """
    inside = span.positions([frame.pts_seconds for frame in log.frames])
    first = inside[0] if inside else 0
    return any(shown > first - SLACK_FRAMES for shown, _ in log.damage)


def begins_too_late(pts: Sequence[float], target_seconds: float, window: WindowShape = USUAL_WINDOW) -> bool:
    """Return whether frames before the target are missing, so that decoding must begin earlier."""
    if not pts or pts[0] > target_seconds + ROUNDING_SECONDS:
        return True  # an earlier frame may be nearer
    return nearest(pts, target_seconds) < window.anchor


def frames_around(pts: Sequence[float], target_seconds: float, window: WindowShape = USUAL_WINDOW) -> int:
    """Return the number of existing frames among those of the window around the target."""
    if not pts:
        return 0
    first = nearest(pts, target_seconds) - window.anchor
    return len(pts[max(0, first) : first + window.frames])
