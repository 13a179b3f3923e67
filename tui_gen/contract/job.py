"""What a job's package offers to the commands, and the values they exchange: the commands know no more.

    JobModule ── read_config ──> JobConfig ── open ──────> OpenedJob      performed by the engine
        └── scan ──> ScanFindings    ├── inspection ──> Inspection        looked at before a run
                                     └── recorded, check, sheet, export   looked at after it

Everything here is a value or a protocol; nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from tui_gen.contract.score_data import Measurements
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Clip, Job, JsonObject, Learned, Plan, Unusable

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in terminal cells: each has the colour of its upper half and that of its lower half."""

    cells: Sequence[Sequence[tuple[RGB, RGB]]]
    caption: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A patch as its ledger line tells of it."""

    clip: Clip
    category: str
    size_bytes: int
    record: JsonObject


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one file of a recorded patch."""

    patch: Recorded
    file: str  # relative to the output folder
    wrong: str  # "missing", "damaged: empty", "another content than recorded"


@dataclass(frozen=True, slots=True)
class Checked:
    """How one recorded patch was found."""

    patch: Recorded
    findings: tuple[Finding, ...]
    is_moved: bool = False  # into a validation folder


@dataclass(frozen=True, slots=True)
class SheetMade:
    """A contact sheet, drawn."""

    page: Path
    patches: int
    wrong: tuple[str, ...]  # files that are missing or damaged, a line each


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is to be looked through for sources, and what a configuration for them is to be like."""

    folders: tuple[Path, ...]
    target: Path
    may_update: bool = False  # the target may have sources already
    is_probed: bool = True  # files are opened to see how long they are
    least_seconds: float = 60.0  # shorter ones are left out
    keeps_editions: bool = False  # all copies of a source are taken, not the best alone


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A file that a scan found. All but `key`, `facts` and `why` may be changed before it is saved."""

    key: str
    name: str
    weights: tuple[tuple[str, float], ...]
    priority: int
    is_in: bool
    facts: str  # "2160p HDR 2h 46m 61.0 GB"
    why: str  # 'rule "dune"', "a trailer"; empty where there is nothing to tell


class ScanFindings(Protocol):
    """What a scan found; nothing is written yet."""

    @property
    def categories(self) -> tuple[str, ...]:
        """What sources may be weighed for."""
        ...

    @property
    def sources(self) -> tuple[FoundSource, ...]:
        """What was found and not listed before."""
        ...

    def save(self, sources: Sequence[FoundSource]) -> Sequence[str]:
        """Write a configuration; say what was done. Raises RefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Which part of the dataset a source belongs to, and how many patches it gave to each."""

    source: str
    name: str
    split: str
    group: str | None
    made: Mapping[str, int]  # by part


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
    """An export, written."""

    folder: Path
    trees: tuple[ExportedTree, ...]
    left_out: Mapping[str, int]  # why patches were left out of it on purpose, and how many
    damaged: tuple[str, ...]  # files that are missing or do not decode, a line each
    notes: tuple[str, ...] = ()


Wanted = Mapping[str, Mapping[int, frozenset[str]]]
"""Patches to be made again: source -> index of the clip -> categories."""


