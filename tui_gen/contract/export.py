"""What `export` asks of a job: the same patches in another layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tui_gen.engine.model.stage_records import SourceRecord


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be exported, and where to. An empty set stands for everything."""

    layout: str
    folder: Path
    categories: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    splits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExportedTree:
    """One part of an export: the patches of one category, format and part of the dataset."""

    folder: str  # relative to the export
    category: str
    format: str
    split: str
    patches: int


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that was written."""

    folder: Path
    trees: tuple[ExportedTree, ...]
    left_out: Mapping[str, int]  # why patches were left out on purpose, and how many
    damaged: tuple[str, ...]  # files that are missing or do not decode, a line each
    notes: tuple[str, ...] = ()


class Exporter(Protocol):
    """Writes a dataset in another layout."""

    def export(
        self,
        records: Mapping[str, SourceRecord],
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
    ) -> Exported:
        """Write an export; tell `on_done` how many patches are written, and of how many.

        Raises RefusedError, OSError.
        """
        ...
