"""What a job is to the engine: stages that plan units of work and perform them.

A plan is pure and may be asked for again at any time; performing is the only effect.

    Job ── stages ──> Stage.plan(records) ──> Plan ──> SourcePlan.units ──> Unit
                      Stage.perform(unit) ──> Doing | Retried | Learned | Unusable | Outcome
                                              Outcome = Made | Rejected | Failed

Invariant: a clip of a performed unit is reported by exactly one outcome, or by none if the unit was
left early or its source turned out unusable; what was not reported is queued again through
`Unit.without`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from tui_gen.engine.model.stage_records import SourceRecord

JsonObject = Mapping[str, Any]
"""A JSON object: string keys; values are None, bool, int, float, str, lists and objects of these."""


@dataclass(frozen=True, slots=True, order=True)
class Clip:
    """One planned piece of one source: the unit of accounting, of failure and of resume."""

    source: str
    index: int

    def __str__(self) -> str:
        """`<source id>:<index>`, as in the ledger."""
        return f"{self.source}:{self.index}"


@dataclass(frozen=True, slots=True)
class Patch:
    """What one clip gave one category; its files stand under their final names."""

    category: str
    size_bytes: int
    # The rest of the ledger's entry: format, place, files, hashes. The engine only keeps it.
    record: JsonObject
    # 64 bits by which the job tells, when it plans, that patches are alike; None where it does not.
    perceptual_hash: int | None = None


# --------------------------------------------------------------------------------- what is reported


@dataclass(frozen=True, slots=True)
class Doing:
    """A worker turned to something: the screen's "reading", "cutting"."""

    clip: Clip
    what: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Retried:
    """An attempt gave nothing and another follows."""

    clip: Clip
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Facts about a source, merged key by key into what was known of it and kept in the ledger."""

    source: str
    facts: JsonObject
    # Said once to the user, as a warning; empty where there is nothing to say.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A source can give nothing, for a reason that cannot change while the file stays the same."""

    source: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A clip ended well: its patches are whole and on disk."""

    clip: Clip
    patches: tuple[Patch, ...]
    attempts: int
    seconds: float
    # (category, reason) of what the clip was planned for but did not give.
    rejected: tuple[tuple[str, str], ...] = ()
    # Further entries of the ledger line: pts_seconds, scene_difference and the like.
    record: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A clip can give nothing, for good: the next clip replaces it."""

    clip: Clip
    reason: str
    attempts: int
    seconds: float
    detail: str = ""
    # Further entries of the ledger line: what was measured before it was rejected.
    record: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """A clip could not be made this time: it stays in the quota, and the next run tries again."""

    clip: Clip
    reason: str
    attempts: int
    seconds: float
    detail: str = ""


Outcome = Made | Rejected | Failed
Report = Doing | Retried | Learned | Unusable | Outcome


# -------------------------------------------------------------------------------- what a plan is of


class Unit(Protocol):
    """What one worker handles in one go. Picklable and complete in itself: it may run anywhere."""

    @property
    def source(self) -> str:
        """The id of the one source it reads."""
        ...

    @property
    def clips(self) -> tuple[Clip, ...]:
        """In the order in which they will be reported."""
        ...

    def without(self, done: Collection[Clip]) -> Unit | None:
        """Return what is left when `done` is taken out, or None when nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What one stage wants from one source."""

    source: str
    name: str
    path: str
    priority: int
    # Re-iterable and lazy: each pass computes the units anew, in the order to perform them.
    units: Iterable[Unit]
    # Equal keys mean equal units: the engine queues a source anew only when its key changed.
    key: Hashable
    # Clips that count towards the quotas: already made, and still to make (failed ones included).
    clips_made: int
    clips_left: int
    # category -> patches wanted in all, made ones included.
    quotas: Mapping[str, int] = field(default_factory=dict)
    # Why nothing is planned, where the reason lies in the plan itself.
    unusable: str | None = None
    # What else is worth knowing of its clips, by title: {"Mean spacing of the clips": "12.5 s"}.
    figures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CategoryPlan:
    """What one stage wants for one category over all sources."""

    target: int | None
    planned: int
    # Relative to the output folder.
    folder: str
    # Of those planned and made, the ones that count for nothing: the target is to be met without them.
    surplus: int = 0
    # What a mean patch takes, as the job estimates before any is made, and in how many files.
    estimated_patch_bytes: float = 0.0
    files_per_patch: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A stage's whole plan. `sources` are in the order of work among equal priorities."""

    sources: tuple[SourcePlan, ...]
    categories: Mapping[str, CategoryPlan] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    # What is worth knowing before the work begins, and nothing is wrong with.
    notes: tuple[str, ...] = ()
    # On what the estimated bytes of the categories stand: "if the pixels halve".
    estimate_basis: str = ""


