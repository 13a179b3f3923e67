"""Everything that can happen in a run, on one page: small facts in the past tense that carry their time.

Times are seconds since the epoch. The first group is durable: it is written to the ledger before the
state changes, and reading the ledger again gives the same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.work import Clip, JsonObject, Outcome, Patch, Plan

# ------------------------------------------------------------------------------ durable


@dataclass(frozen=True, slots=True)
class RunStarted:
    """An engine took the run folder."""

    at: float
    job: str
    recipe: JsonObject
    config: str
    output: str
    pid: int
    host: str
    version: str
    config_sha256: str = ""  # of the configuration file; empty where it could not be read any more
    versions: JsonObject = field(default_factory=dict)  # of Python and of the packages


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The engine let go of the run folder. Missing after a crash: the next start closes the gap."""

    at: float
    result: str  # "finished", "stopped", "failed"
    exit_code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The run as a whole turned to something else: running, paused, waiting, draining, stopping."""

    at: float
    phase: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage with a recipe or inputs of its own began, for the first time or with other ones than before.

    `is_redone`: what the stage made so far is superseded and planned anew.
    """

    at: float
    stage: str
    recipe: JsonObject
    inputs: str = ""  # digest of what a dataset-wide stage reads; empty for stages by source
    is_redone: bool = False


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """Wall time moved by more than what ran: the clock was set, or the machine was suspended.

    `at` is wall time after the step. Times of earlier events stay as they are.
    """

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SourceSkipped:
    """A source was left out by hand."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class SourceUnskipped:
    """A skipped source was taken back in."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class PriorityChanged:
    """A source's priority was set by hand."""

    at: float
    source: str
    priority: int


@dataclass(frozen=True, slots=True)
class SourceRetried:
    """A source that was quarantined or unusable is to be tried again."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class FactsLearned:
    """Something was found out about a source."""

    at: float
    stage: str
    source: str
    facts: JsonObject
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFoundUnusable:
    """A source can give nothing while its file stays the same."""

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


@dataclass(frozen=True, slots=True)
class PatchesLost:
    """Made patches whose files are missing or damaged: they are to be made again."""

    at: float
    source: str
    category: str
    clips: tuple[int, ...]
    size_bytes: int
    stage: str = ""  # empty in ledgers of programs with one making stage


@dataclass(frozen=True, slots=True)
class PatchMoved:
    """The files of a patch were moved: the patch stands elsewhere, and may count in another category.

    Nothing was made: no clip, attempt or minute of work is counted. A patch that does not stand in
    `from_category` stays uncounted: the line of its clip was lost, and the clip is made again.
    """

    at: float
    stage: str  # that made the patch
    source: str
    clip: int
    from_category: str
    patch: Patch  # as it is now, with its new files and category


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
    """A clip made long ago was read back: what counts of it. A tuple, for there may be a million."""

    at: float
    source: str
    clip: int
    attempts: int
    patches: Sequence[tuple[str, int, int | None]]  # category, bytes, perceptual hash
    refused: Sequence[str]  # categories that it was planned for but did not give
    stage: str


# ------------------------------------------------------------------------------ passing


@dataclass(frozen=True, slots=True)
class JobDescribed:
    """It became known what the job calls its sources, clips and patches."""

    at: float
    nouns: Nouns


@dataclass(frozen=True, slots=True)
class StagePlanned:
    """A stage's plan was made or made anew."""

    at: float
    stage: str
    plan: Plan
    # Whether screens name it: it makes nothing, or is one of several that make something.
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class SourceMissing:
    """A source's file is not there now; it is looked for again at the next start."""

    at: float
    source: str
    name: str
    path: str
    reason: str = "file not found"


@dataclass(frozen=True, slots=True)
class SourceQuarantined:
    """A source gave the same failure again and again; the next run tries it again."""

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
    """A source that was away can be reached again."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class WorkersChanged:
    """The number of workers wanted changed."""

    at: float
    target: int


@dataclass(frozen=True, slots=True)
class SlotOpened:
    """A worker took a unit."""

    at: float
    slot: int
    source: str
    what: str = "starting"


@dataclass(frozen=True, slots=True)
class SlotTurned:
    """A worker turned to something."""

    at: float
    slot: int
    clip: Clip
    what: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SlotDrained:
    """A worker was told to end after the clip in hand, or no longer to."""

    at: float
    slot: int
    is_draining: bool


@dataclass(frozen=True, slots=True)
class SlotClosed:
    """A worker let go of its unit."""

    at: float
    slot: int


@dataclass(frozen=True, slots=True)
class ClipRetried:
    """An attempt gave nothing and another follows."""

    at: float
    clip: Clip
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemNoted:
    """Something the user should know. Repeated ones are counted."""

    at: float
    level: str  # "warning" or "error"
    text: str
    source: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DiskMeasured:
    """The output's file system was looked at."""

    at: float
    free_bytes: int
    total_bytes: int
    pauses_below_bytes: int
    free_inodes: int | None = None


@dataclass(frozen=True, slots=True)
class SystemMeasured:
    """The machine was looked at."""

    at: float
    cpu_percents: tuple[float, ...]  # one per core
    memory_used_bytes: int
    memory_total_bytes: int
    read_bytes_per_second: float | None
    write_bytes_per_second: float | None


Passing = (
    JobDescribed
    | StagePlanned
    | SourceMissing
    | SourceQuarantined
    | SourceUnreachable
    | SourceReachable
    | WorkersChanged
    | SlotOpened
    | SlotTurned
    | SlotDrained
    | SlotClosed
    | ClipRetried
    | ProblemNoted
    | DiskMeasured
    | SystemMeasured
)

Event = Durable | ClipRecounted | Passing
