"""All events of a run: small records in the past tense that carry their time.

Times are seconds since the epoch. The first group is durable: an event is written to the ledger before the
state changes, and reading the ledger returns the same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.machine_events import MachineChanged, MachineMeasured
from tui_gen.engine.model.measurements import (
    DiskMeasured,
    Latest,
    ScheduleApplied,
    SystemMeasured,
    WorkersHeld,
    WorkersMeasured,
)
from tui_gen.engine.model.work import Clip, JsonObject, Outcome, Patch, Plan

__all__ = [
    "DiskMeasured",
    "Latest",
    "MachineChanged",
    "MachineMeasured",
    "ScheduleApplied",
    "SystemMeasured",
    "WorkersHeld",
    "WorkersMeasured",
]

# ------------------------------------------------------------------------------ durable


@dataclass(frozen=True, slots=True)
class RunStarted:
    """An engine started a run on the run folder."""

    at: float
    job: str
    recipe: JsonObject
    config: str
    output: str
    pid: int
    host: str
    version: str
    config_sha256: str = ""  # of the configuration file; empty if the file could no longer be read
    versions: JsonObject = field(default_factory=dict)  # of Python and of the packages


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The engine ended its run. Missing after a crash; the next start treats the run as ended."""

    at: float
    result: str  # "finished", "stopped", "failed"
    exit_code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The phase of the run changed: running, paused, waiting, draining, stopping."""

    at: float
    phase: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage with its own recipe or inputs began, for the first time or with changed ones.

    `is_redone`: everything that the stage made so far is superseded and planned again.
    """

    at: float
    stage: str
    recipe: JsonObject
    inputs: str = ""  # digest of what a dataset-wide stage reads; empty for stages by source
    is_redone: bool = False


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """Wall time moved by more or less than the running time: the clock was set, or the machine was suspended.

    `at` is the wall time after the step. Times of earlier events do not change.
    """

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SourceSkipped:
    """The user left a source out."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class SourceUnskipped:
    """The user took a skipped source back in."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class PriorityChanged:
    """The user set a source's priority."""

    at: float
    source: str
    priority: int


@dataclass(frozen=True, slots=True)
class SourceRetried:
    """A source that was quarantined or unusable will be tried again."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class FactsLearned:
    """Facts about a source were found."""

    at: float
    stage: str
    source: str
    facts: JsonObject
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFoundUnusable:
    """A source can give no patches while its file does not change."""

    at: float
    stage: str
    source: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ClipEnded:
    """A clip was made, rejected or failed."""

    at: float
    stage: str
    outcome: Outcome
    machine: str = ""  # that performed it; empty: the machine of the engine


@dataclass(frozen=True, slots=True)
class PatchesLost:
    """Files of made patches are missing or damaged: the patches will be made again."""

    at: float
    source: str
    category: str
    clips: tuple[int, ...]
    size_bytes: int
    stage: str = ""  # empty in ledgers of programs with one making stage


@dataclass(frozen=True, slots=True)
class PatchMoved:
    """The files of a patch were moved to another place, possibly of another category.

    Nothing was made: no clip, attempt or minute of work is counted. A patch that does not exist in
    `from_category` is not counted: the line of its clip was lost, and the clip is made again.
    """

    at: float
    stage: str  # that made the patch
    source: str
    clip: int
    from_category: str
    patch: Patch  # after the move, with its new files and category


Durable = (
    RunStarted
    | RunEnded
    | PhaseChanged
    | ClockStepped
    | StageStarted
    | SourceSkipped
    | SourceUnskipped
    | PriorityChanged
    | SourceRetried
    | FactsLearned
    | SourceFoundUnusable
    | ClipEnded
    | PatchesLost
    | PatchMoved
)

# ------------------------------------------------------------------------------ read back


class ClipRecounted(NamedTuple):
    """The counted data of an old made clip, when a ledger is read. A tuple: there may be a million."""

    at: float
    source: str
    clip: int
    attempts: int
    patches: Sequence[tuple[str, int, int | None]]  # category, bytes, perceptual hash
    refused: Sequence[str]  # categories for which it was planned but gave no patch
    stage: str
    machine: str = ""


# ------------------------------------------------------------------------------ passing


@dataclass(frozen=True, slots=True)
class JobDescribed:
    """The job's nouns for sources, clips and patches became known."""

    at: float
    nouns: Nouns


@dataclass(frozen=True, slots=True)
class StagePlanned:
    """A stage's plan was made, for the first time or again."""

    at: float
    stage: str
    plan: Plan
    # Whether screens name the stage: it makes nothing, or is one of several that make something.
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class SourceMissing:
    """A source's file is missing now; the next start looks for it again."""

    at: float
    source: str
    name: str
    path: str
    reason: str = "file not found"


@dataclass(frozen=True, slots=True)
class SourceQuarantined:
    """A source failed several times in the same way; the next run tries it again."""

    at: float
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceUnreachable:
    """A source cannot be reached now; its work waits."""

    at: float
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceReachable:
    """An unreachable source can be reached again."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class WorkersChanged:
    """The requested number of workers changed."""

    at: float
    target: int


@dataclass(frozen=True, slots=True)
class SlotOpened:
    """A worker took a unit."""

    at: float
    slot: int
    source: str
    what: str = "starting"
    machine: str = ""  # that performs the unit; empty: the machine of the engine


@dataclass(frozen=True, slots=True)
class SlotTurned:
    """The activity of a worker changed."""

    at: float
    slot: int
    clip: Clip
    what: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SlotDrained:
    """A worker was told to end after the current clip, or no longer to end."""

    at: float
    slot: int
    is_draining: bool


@dataclass(frozen=True, slots=True)
class SlotClosed:
    """A worker ended its unit."""

    at: float
    slot: int


@dataclass(frozen=True, slots=True)
class ClipRetried:
    """An attempt at a clip failed, and another follows."""

    at: float
    clip: Clip
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemNoted:
    """A problem that the user should know. Repeated problems are counted."""

    at: float
    level: str  # "warning" or "error"
    text: str
    source: str | None = None
    detail: str = ""


Passing = (
    JobDescribed
    | StagePlanned
    | SourceMissing
    | SourceQuarantined
    | SourceUnreachable
    | SourceReachable
    | WorkersChanged
    | WorkersMeasured
    | WorkersHeld
    | ScheduleApplied
    | SlotOpened
    | SlotTurned
    | SlotDrained
    | SlotClosed
    | ClipRetried
    | ProblemNoted
    | DiskMeasured
    | SystemMeasured
    | MachineChanged
    | MachineMeasured
)

Event = Durable | ClipRecounted | Passing
