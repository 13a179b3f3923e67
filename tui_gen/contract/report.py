"""What `report` and `stats` ask of a job: the plan as the ledger alone knows it, and sections of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord


class Planner(Protocol):
    """Plans by what the ledger records, without opening a source."""

    def expected(self, records: Mapping[str, SourceRecord], at: float) -> ev.StagePlanned:
        """Return what is wanted of the sources, by what the records know. Raises RefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A section of a report: what a job tells besides the numbers of all jobs. Texts may be untrusted."""

    title: str
    text: str = ""
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()  # as many cells as headings
    words: int = 1  # the first columns hold words, the others numbers
    is_detail: bool = False  # only the page shows the section, and no summary


class Describer(Protocol):
    """Describes what was made."""

    def sections(self, records: Mapping[str, SourceRecord]) -> Sequence[ReportSection]:
        """Return the sections, in order. Raises OSError."""
        ...
