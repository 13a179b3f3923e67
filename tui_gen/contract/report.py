"""What `report` and `stats` ask of a job: the plan as the ledger alone knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord


class Planner(Protocol):
    """Plans by what the ledger records, without opening a source."""

    def expected(self, records: Mapping[str, SourceRecord], at: float) -> ev.StagePlanned:
        """Return what is wanted of the sources, by what the records know. Raises RefusedError."""
        ...
