"""The clock of a run: wall time for events, and a monotonic clock to detect steps of wall time.

Times of events are wall time, so they agree with the user's clock. Durations are differences of these times.
A step of the wall clock (the clock was set, or the machine was suspended) would be part of them. A step is
therefore an event: `ClockStepped` removes it from every duration.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_STEP_SECONDS = 1.0
"""The smallest step that is reported; smaller steps are summed up until the sum is this large."""
_MOST_BETWEEN_SECONDS = 0.1
_TRIES = 10


class RunClock:
    """Wall time, and its steps against the monotonic clock."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without a step. The parameters are clocks in seconds."""
        self._wall, self._steady = wall, steady
        self._offset = self._measure()

    def now(self) -> float:
        """Return the wall time in seconds since the epoch."""
        return self._wall()

    def take_step(self) -> float:
        """Return the step of wall time in seconds since the last step that was returned, or 0."""
        offset = self._measure()
        step = offset - self._offset
        if abs(step) < LEAST_STEP_SECONDS:
            return 0.0
        self._offset = offset
        return step

    def _measure(self) -> float:
        """Return wall time minus monotonic time, read within a short time of each other."""
        for _ in range(_TRIES):
            before, wall, after = self._steady(), self._wall(), self._steady()
            if after - before < _MOST_BETWEEN_SECONDS:
                break
        return wall - after
