"""What `split` asks of a job: which part of the dataset each source belongs to, and moving patches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord


@dataclass(frozen=True, slots=True)
class SourcePart:
    """The part of the dataset that a source belongs to, and how many patches it gave to each part."""

    source: str
    name: str
    split: str
    group: str | None
    made: Mapping[str, int]  # by part


class Splitter(Protocol):
    """Divides the sources among training, validation and test."""

    def parts(self, records: Mapping[str, SourceRecord]) -> Sequence[SourcePart]:
        """Return the part of each source. Raises RefusedError."""
        ...

    def split_leakage(self, records: Mapping[str, SourceRecord]) -> Mapping[str, int]:
        """Return why training patches are too near to held-out ones, and how many.

        Raises RefusedError, OSError.
        """
        ...

    def suggest(self, records: Mapping[str, SourceRecord], share: float) -> Sequence[str]:
        """Return sources to hold out for validation. Raises RefusedError."""
        ...

    def choose(self, records: Mapping[str, SourceRecord], splits: Mapping[str, str]) -> None:
        """Write the parts of sources into the configuration's file. Raises RefusedError, OSError."""
        ...

    def move(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move patches to the parts of their sources; yield what is to be recorded of each source.

        No engine may be running. Raises RefusedError, OSError.
        """
        ...


class NearDuplicates(Protocol):
    """Keeps training patches that are near duplicates of held-out patches in folders of their own.

    The end of a run, `verify`, `report` and `check` use it, too.
    """

    def count(self, records: Mapping[str, SourceRecord]) -> int:
        """Return how many patches `move` would move. Raises OSError."""
        ...

    def move(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move near duplicates out of the training folders, and those that no longer are one back.

        Yields what is to be recorded of each source. No engine may be running. Raises OSError.
        """
        ...
