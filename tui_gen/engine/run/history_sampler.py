"""Samples the history of a run: turns the latest measurements of the engine into readings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import History, Reading, Values
from tui_gen.engine.model.state import RunState

MOST_SECONDS = 30.0
"""Of a longer time without a sample (a suspended machine, a disk that hangs), nothing is known."""


def steady_seconds() -> float:
    """Return the seconds since the machine was started, including those while it was suspended.

    No user sets this clock, and all programs of the machine read the same time.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def wall_offset() -> float:
    """Return wall time minus `steady_seconds`, in whole seconds: the same each time while no clock is set."""
    return float(round(time.time() - steady_seconds()))


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    patches: int
    system: ev.SystemMeasured | None
    disk: ev.DiskMeasured | None


class HistorySampler:
    """Takes a sample after each measurement of the machine."""

    def __init__(self, history: History, clock: Callable[[], float] = steady_seconds) -> None:
        """Add readings to `history`. `clock` is in seconds and must never be set."""
        self._history, self._clock = history, clock
        self._before: _Sample | None = None

    def sample(self, state: RunState, patches: int) -> None:
        """Add what was measured since the last sample; `patches` is the number of patches so far.

        The first sample is only where the next one begins.
        """
        now = _Sample(self._clock(), patches, state.system, state.disk)
        before, self._before = self._before, now
        if before is None or not 0 < now.at - before.at <= MOST_SECONDS:
            return
        seconds = now.at - before.at
        self._history.take(Reading(now.at, seconds, _values(before, now, seconds)))


def _values(before: _Sample, now: _Sample, seconds: float) -> Values:
    """Return the values of a reading. A measurement that is the same as `before` has failed since."""
    made = now.patches - before.patches  # less than none: patches were taken away, and nobody knows how many
    pace = made / seconds * 60 if made >= 0 else None
    free = now.disk.free_bytes if now.disk is not None and now.disk != before.disk else None
    if now.system is None or now.system == before.system:
        return Values(patches_per_minute=pace, free_bytes=free)
    return Values(
        patches_per_minute=pace,
        cpu_share=now.system.cpu_share,
        read_bytes_per_second=now.system.read_bytes_per_second,
        write_bytes_per_second=now.system.write_bytes_per_second,
        free_bytes=free,
    )