Scope = Literal["source", "all_sources", "dataset"]
"""When a stage begins, and for what.

"source": for each source, as soon as the stage before it has nothing left for that source.
"all_sources": for each source, when the stage before it has nothing left for any source.
"dataset": for all sources together, when no source has work left in this run. Its plan has one source,
`DATASET`, which is no source of the configuration. A run with `--limit` or `--only` leaves the stage out.
"""
OnChange = Literal["refuse", "redo"]
"""What a run does when a stage's recipe differs from the one it began with.

"refuse": the run is refused, unless `--mix` accepts both.
"redo": the stage and all stages after it are planned anew; what they made is superseded.
"""
DATASET = "dataset"
"""The source of a stage over the whole dataset. It is counted nowhere as a source."""


class StageDefaults:
    """What most stages answer: a stage may inherit from this class and overwrite what differs."""

    is_discovery: bool = False
    scope: Scope = "all_sources"
    on_change: OnChange = "refuse"
    recipe: JsonObject = MappingProxyType({})
    legacy_recipe: JsonObject = MappingProxyType({})

    def inputs(self, records: Mapping[str, SourceRecord]) -> str:
        """Return "": a stage by source is planned from its records alone."""
        del records
        return ""


class Stage(Protocol):
    """One step of a job."""

    @property
    def name(self) -> str:
        """As in the ledger."""
        ...

    @property
    def is_discovery(self) -> bool:
        """Whether it only reads sources and learns facts: it writes no file and ends no clip.

        A dry run (`plan`) performs such stages and no others.
        """
        ...

    @property
    def scope(self) -> Scope:
        """When it begins, and for what."""
        ...

    @property
    def recipe(self) -> JsonObject:
        """What decides the bytes it makes, beside the job's recipe. Empty: nothing else does."""
        ...

    @property
    def legacy_recipe(self) -> JsonObject:
        """The value of each key of `recipe` that was added after the first release, as of `Job`."""
        ...

    @property
    def on_change(self) -> OnChange:
        """What a run does when its `recipe` has changed."""
        ...

    def inputs(self, records: Mapping[str, SourceRecord]) -> str:
        """Return a digest of what a stage over the dataset reads: it is redone when the digest changes."""
        ...

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Decide, purely, what is left to do. Cheap enough to be asked for after every rejection."""
        ...

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Do one unit, reporting as it goes. Closing the generator kills and reaps its children."""
        ...


class Job(Protocol):
    """A list of stages, performed one after the other, over one set of sources."""

    @property
    def name(self) -> str:
        """As in the configuration's `job`."""
        ...

    @property
    def stages(self) -> Sequence[Stage]:
        """In order; `Stage.scope` says when each begins."""
        ...

    @property
    def recipe(self) -> JsonObject:
        """Everything that decides bytes. A run folder with another recipe is refused."""
        ...

    @property
    def legacy_recipe(self) -> JsonObject:
        """The value of each recipe key that was added after the first release.

        A run folder whose recipe lacks such a key was written as if the key had this value.
        """
        ...
