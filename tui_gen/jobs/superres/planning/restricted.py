"""The job with everything taken out of its plan but certain patches: for making lost ones again.

Invariant: what is left of a clip is planned as in the whole job, so it has the same names and bytes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_gen.engine.work import Job, JsonObject, Plan, Report, SourcePlan, SourceRecord, Stage, Unit
from tui_gen.job_contract import Wanted
from tui_gen.jobs.superres.stretch import ClipTask, Stretch


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of a source's plan, less what is not wanted. Re-iterable, as the whole ones are."""

    whole: SourcePlan
    wanted: Mapping[int, frozenset[str]]

    def __iter__(self) -> Iterator[Unit]:
        """Plan anew."""
        for unit in self.whole.units:
            if not isinstance(unit, Stretch):
                yield unit  # a film must be known before its clips are planned
                continue
            tasks = tuple(task for task in map(self._cut_down, unit.tasks) if task.cuts)
            if tasks:
                # What was made once is made again, whatever the limits are now.
                yield replace(unit, tasks=tasks, settings=unit.settings.accepting_all())

    def _cut_down(self, task: ClipTask) -> ClipTask:
        categories = self.wanted.get(task.index, frozenset())
        return replace(task, cuts=tuple(cut for cut in task.cuts if cut.category in categories))


@dataclass(frozen=True, slots=True)
class _RestrictedStage:
    """A stage that leaves out what is not wanted."""

    stage: Stage
    wanted: Wanted

    @property
    def name(self) -> str:
        """As the whole one."""
        return self.stage.name

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan the whole, and keep what is wanted of it."""
        whole = self.stage.plan(records)
        return replace(
            whole, sources=tuple(self._cut_down(plan) for plan in whole.sources if plan.source in self.wanted)
        )

    def _cut_down(self, plan: SourcePlan) -> SourcePlan:
        units = _Units(plan, self.wanted[plan.source])
        return replace(plan, units=units, clips_left=sum(len(unit.clips) for unit in units))

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Do a unit, as the whole stage does."""
        return self.stage.perform(unit)


@dataclass(slots=True)
class Restricted:
    """The job, for certain patches alone."""

    whole: Job
    wanted: Wanted
    stages: Sequence[Stage] = field(init=False)

    def __post_init__(self) -> None:
        """Restrict the stages."""
        self.stages = tuple(_RestrictedStage(stage, self.wanted) for stage in self.whole.stages)

    @property
    def name(self) -> str:
        """As the whole one."""
        return self.whole.name

    @property
    def recipe(self) -> JsonObject:
        """As of the whole one."""
        return self.whole.recipe
