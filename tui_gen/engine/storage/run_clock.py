"""The clock of a run: wall time says when something happened, a monotonic clock says how far wall time moved.

Times of events are wall time, so that they are what a user's clock showed. Durations are differences of
such times. A step of the wall clock (it was set, or the machine was suspended) would be in them, and is
therefore an event of its own: `ClockStepped` takes it out of every duration.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_STEP_SECONDS = 1.0
"""Smaller steps wait until they add up to this: a reader does not see them."""
_MOST_BETWEEN_SECONDS = 0.1
_TRIES = 10


class RunClock:
    """Wall time, and by how much it has moved against the time in which this machine ran."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with no step."""
        self._wall, self._steady = wall, steady
        self._offset = self._measure()

    def now(self) -> float:
        """Return the wall time in seconds since the epoch."""
        return self._wall()

    def take_step(self) -> float:
        """Return by how many seconds wall time has stepped since this was asked last, or 0."""
        offset = self._measure()
        step = offset - self._offset
        if abs(step) < LEAST_STEP_SECONDS:
            return 0.0
        self._offset = offset
        return step

    def _measure(self) -> float:
        """Return wall time less monotonic time, read so close together that no pause lies between."""
        for _ in range(_TRIES):
            before, wall, after = self._steady(), self._wall(), self._steady()
            if after - before < _MOST_BETWEEN_SECONDS:
                break
        return wall - after
