"""The frames of a film with a variable rate, by their real timestamps. Pure.

    index      0 1 2 3 4 5 6            7 8 9 ...        windows are kept apart by the indices of their frames
    seconds    | | | | | | |------------| | |            a window that would cross a hold is left out

The running time is divided by frames: a timestamp at a share of the duration stands for the frame at that
share of all frames, so that a hold attracts no clips.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from tui_gen.media.film_facts import ProbeFacts

HOLD_TIMES_MEDIAN = 4.0
HOLD_SECONDS = 0.5
"""A distance of two frames in a window is a hold if it is more than both."""
MOST_COMPARED = 1 << 20
"""The most distances in memory: those of long windows are many times the frames of a film."""

Seconds = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RealFrames:
    """The timestamps of all frames, in seconds from the first PTS. Compared by identity: they are many."""

    times: Seconds = field(repr=False)

    @property
    def count(self) -> int:
        """The number of frames."""
        return int(self.times.size)

    def placed(self, times: Seconds, duration_seconds: float) -> Seconds:
        """Return the frames at the same shares of all frames as `times` are of the duration."""
        at = (times * (self.count / duration_seconds)).astype(np.int64)
        placed: Seconds = self.times[np.clip(at, 0, self.count - 1)]
        return placed

    def indices(self, times: Seconds) -> Indices:
        """Return the indices of the frames nearest to some times."""
        after = np.clip(np.searchsorted(self.times, times), 1, self.count - 1)
        is_earlier = times - self.times[after - 1] <= self.times[after] - times
        found: Indices = np.where(is_earlier, after - 1, after)
        return found

    def are_whole(self, times: Seconds, before: int, after: int) -> Mask:
        """Return which windows have all their frames and cross no hold."""
        first = self.indices(times) - before
        good = _good_firsts(self, before + after)
        inside = (first >= 0) & (first < good.size)
        whole: Mask = inside & good[np.clip(first, 0, max(0, good.size - 1))] if good.size else inside
        return whole

    def edges(self, times: Seconds, before: int, after: int) -> tuple[Seconds, Seconds]:
        """Return the first and the last timestamp of windows."""
        at = self.indices(times)
        last = self.count - 1
        return self.times[np.clip(at - before, 0, last)], self.times[np.clip(at + after, 0, last)]

    def longest_window_seconds(self, frames: int) -> float:
        """Return the longest distance between the ends of windows of this number of gaps without a hold."""
        good = _good_firsts(self, frames)
        if not good.any():
            return 0.0
        return float((self.times[frames:] - self.times[:-frames])[good].max())


@lru_cache(maxsize=64)
def _good_firsts(frames: RealFrames, gaps: int) -> Mask:
    """Return for each frame whether a window of this number of gaps may begin there."""
    if frames.count <= gaps:
        return np.zeros(0, np.bool_)
    windows = sliding_window_view(np.diff(frames.times), gaps)
    rows = max(1, MOST_COMPARED // gaps)
    return np.concatenate([_without_hold(windows[at : at + rows]) for at in range(0, len(windows), rows)])


def _without_hold(windows: Seconds) -> Mask:
    limit = np.maximum(HOLD_TIMES_MEDIAN * np.median(windows, axis=1), HOLD_SECONDS)
    good: Mask = windows.max(axis=1) <= limit
    return good


def real_frames(probe: ProbeFacts) -> RealFrames | None:
    """Return the frames of a film whose rate varies; None: its rate is constant."""
    if probe.frame_times is None:
        return None
    return RealFrames(np.array(probe.frame_times.times_seconds(probe.first_pts_seconds)))
