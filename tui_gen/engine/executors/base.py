"""What the scheduler asks of the machines that perform units: the one seam between planning and performing.

    Scheduler ── place ──> machine ── perform ──> reports ──> Worker
                                          └─ MachineLostError: the unit goes back to its queue

Invariant: an executor decides nothing about a unit. It neither retries a unit nor reports an outcome that
the unit itself did not report.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Protocol

from tui_gen.engine.model.work import Report, Stage, Unit


class MachineLostError(Exception):
    """The machine or process that performed a unit is gone. No clip and no source is to blame."""

    def __init__(self, reason: str, *, was_at_work: bool = True) -> None:
        """Keep the reason, and whether the machine was performing the unit when it was lost."""
        super().__init__(reason)
        self.was_at_work = was_at_work


class Executor(Protocol):
    """Runs units somewhere and brings back what they report."""

    def place(self, in_hand: Mapping[str, int], source: str) -> str | None:
        """Return the machine for the next unit of a source, or None where none has room.

        `in_hand` is the number of units that each machine performs now.
        """
        ...

    def target(self, machine: str) -> int:
        """Return how many units a machine performs at once, at most."""
        ...

    def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit. Closing the generator ends the work and everything started for the unit.

        Nothing is performed beyond one clip while the generator is not pulled. Raises MachineLostError.
        """
        ...

    async def sees(self, path: str) -> bool:
        """Return whether a path exists on a machine that may perform units."""
        ...

    def on_change(self, call: Callable[[], None]) -> None:
        """Call `call` whenever `place` may answer otherwise than before."""
        ...
