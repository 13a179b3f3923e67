"""Chooses the frames of a clip if frames that repeat a picture do not count.

    shown    a a b b b c c d d d e e f f f g ...    all frames within reach of the target
    firsts     ^     ^   ^     ^                    those that do not repeat the first before them
                           target                   the picture shown there is the middle one

Each frame is compared with the last frame that counts, not with its neighbour, so no frame of a clip repeats
the one before it, even if the picture changes slowly. The first frame within reach does not count, because
its picture may begin earlier; a key frame at which a clip begins does count.

Guards: the choice depends only on the decoded luma within reach, so both ways of reading choose the same.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np

from tui_gen.jobs.superres.clip_shape import Reach, WindowShape
from tui_gen.jobs.superres.extraction.reading.luma import Luma, LumaPlane, repeats
from tui_gen.jobs.superres.extraction.reading.window import Span, nearest
from tui_gen.media.geometry import Size

TOO_FEW_DIFFERENT = "too few different frames around it"
"""The reason for a window that can be decoded, but whose picture does not change for too long."""


def span_within(reach: Reach, target_seconds: float) -> Span:
    """Return the span of the frames to compare."""
    return Span(target_seconds - reach.before_seconds, target_seconds + reach.after_seconds)


def chosen_different(
    pts: Sequence[float], firsts: Sequence[int], target_seconds: float, window: WindowShape
) -> list[int]:
    """Return the positions of a clip's frames among the compared frames; empty if there are too few.

    `firsts` are the positions of the frames that count so far, ascending. The step of a clip counts these
    frames.
    """
    begun = list(firsts) if not window.anchor else [position for position in firsts if position]
    first = bisect_right(begun, nearest(pts, target_seconds)) - 1 - window.anchor
    is_whole = 0 <= first <= len(begun) - window.frames
    return begun[first : first + window.frames : window.step] if is_whole else []


def is_ascending(pts: Sequence[float]) -> bool:
    """Return whether every frame is shown after the one before."""
    return all(after > before for before, after in pairwise(pts))


@dataclass(slots=True)
class Walk:
    """Compares frames in order and decides which of them count."""

    bit_depth: int
    firsts: list[int] = field(default_factory=list)
    count: int = 0
    _last: Luma | None = None  # the last frame that counts

    def take(self, luma: Luma) -> bool:
        """Process the next frame, (height, width); return whether it counts. A frame that counts is kept."""
        last, position = self._last, self.count
        self.count += 1
        if last is not None and repeats(last, luma, depth=self.bit_depth, block_difference=0.0):
            return False
        self._last = luma
        self.firsts.append(position)
        return True


class WalkSink:
    """A sink for luma frames that compares them as they arrive; it holds two frames at any time."""

    def __init__(self, size: Size, plane: LumaPlane) -> None:
        """Prepare for frames of one size."""
        self._frames = [np.empty((size.height, size.width), plane.dtype) for _ in range(2)]
        self._filled = 0
        self.walk = Walk(plane.bit_depth)

    def has_taken(self, frames: int) -> bool:
        """Return whether exactly this number of frames arrived."""
        return not self._filled and self.walk.count == frames

    def take(self, descriptor: int) -> int:
        """Read the rest of a frame, or a part of it, from the descriptor; return the number of bytes."""
        frame = self._frames[0]
        room = memoryview(frame.data).cast("B")[self._filled :]
        count = os.readv(descriptor, [room])
        self._filled += count
        if count == len(room):
            self._filled = 0
            if self.walk.take(frame):
                self._frames.reverse()  # the frame is kept; the frame kept before is free
        return count


@dataclass(frozen=True, slots=True)
class Picked:
    """Some frames of a span, each selected by its own short span."""

    spans: tuple[Span, ...]
    step: ClassVar[int] = 1  # all of them are taken

    @property
    def start_seconds(self) -> float:
        """The begin of the first span."""
        return self.spans[0].start_seconds

    @property
    def filters(self) -> str:
        """The filters of ffmpeg that pass exactly these frames and end the reading soon after the last."""
        *_, last = self.spans
        end = last.end_seconds + (last.end_seconds - last.start_seconds) / 2
        return f"trim=end={end:.6f},select='{'+'.join(span.condition for span in self.spans)}'"

    def positions(self, pts: Sequence[float]) -> list[int]:
        """Return the positions of the frames that are picked."""
        return sorted(position for span in self.spans for position in span.positions(pts))


def picked(pts: Sequence[float], positions: Sequence[int]) -> Picked:
    """Return a selection of the frames at `positions` of these ascending timestamps."""
    before = [2 * pts[0] - pts[1], *pts[:-1]]
    after = [*pts[1:], 2 * pts[-1] - pts[-2]]
    return Picked(
        tuple(Span((before[place] + pts[place]) / 2, (pts[place] + after[place]) / 2) for place in positions)
    )
