"""The interface between a job and the engine: stages that plan units of work and perform them.

A plan is pure and may be requested again at any time. Only performing has effects.

    Job ── stages ──> Stage.plan(records) ──> Plan ──> SourcePlan.units ──> Unit
                      Stage.perform(unit) ──> Doing | Retried | Learned | Unusable | Outcome
                                              Outcome = Made | Rejected | Failed

Invariant: each clip of a performed unit is reported by exactly one outcome, or by none if the unit ended
early or its source was found unusable. Clips without an outcome are queued again through `Unit.without`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from tui_gen.engine.model.stage_records import SourceRecord

JsonObject = Mapping[str, Any]
"""A JSON object: string keys; values are None, bool, int, float, str, lists and objects of these."""


@dataclass(frozen=True, slots=True, order=True)
class Clip:
    """One planned piece of one source: the unit of accounting, of failure and of resuming."""

    source: str
    index: int

    def __str__(self) -> str:
        """Return `<source id>:<index>`, as in the ledger."""
        return f"{self.source}:{self.index}"


@dataclass(frozen=True, slots=True)
class Patch:
    """The patch of one clip for one category; its files have their final names."""

    category: str
    size_bytes: int
    # The rest of the ledger's entry: format, place, files, hashes. The engine only stores it.
    record: JsonObject
    # 64 bits by which the job finds similar patches when it plans; None if the job does not use them.
    perceptual_hash: int | None = None


# --------------------------------------------------------------------------------- what is reported


@dataclass(frozen=True, slots=True)
class Doing:
    """The activity of a worker changed: "reading", "cutting"."""

    clip: Clip
    what: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Retried:
    """An attempt at a clip failed, and another follows."""

    clip: Clip
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Facts about a source. They are merged key by key into the known facts and kept in the ledger."""

    source: str
    facts: JsonObject
    # Shown to the user once, as warnings.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A source can give no patches, for a reason that holds while its file does not change."""

    source: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A clip was made: its patches are complete and on disk."""

    clip: Clip
    patches: tuple[Patch, ...]
    attempts: int
    seconds: float
    # (category, reason) for categories for which the clip was planned but gave no patch.
    rejected: tuple[tuple[str, str], ...] = ()
    # Further entries of the ledger line, such as pts_seconds and scene_difference.
    record: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A clip is rejected permanently: the next clip replaces it."""

    clip: Clip
    reason: str
    attempts: int
    seconds: float
    detail: str = ""
    # Further entries of the ledger line: values measured before the rejection.
    record: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """A clip could not be made this time: it stays in the quota, and the next run tries it again."""

    clip: Clip
    reason: str
    attempts: int
    seconds: float
    detail: str = ""


Outcome = Made | Rejected | Failed
Report = Doing | Retried | Learned | Unusable | Outcome


# -------------------------------------------------------------------------------- what a plan is of


class ClipPlaces(Protocol):
    """Where the clips of one source are in its running time."""

    @property
    def seconds(self) -> float:
        """The running time of the source."""
        ...

    def parts(self, count: int) -> Sequence[int]:
        """Return the clips in each of `count` equal parts of the running time, as bit sets.

        Every clip that the source could give is in one part. Asked for often: to be kept, or quick.
        """
        ...


class Unit(Protocol):
    """The work that one worker performs at once. Picklable and self-contained: it may run anywhere."""

    @property
    def source(self) -> str:
        """The id of the one source that it reads."""
        ...

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The clips in the order in which they will be reported."""
        ...

    def without(self, done: Collection[Clip]) -> Unit | None:
        """Return the unit without the clips in `done`, or None if no clip is left."""
        ...


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """The plan of one stage for one source."""

    source: str
    name: str
    path: str
    priority: int
    # Re-iterable and lazy: each iteration calculates the units again, in the order to perform them.
    units: Iterable[Unit]
    # Equal keys mean equal units: the engine replaces the queue of a source only if its key changed.
    key: Hashable
    # Clips that count towards the quotas: made ones, and those still to make (including failed ones).
    clips_made: int
    clips_left: int
    # category -> total number of wanted patches, including made ones.
    quotas: Mapping[str, int] = field(default_factory=dict)
    # Why nothing is planned, if the plan itself is the reason.
    unusable: str | None = None
    # Further facts about its clips, by title: {"Mean spacing of the clips": "12.5 s"}.
    figures: Mapping[str, str] = field(default_factory=dict)
    # Estimated processor time of the clips left on this machine; None if it was not measured.
    processor_seconds: float | None = None
    # Returns a unit with the clips of two consecutive ones, or None; saves the start of the second.
    join: Callable[[Unit, Unit], Unit | None] | None = None
    # The clips left, as a bit set, and where all clips are in the source: for a timeline of the source.
    # None: the source has no running time, or it is not known yet.
    open_clips: int = 0
    places: ClipPlaces | None = None


@dataclass(frozen=True, slots=True)
class CategoryPlan:
    """The plan of one stage for one category over all sources."""

    target: int | None
    planned: int
    # Relative to the output folder.
    folder: str
    # Of the planned and made patches, those that do not count towards the target.
    surplus: int = 0
    # The bytes of a mean patch, as the job estimates before any is made, and its number of files.
    estimated_patch_bytes: float = 0.0
    files_per_patch: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A stage's whole plan. `sources` are in the order of work among equal priorities."""

    sources: tuple[SourcePlan, ...]
    categories: Mapping[str, CategoryPlan] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    # Information for the user before the work begins that is not a warning.
    notes: tuple[str, ...] = ()
    # The basis of the categories' estimated bytes, as a phrase: "if the pixels halve".
    estimate_basis: str = ""
    # What to do to learn how long the rest takes, before anything is made.
    time_hint: str = "try: tui-gen run --limit 20"


