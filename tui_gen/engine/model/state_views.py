"""The parts of a run's state that views show: sources, categories, workers, minutes.

Plain records: only `RunState.apply` changes them; all other code reads copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.streaks import NO_STREAK, Streak
from tui_gen.engine.model.work import CategoryPlan, ClipPlaces, SourcePlan

Phase = Literal[
    "starting", "running", "paused", "draining", "waiting", "stopping", "stopped", "finished", "failed"
]
ENDED_PHASES = frozenset({"stopped", "finished", "failed"})


@dataclass(slots=True)
class StageProgress:
    """The progress of one stage with one source, by its latest plan."""

    clips_made: int
    clips_left: int
    quotas: dict[str, int]
    open_clips: int = 0  # the clips left at that plan, as a bit set
    places: ClipPlaces | None = None
    failed_clips: int = 0  # in this run, as a bit set


@dataclass(slots=True)
class SourceState:
    """One source, for views."""

    id: str
    name: str
    path: str
    priority: int = 255
    place: int = 0  # in the plan: among sources of equal priority, the first is worked on first
    clips_made: int = 0
    clips_left: int = 0
    rejected: int = 0
    failed: int = 0  # in this run; the next run tries them again
    ended: int = 0  # in this run and earlier ones
    made: int = 0
    attempts: int = 0
    retried: int = 0  # clips that took more than one attempt
    images: dict[str, int] = field(default_factory=dict)  # by category
    size_bytes: int = 0
    quotas: dict[str, int] = field(default_factory=dict)
    is_skipped: bool = False
    is_missing: bool = False
    missing_reason: str = ""
    unusable: str | None = None
    quarantined: str | None = None
    unreachable: str | None = None
    in_hand: int = 0  # workers that perform a unit of it now
    is_planned: bool = False
    low_success_noted: bool = False
    streak: Streak = NO_STREAK  # in this run
    is_dataset: bool = False  # the entry for stages over the whole dataset: not a source
    progress: dict[str, StageProgress] = field(default_factory=dict)  # by stage; `clips_*` are their sums

    @property
    def success_rate(self) -> float | None:
        """Share of its ended clips that were made; None before the first."""
        return self.made / self.ended if self.ended else None

    @property
    def average_attempts(self) -> float | None:
        """Attempts an ended clip took; None before the first."""
        return self.attempts / self.ended if self.ended else None

    @property
    def clips_wanted(self) -> int:
        """Clips that count towards the quotas: those made and those left."""
        return self.clips_made + self.clips_left

    @property
    def share_done(self) -> float | None:
        """Share of its wanted clips that is made; None if no clip is wanted."""
        return self.clips_made / self.clips_wanted if self.clips_wanted else None

    def take_plan(self, stage: str, plan: SourcePlan) -> None:
        """Apply a stage's plan for the source."""
        before = self.progress.get(stage)
        self.progress[stage] = StageProgress(
            plan.clips_made,
            plan.clips_left,
            dict(plan.quotas),
            plan.open_clips,
            plan.places,
            failed_clips=before.failed_clips if before is not None else 0,
        )
        parts = self.progress.values()
        self.clips_made = sum(part.clips_made for part in parts)
        self.clips_left = sum(part.clips_left for part in parts)
        self.quotas = {name: quota for part in parts for name, quota in part.quotas.items()}
        self.is_planned = True

    def count_made(self, stage: str) -> None:
        """Count a clip that a stage made."""
        self.clips_made += 1
        self.clips_left = max(0, self.clips_left - 1)
        part = self.progress.get(stage)
        if part is not None:
            part.clips_made += 1
            part.clips_left = max(0, part.clips_left - 1)

    def count_failed(self, stage: str, clip: int) -> None:
        """Count a clip that failed in a stage."""
        self.failed += 1
        part = self.progress.get(stage)
        if part is not None:
            part.failed_clips |= 1 << clip

    def begin_run(self) -> None:
        """Forget what held for an earlier run only; the sums of its plans remain until the next plan."""
        self.forget_failures()
        self.in_hand, self.unreachable = 0, None
        self.is_missing = self.is_planned = False
        self.progress.clear()

    def forget_failures(self) -> None:
        """Forget why the source gave nothing: its failed clips are tried again."""
        self.ended -= self.failed
        self.failed, self.quarantined, self.unusable, self.streak = 0, None, None, NO_STREAK
        for part in self.progress.values():
            part.failed_clips = 0

    @property
    def phase(self) -> str:
        """The state of the source in one word."""
        hindrances = (
            ("skipped", self.is_skipped),
            ("unusable", self.unusable is not None),
            ("missing", self.is_missing),
            ("quarantined", self.quarantined is not None),
            ("unreachable", self.unreachable is not None),
            ("working", self.in_hand > 0),
            ("unknown", not self.is_planned),
        )
        for word, holds in hindrances:
            if holds:
                return word
        if self.clips_left == 0:
            return "done" if self.clips_made else "nothing to do"
        return "failed" if self.failed >= self.clips_left else "queued"

    @property
    def reason(self) -> str:
        """Why the source gives no patches; empty if it gives patches."""
        if self.is_skipped:
            return "skipped by hand"
        if self.unusable is None and self.is_missing:
            return self.missing_reason
        return self.unusable or self.quarantined or self.unreachable or ""


