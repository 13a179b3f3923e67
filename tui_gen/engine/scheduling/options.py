"""What a run is asked for, and what it may use of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from tui_gen.config.run_config import USUAL_WORKER_BYTES
from tui_gen.processes.machine_memory import Memory, machine_memory


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine on which the workers run."""

    cores: int = field(default_factory=_cores)  # that this process may use
    memory: Callable[[], Memory] = machine_memory  # called at most once a second, on the event loop
    worker_bytes: int = USUAL_WORKER_BYTES  # memory of one worker, by the job's estimate


@dataclass(frozen=True, slots=True)
class Options:
    """The differences of this run from a complete run."""

    workers: int
    limit: int | None = None  # end after this number of clips
    only: frozenset[str] | None = None  # work only on these sources
    open_sources: int | None = None  # at most so many sources are read at once
    machine: Machine = field(default_factory=Machine)
