"""The events that are measurements of this machine, and decisions that follow from them.

A state keeps the latest event of each kind as it is. `events` lists them with all other events.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkersMeasured:
    """The memory of the workers and of the machine was measured."""

    at: float
    estimate_bytes: int  # of one worker, by the job
    available_bytes: int  # for new processes, without swapping
    total_bytes: int
    cores: int  # that this process may use
    in_use_bytes: int = 0  # private memory of all child processes
    workers: int = 0  # at work now
    most_workers: int = 0  # at once, so far
    seen_bytes: int = 0  # of one worker: the largest mean so far
    seen_count: int = 0  # measurements with workers at work


@dataclass(frozen=True, slots=True)
class WorkersHeld:
    """The number of workers that may be at work changed, or the reason why there may be no more."""

    at: float
    allowed: int
    reason: str  # empty if the requested number is allowed


@dataclass(frozen=True, slots=True)
class ScheduleApplied:
    """The schedule of the configuration set the number of workers, or was overridden by hand."""

    at: float
    workers: int  # by the schedule; 0 is a pause
    until: float | None  # the next change; None: never
    is_overridden: bool


@dataclass(frozen=True, slots=True)
class DiskMeasured:
    """The free space of the output's file system was measured."""

    at: float
    free_bytes: int
    total_bytes: int
    pauses_below_bytes: int
    free_inodes: int | None = None


@dataclass(frozen=True, slots=True)
class SystemMeasured:
    """The load of the machine was measured."""

    at: float
    cpu_percents: tuple[float, ...]  # one per core
    memory_used_bytes: int
    memory_total_bytes: int
    read_bytes_per_second: float | None
    write_bytes_per_second: float | None

    @property
    def cpu_share(self) -> float | None:
        """The mean load of the cores, from 0 to 1."""
        cores = self.cpu_percents
        return sum(cores) / len(cores) / 100 if cores else None


Latest = DiskMeasured | SystemMeasured | WorkersMeasured | WorkersHeld | ScheduleApplied
"""The events of which a state keeps the latest one as it is."""
