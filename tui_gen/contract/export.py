"""What `export` asks of a job: the same patches in another layout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Protocol

from tui_gen.base.errors import RefusedError
from tui_gen.engine.model.stage_records import SourceRecord


@dataclass(frozen=True, slots=True)
class ExportForm:
    """How a layout is to be written. The default of each flag leaves that to the layout."""

    merge: bool = False  # one tree for all categories and formats
    crop: int | None = None  # side of square sub-patches, in pixels of the larger picture
    stride: int | None = None  # from one sub-patch to the next; None: `crop`
    kinds: tuple[str, ...] = ()  # of files; empty: all
    tiles: bool = False  # the frames of a stack as files of their own
    embed: bool = False  # the pictures in the table
    shard_mb: int | None = None  # the most megabytes of a shard
    job_options: tuple[tuple[str, str], ...] = ()  # name and value of options that only one job has

    @property
    def flags(self) -> Iterator[str]:
        """Yield the flags that were given, as on the command line."""
        for each in fields(self):
            if each.name != "job_options" and getattr(self, each.name) != each.default:
                yield f"--{each.name.replace('_', '-')}"
        yield from (f"--{name}" for name, _ in self.job_options)

    def refuse_other_than(self, known: Collection[str], what: str) -> None:
        """Raise RefusedError if a flag was given that `what` does not know."""
        for flag in self.flags:
            if flag not in known:
                listed = ", ".join(sorted(known)) or "none of them"
                message = f"{what} cannot be written with {flag}; of these flags it knows: {listed}"
                raise RefusedError(message)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be exported, and where to. An empty set stands for everything."""

    layout: str
    folder: Path
    categories: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    splits: frozenset[str] = frozenset()
    form: ExportForm = field(default_factory=ExportForm)


@dataclass(frozen=True, slots=True)
class LayoutLine:
    """One layout of a job, for lists of all of them."""

    name: str
    text: str


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
        on_note: Callable[[str], None],
    ) -> Exported:
        """Write an export; tell `on_done` how many patches are written, and of how many.

        `on_note` gets what a user should know before the first file is written.

        Raises RefusedError, OSError.
        """
        ...