def stage_at_work(stages: Iterable[str], sources: Iterable[SourceState]) -> str:
    """Return the first of the planned stages that has clips to make, by the latest plans; else the last.

    Later stages may already work on what the first has made. Failed clips wait for the next run.
    """
    planned = list(stages)
    at_work = {
        name
        for source in sources
        if not source.reason
        for name, part in source.progress.items()
        if part.clips_left > source.failed
    }
    return next((name for name in planned if name in at_work), planned[-1])


@dataclass(slots=True)
class CategoryState:
    """One category, for views."""

    name: str
    target: int | None = None
    planned: int = 0
    surplus: int = 0  # of the images, those that do not count towards the target
    folder: str = ""
    images: int = 0
    size_bytes: int = 0

    def take_plan(self, plan: CategoryPlan) -> None:
        """Apply a plan for the category."""
        self.target, self.planned, self.folder = plan.target, plan.planned, plan.folder
        self.surplus = plan.surplus

    @property
    def wanted(self) -> int:
        """The number of images that should count: the target, or the planned number without a target."""
        return self.target if self.target is not None else max(0, self.planned - self.surplus)

    @property
    def counted(self) -> int:
        """The number of images that count."""
        return max(0, self.images - self.surplus)

    @property
    def share_done(self) -> float | None:
        """Share of the wanted images that is made; None if no image is wanted."""
        return self.counted / self.wanted if self.wanted else None

    @property
    def images_left(self) -> int:
        """The number of images that are planned and not made."""
        return max(0, self.planned - self.images)

    @property
    def missing(self) -> int:
        """The number of wanted images that do not exist now."""
        return max(0, self.wanted - self.counted)

    @property
    def shortfall(self) -> int:
        """The number of images by which the target will be missed, by the current plan."""
        return max(0, (self.target or 0) - (max(self.planned, self.images) - self.surplus))

    @property
    def mean_patch_bytes(self) -> float | None:
        """Mean bytes of an image; None before the first."""
        return self.size_bytes / self.images if self.images else None


def in_plan_order(categories: dict[str, CategoryState], planned: list[str]) -> dict[str, CategoryState]:
    """Return categories with those of a plan in its order, where the first of them stood.

    A ledger has them in the order of their first patches, which differs from run to run.
    """
    known = list(categories)
    start = min((known.index(name) for name in planned), default=0)
    before = [name for name in known[:start] if name not in planned]
    after = [name for name in known[start:] if name not in planned]
    return {name: categories[name] for name in (*before, *planned, *after)}


@dataclass(slots=True)
class SlotState:
    """One worker, for views."""

    number: int
    source: str
    clip: int | None = None
    what: str = "starting"
    attempt: int = 1
    since: float = 0.0
    is_draining: bool = False
    machine: str = ""  # empty: the machine of the engine


@dataclass(slots=True)
class Minute:
    """The output of one minute of work: the resolution of rates and of the throughput curve."""

    minute: int  # since the epoch
    patches: int = 0
    clips: int = 0
    size_bytes: int = 0


Recent = ev.ClipEnded | ev.ClipRetried | ev.ProblemNoted | ev.FactsLearned | ev.SourceFoundUnusable