Scope = Literal["source", "all_sources", "dataset"]
"""When a stage begins, and for what.

"source": for each source, as soon as the stage before it has no clip left for that source.
"all_sources": for each source, when the stage before it has no clip left for any source.
"dataset": for all sources together, when no source has work left in this run. Its plan has one source,
`DATASET`, which is not a source of the configuration. A run with `--limit` or `--only` leaves the stage out.
"""
OnChange = Literal["refuse", "redo"]
"""What a run does if a stage's recipe differs from the recipe it began with.

"refuse": the run is refused, unless `--mix` accepts both.
"redo": the stage and all stages after it are planned again; their earlier patches are superseded.
"""
DATASET = "dataset"
"""The source of a stage over the whole dataset. It does not count as a source."""


class StageDefaults:
    """The usual answers of a stage: a stage may inherit from this class and override what differs."""

    is_discovery: bool = False
    is_portable: bool = True
    needs_output: bool = False
    reads_sources: bool = True
    scope: Scope = "all_sources"
    on_change: OnChange = "refuse"
    recipe: JsonObject = MappingProxyType({})
    legacy_recipe: JsonObject = MappingProxyType({})

    def inputs(self, records: Mapping[str, SourceRecord]) -> str:
        """Return "": a stage by source is planned from its records only."""
        del records
        return ""


class Stage(Protocol):
    """One step of a job."""

    @property
    def name(self) -> str:
        """The name of the stage, as in the ledger."""
        ...

    @property
    def is_discovery(self) -> bool:
        """Whether the stage only reads sources and learns facts: it writes no file and ends no clip.

        A dry run (`plan`) performs only such stages.
        """
        ...

    @property
    def is_portable(self) -> bool:
        """Whether machines other than the engine's may perform its units.

        A stage of scope "dataset" is performed by the engine's process in any case.
        """
        ...

    @property
    def needs_output(self) -> bool:
        """Whether its units read what earlier stages wrote, or more than their own clips' files.

        Machines that have no access to the output folder do not perform them.
        """
        ...

    @property
    def reads_sources(self) -> bool:
        """Whether its units read their source, and not only what earlier stages wrote: see `open_sources`."""
        ...

    @property
    def scope(self) -> Scope:
        """When the stage begins, and for what."""
        ...

    @property
    def recipe(self) -> JsonObject:
        """The settings besides the job's recipe that decide the bytes it makes. Empty: there are none."""
        ...

    @property
    def legacy_recipe(self) -> JsonObject:
        """The value of each key of `recipe` that was added after the first release, as of `Job`."""
        ...

    @property
    def on_change(self) -> OnChange:
        """What a run does if `recipe` has changed."""
        ...

    def inputs(self, records: Mapping[str, SourceRecord]) -> str:
        """Return a digest of a dataset stage's input: the stage is redone if the digest changes."""
        ...

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Return the remaining work. Pure, and fast enough to be called after every rejection."""
        ...

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform one unit and yield its reports. Closing the generator kills and reaps its children."""
        ...


class Job(Protocol):
    """A list of stages over one set of sources, performed one after the other."""

    @property
    def name(self) -> str:
        """The name of the job, as in the configuration's `job`."""
        ...

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages in order; `Stage.scope` defines when each begins."""
        ...

    @property
    def recipe(self) -> JsonObject:
        """All settings that decide bytes. A run folder with another recipe is refused."""
        ...

    @property
    def legacy_recipe(self) -> JsonObject:
        """The value of each recipe key that was added after the first release.

        A run folder whose recipe lacks such a key was written as if the key had this value.
        """
        ...
