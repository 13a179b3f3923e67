"""What `check` asks of a job: how the tools and every source are, before a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Learned, Unusable

Level = Literal["good", "unknown", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a run needs of the machine, and how it is. A run with a wrong one does not go well."""

    what: str  # "ffmpeg"
    level: Level
    says: str  # what was found and, unless it is good, what to do


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table of inspected sources."""

    title: str
    is_number: bool = False
    is_wide: bool = False  # a narrow table has no such column: its cells are written below the row
    most_cells: int | None = None  # where the table is narrow
    note: str = ""  # written once below the table


@dataclass(frozen=True, slots=True)
class Inspected:
    """The result of inspecting one source."""

    source: str
    name: str
    path: str
    state: Literal["good", "flawed", "unusable", "missing", "left out"]
    reason: str = ""  # why the source cannot be used, or what is wrong with it
    cells: Mapping[str, str] = field(default_factory=dict)  # by title of the column
    remarks: tuple[str, ...] = ()
    record: JsonObject = field(default_factory=dict)  # all that is known, for scripts
    seconds_per_clip: float | None = None  # estimated processor time
    # Sources of one group that are alike share a row of the table, which has this name. "": a row of its own.
    group: str = ""
    # What a run would have learned, with the stage in which it would have learned it.
    learned: tuple[tuple[str, Learned | Unusable], ...] = ()


class Inspection(Protocol):
    """The tools and sources of a configuration, ready to be inspected. Nothing is written."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns of the table of sources, besides the names."""
        ...

    @property
    def conditions(self) -> Sequence[Condition]:
        """How the tools and the output folder are."""
        ...

    @property
    def recipe(self) -> JsonObject | None:
        """What decides the bytes; None without fit tools."""
        ...

    @property
    def legacy_recipe(self) -> JsonObject:
        """As of the job."""
        ...

    @property
    def found(self) -> Sequence[ev.Event]:
        """What a run records before its work begins: identities, missing files."""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """The ids, in the order of the configuration."""
        ...

    async def look(self, source: str) -> Inspected:
        """Inspect one source. Cancelling ends its child processes."""
        ...

    def planned(self, records: Mapping[str, SourceRecord], at: float) -> ev.StagePlanned:
        """Plan what a run would make."""
        ...


class Inspector(Protocol):
    """Prepares an inspection."""

    def inspection(self, records: Mapping[str, SourceRecord]) -> Inspection:
        """Prepare to inspect everything. Raises RefusedError if two sources cannot be told apart."""
        ...