Level = Literal["good", "unknown", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing a run needs of the machine, and how it stands. What is wrong keeps a run from going well."""

    what: str  # "ffmpeg"
    level: Level
    says: str  # what was found and, where it is not good, what to do


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table of inspected sources."""

    title: str
    is_number: bool = False
    is_wide: bool = False  # has no column of its own where the table is narrow: it is told below
    most_cells: int | None = None  # where the table is narrow
    note: str = ""  # said once below the table


@dataclass(frozen=True, slots=True)
class Inspected:
    """What looking at one source showed."""

    source: str
    name: str
    path: str
    state: Literal["good", "flawed", "unusable", "missing", "left out"]
    reason: str = ""  # why it cannot be used, or what is wrong with it
    cells: Mapping[str, str] = field(default_factory=dict)  # by title of the column
    remarks: tuple[str, ...] = ()
    record: JsonObject = field(default_factory=dict)  # all that is known, for scripts
    seconds_per_clip: float | None = None  # estimated processor time
    # What a run would have learned, with the stage it would have learned it in.
    learned: tuple[tuple[str, Learned | Unusable], ...] = ()


class Inspection(Protocol):
    """A configuration's tools and sources, to be looked at; nothing is written."""

    @property
    def columns(self) -> Sequence[Column]:
        """Of the table of sources, beside their names."""
        ...

    @property
    def conditions(self) -> Sequence[Condition]:
        """How the tools and the output folder stand."""
        ...

    @property
    def recipe(self) -> JsonObject | None:
        """What decides bytes, or None without fit tools."""
        ...

    @property
    def legacy_recipe(self) -> JsonObject:
        """As of the job."""
        ...

    @property
    def found(self) -> Sequence[ev.Event]:
        """What a run notes before its work begins: identities, missing files."""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """The ids, in the order of the configuration."""
        ...

    async def look(self, source: str) -> Inspected:
        """Look at one source. Cancelling it ends its children."""
        ...

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan what a run would make."""
        ...


class OpenedJob(Protocol):
    """A job whose sources and tools were looked at; nothing was written yet."""

    @property
    def job(self) -> Job:
        """Ready to be performed."""
        ...

    @property
    def found(self) -> tuple[ev.Event, ...]:
        """What is to be noted before the work begins: identities, missing files, notices."""
        ...

    @property
    def tools(self) -> tuple[str, ...]:
        """Lines that say what it will work with: "ffmpeg 9.0.2 (/path)"."""
        ...

    def restricted(self, wanted: Wanted) -> OpenedJob:
        """Return the same with a job that makes these patches and does nothing else."""
        ...

    def prepare(self, records: Mapping[str, SourceRecord]) -> None:
        """Make the folders and clear what a killed run left in hand. Raises OSError."""
        ...

    def tidy(self, records: Mapping[str, SourceRecord]) -> None:
        """Leave no temporaries behind at the end. Raises OSError."""
        ...

    def follow_workers(self, count: int) -> None:
        """Be told how many workers there are, to share the processors among them."""
        ...


class JobConfig(Protocol):
    """A configuration that was read and found right."""

    @property
    def path(self) -> Path:
        """Of the configuration file, absolute."""
        ...

    @property
    def output(self) -> Path:
        """Where everything is written."""
        ...

    @property
    def run_folder(self) -> Path:
        """Where the ledger, the lock and the log lie."""
        ...

    @property
    def status_path(self) -> Path:
        """Where the status snapshot is written."""
        ...

    @property
    def min_free_bytes(self) -> int:
        """What must stay free on the output's disk."""
        ...

    @property
    def workers(self) -> int:
        """How many workers a run begins with."""
        ...

    @property
    def source_count(self) -> int:
        """How many sources it lists."""
        ...

    @property
    def category_folders(self) -> tuple[Path, ...]:
        """Where the categories' files stand."""
        ...

    @property
    def notices(self) -> Literal["none", "bell", "message"]:
        """How the screen calls someone back when the run ends or has a problem."""
        ...

    @property
    def keymap(self) -> Mapping[str, str]:
        """Keys that the user changed: id of the binding -> keys."""
        ...

    @property
    def hooks(self) -> Mapping[str, tuple[str, ...]]:
        """Commands to run on events: name of the event -> argument list."""
        ...

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        """Draw a patch by its ledger entry. Raises OSError, ValueError."""
        ...

    def expected(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Return what is wanted, by what the records know. Raises RefusedError; looks at nothing."""
        ...

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the patches of the ledger, or a random sample of so many, and how many they are."""
        ...

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return what the ledger tells of the quality of what was taken; `names` are the sources'."""
        ...

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Hold patches against their files, several at a time."""
        ...

    def parts(self, records: Mapping[str, SourceRecord]) -> Sequence[SourcePart]:
        """Return which part each source belongs to. Raises RefusedError."""
        ...

    def split_leakage(self, records: Mapping[str, SourceRecord]) -> Mapping[str, int]:
        """Return why training patches are too near to others, and how many. Raises RefusedError, OSError."""
        ...

    def suggest(self, records: Mapping[str, SourceRecord], share: float) -> Sequence[str]:
        """Return sources to keep for validation. Raises RefusedError."""
        ...

    def choose(self, records: Mapping[str, SourceRecord], splits: Mapping[str, str]) -> None:
        """Write the parts of sources into the configuration's file. Raises RefusedError, OSError."""
        ...

    def move(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move patches to the parts their sources belong to; yield what is to be recorded of each source.

        No engine may be at work. Raises RefusedError, OSError.
        """
        ...

    def near_duplicate_count(self, records: Mapping[str, SourceRecord]) -> int:
        """Return how many patches `move_near_duplicates` would move. Raises OSError."""
        ...

    def move_near_duplicates(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move training patches too near to one kept aside to folders of their own, and others back.

        Yields what is to be recorded of each source. No engine may be at work. Raises OSError.
        """
        ...

    def export(
        self,
        records: Mapping[str, SourceRecord],
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
    ) -> Exported:
        """Write the patches in another layout. Raises RefusedError, OSError."""
        ...

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        """Return facts whose ledger lines were damaged, where other lines tell them too."""
        ...

    def unrecorded(self, records: Mapping[str, SourceRecord]) -> Iterator[str]:
        """Yield the files that no ledger line owns, relative to the output folder."""
        ...

    def inspection(self, records: Mapping[str, SourceRecord]) -> Inspection:
        """Prepare a look at everything. Raises RefusedError where two sources cannot be told apart."""
        ...

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw a contact sheet into a folder. Raises RefusedError, OSError."""
        ...

    def open(self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False) -> OpenedJob:
        """Look at the sources and tools. Raises RefusedError; writes nothing."""
        ...


class JobModule(Protocol):
    """What an entry point of the group names."""

    def read_config(self, path: Path) -> JobConfig:
        """Read a configuration. Raises RefusedError with everything that is wrong with it."""
        ...

    def scan(self, request: ScanRequest, *, progress: Callable[[str, int, int], None]) -> ScanFindings:
        """Look for sources; tell `progress` what is being done, how many are done, and of how many.

        Raises RefusedError.
        """
        ...

    def tools(self) -> Sequence[Condition]:
        """Say how what the job needs of the machine stands, without any configuration."""
        ...

    def make_demo(self, folder: Path, *, say: Callable[[str], None]) -> Path:
        """Make small sources and a configuration for them; return its path. Raises RefusedError."""
        ...


CONFIG_OFFERS: Mapping[str, tuple[str, ...]] = {
    "check": ("inspection",),
    "verify": ("recorded", "check", "unrecorded"),
    "stats": ("expected", "measurements"),
    "report": ("expected",),
    "sheet": ("sheet",),
    "split": (
        "parts",
        "split_leakage",
        "suggest",
        "choose",
        "move",
        "near_duplicate_count",
        "move_near_duplicates",
    ),
    "export": ("export",),
}
"""What a command asks of a `JobConfig`, beside what a run does; a job may lack it, and then the command."""
MODULE_OFFERS: Mapping[str, tuple[str, ...]] = {"scan": ("scan",), "demo": ("make_demo",)}
"""What a command asks of a `JobModule`, beside `read_config`."""
