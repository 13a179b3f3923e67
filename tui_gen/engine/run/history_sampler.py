"""Samples the history of a run: turns the latest measurements of the engine into readings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import History, Reading, Values
from tui_gen.engine.storage.recorder import Recorder

MOST_SECONDS = 30.0
"""Of a longer time without a sample (a suspended machine, a disk that hangs), nothing is known."""


def steady_seconds() -> float:
    """Return the seconds since the machine was started, including those while it was suspended.

    No user sets this clock, and all programs of the machine read the same time.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    patches: int
    system: ev.SystemMeasured | None
    disk: ev.DiskMeasured | None


class HistorySampler:
    """Takes a sample after each measurement of the machine."""

    def __init__(
        self, history: History, recorder: Recorder, clock: Callable[[], float] = steady_seconds
    ) -> None:
        """Add readings of `recorder`'s run to `history`."""
        self._history, self._recorder, self._clock = history, recorder, clock
        self._before: _Sample | None = None

    def sample(self) -> None:
        """Add what was measured since the last sample. The first sample is only where the next one begins."""
        state = self._recorder.state
        now = _Sample(self._clock(), self._recorder.patches_written, state.system, state.disk)
        before, self._before = self._before, now
        if before is None or not 0 < now.at - before.at <= MOST_SECONDS:
            return
        seconds = now.at - before.at
        self._history.take(Reading(now.at, seconds, _values(before, now, seconds)))


def _values(before: _Sample, now: _Sample, seconds: float) -> Values:
    """Return the values of a reading. A measurement that is not newer than `before` has failed since."""
    pace = (now.patches - before.patches) / seconds * 60
    system = now.system if now.system is not before.system else None
    free = now.disk.free_bytes if now.disk is not None and now.disk is not before.disk else None
    if system is None:
        return Values(patches_per_minute=pace, free_bytes=free)
    cores = system.cpu_percents
    return Values(
        patches_per_minute=pace,
        cpu_share=sum(cores) / len(cores) / 100 if cores else None,
        read_bytes_per_second=system.read_bytes_per_second,
        write_bytes_per_second=system.write_bytes_per_second,
        free_bytes=free,
    )
