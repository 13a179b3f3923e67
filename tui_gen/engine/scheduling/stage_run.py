"""One stage while it is performed: its plan, its queues, and the sources that may enter it.

    group of stages:   A ──> B ──> C      a source enters B when A has no work left for it

Stages of one group are performed together; the next group begins when a group has no work left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tui_gen.engine.model.work import Plan, Stage
from tui_gen.engine.scheduling.queues import SourceQueue
from tui_gen.engine.scheduling.worker import StageContext


def groups_of(stages: Sequence[Stage]) -> Iterator[tuple[Stage, ...]]:
    """Yield the stages in groups that are performed together, in order."""
    group: list[Stage] = []
    for stage in stages:
        if group and stage.scope != "source":
            yield tuple(group)
            group = []
        group.append(stage)
        if stage.scope == "dataset":
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


@dataclass(slots=True, eq=False)
class StageRun:
    """One stage of the current group."""

    context: StageContext
    upstream: StageRun | None  # the stage before it in the group
    queues: dict[str, SourceQueue] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    needs_plan: bool = True
    is_urgent: bool = False
    planned_at: float = float("-inf")  # by a monotonic clock

    @property
    def stage(self) -> Stage:
        """The stage that is performed."""
        return self.context.stage

    def take_plan(self, plan: Plan, at: float) -> list[str]:
        """Queue a plan; return the sources whose clips in flight may be unwanted now."""
        self.needs_plan = self.is_urgent = False
        self.planned_at = at
        ranked = sorted(plan.sources, key=lambda source: source.priority)
        self.order = tuple(source.source for source in ranked)
        stale = []
        for source in ranked:
            queue = self.queues.get(source.source)
            if queue is None:
                self.queues[source.source] = SourceQueue(source)
            elif queue.renew(source):
                stale.append(source.source)
        return stale

    def may_enter(self, source: str) -> bool:
        """Return whether the stages before it in the group have no work left for a source."""
        return self.upstream is None or self.upstream.has_finished(source)

    def has_finished(self, source: str) -> bool:
        """Return whether no clip of a source is in flight or left in this stage, by an up-to-date plan."""
        if self.needs_plan or not self.may_enter(source):
            return False
        queue = self.queues.get(source)
        return queue is None or queue.is_exhausted

    def comes_before_others(self, source: str) -> bool:
        """Return whether workers would take a later source while the plan for this one waits."""
        priority = self.queues[source].plan.priority
        return any(queue.plan.priority > priority for queue in self.queues.values())


Place = tuple[StageRun, str]
"""A stage and a source, of which a worker may take a unit."""


def in_order(runs: Sequence[StageRun], *, first: Collection[str] = frozenset()) -> Iterable[Place]:
    """Return the sources of all stages: those of `first`, then by priority.

    Among sources of equal priority, those of the later stage come first.
    """
    if len(runs) == 1 and not first:
        return ((runs[0], source) for source in runs[0].order)
    places = [(run, source) for run in reversed(runs) for source in run.order]
    return sorted(places, key=lambda place: (place[1] not in first, place[0].queues[place[1]].plan.priority))


def clips_open(runs: Sequence[StageRun], only: Collection[str] | None) -> int:
    """Return the number of clips in flight or still to be handed out, of `only` these sources (None: all)."""
    queues = (run.queues[source] for run in runs for source in run.queues if only is None or source in only)
    return sum(queue.clips_waiting + queue.clips_in_flight for queue in queues)
