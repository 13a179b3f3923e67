"""Where a unit runs: here, in this process and its children. A cluster would be another of these."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from tui_gen.engine.model.work import Report, Stage, Unit


class Executor(Protocol):
    """Runs units somewhere and brings back what they report."""

    def perform(self, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Do the unit. Closing the generator ends the work and everything started for it."""
        ...


class LocalExecutor:
    """Runs units in the engine's own loop; the job starts its decoders as children."""

    def perform(self, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Do the unit here."""
        return stage.perform(unit)
