"""The interface between the scheduler and the machines that perform units.

    Scheduler ── place ──> machine ── perform ──> reports ──> Worker
                                          └─ MachineLostError: the unit goes back to its queue

Invariant: an executor makes no decision about a unit. It does not retry a unit, and it reports only outcomes
that the unit reported.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tui_gen.engine.model.work import Report, Stage, Unit


class MachineLostError(Exception):
    """The machine or process that performed a unit is lost. This is no failure of a clip or a source."""

    def __init__(self, reason: str, *, was_at_work: bool = True) -> None:
        """Keep the reason, and whether the machine was performing the unit when it was lost."""
        super().__init__(reason)
        self.was_at_work = was_at_work


MachinePhase = Literal["enlisting", "running", "waiting", "silent", "lost", "refused"]
"""The state of a machine: being examined, able to work, held by an obstruction of its own, without an answer,
gone, and not suitable."""


@dataclass(frozen=True, slots=True)
class MachineChange:
    """The state of a machine has changed."""

    name: str
    phase: MachinePhase
    reason: str  # empty while running
    workers: int  # the most units at the same time
    cores: int  # 0: not known yet


@dataclass(frozen=True, slots=True)
class MachineLoad:
    """The load of a machine, measured there."""

    name: str
    cpu_percent: float
    memory_used_bytes: int
    memory_total_bytes: int


MachineNews = MachineChange | MachineLoad


class Executor(Protocol):
    """Runs units and returns their reports."""

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str | None:
        """Return the machine for the next unit of a source, or None if no machine has room.

        `in_hand` is the number of units that each machine performs now. Without a stage the unit is of one
        that every machine may perform.
        """
        ...

    def target(self, machine: str) -> int:
        """Return the most units that a machine performs at the same time."""
        ...

    def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit. Closing the generator ends the work and all processes started for the unit.

        At most one clip is performed beyond the last report read. Raises MachineLostError.
        """
        ...

    async def sees(self, path: str) -> bool:
        """Return whether a path exists on a machine that may perform units."""
        ...

    def on_change(self, call: Callable[[], None]) -> None:
        """Call `call` whenever the result of `place` may have changed."""
        ...

    @property
    def capacity(self) -> int | None:
        """The most units that all machines perform together; None: the scheduler alone limits the number."""
        ...

    def set_target(self, machine: str, workers: int) -> None:
        """Set the most units that a machine performs at the same time. Raises RefusedError if unknown."""
        ...

    def enlist_again(self) -> None:
        """Examine all refused machines once more."""
        ...

    def on_machine(self, call: Callable[[MachineNews], None]) -> None:
        """Call `call` with all changes of machines, beginning with those that happened before."""
        ...
