"""The job with a plan restricted to certain patches, to make lost patches again.

Invariant: the remaining work of a clip is planned as in the whole job, so names and bytes are the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_gen.contract.verify import Wanted
from tui_gen.engine.executors.ground import ClusterJob, Ground, KnownFile
from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import (
    JsonObject,
    OnChange,
    Outcome,
    Plan,
    Report,
    Scope,
    SourcePlan,
    Stage,
    Unit,
)
from tui_gen.jobs.superres.dataset.split import TRAIN, split_of
from tui_gen.jobs.superres.units import EXTRACT, ClipTask, Stretch


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of a source's plan without unwanted clips. Re-iterable, like the whole plan's units."""

    whole: SourcePlan
    wanted: Mapping[int, frozenset[str]]

    def __iter__(self) -> Iterator[Unit]:
        """Plan the units again on each iteration."""
        for unit in self.whole.units:
            if not isinstance(unit, Stretch):
                yield unit  # a film must be probed and surveyed before its clips are planned
                continue
            tasks = tuple(task for task in map(self._cut_down, unit.tasks) if task.cuts)
            if tasks:
                # A patch that was made once is made again, whatever the limits are now.
                yield replace(unit, tasks=tasks, settings=unit.settings.accepting_all())

    def _cut_down(self, task: ClipTask) -> ClipTask:
        categories = self.wanted.get(task.index, frozenset())
        return replace(task, cuts=tuple(cut for cut in task.cuts if cut.category in categories))


@dataclass(frozen=True, slots=True)
class _RestrictedStage:
    """A stage whose plan is restricted to wanted patches."""

    stage: Stage
    wanted: Wanted

    @property
    def name(self) -> str:
        """The name of the whole stage."""
        return self.stage.name

    @property
    def is_discovery(self) -> bool:
        """The property of the whole stage."""
        return self.stage.is_discovery

    @property
    def scope(self) -> Scope:
        """The scope of the whole stage."""
        return self.stage.scope

    @property
    def is_portable(self) -> bool:
        """The property of the whole stage."""
        return self.stage.is_portable

    @property
    def needs_output(self) -> bool:
        """The property of the whole stage."""
        return self.stage.needs_output

    @property
    def reads_sources(self) -> bool:
        """The property of the whole stage."""
        return self.stage.reads_sources

    @property
    def recipe(self) -> JsonObject:
        """The recipe of the whole stage."""
        return self.stage.recipe

    @property
    def legacy_recipe(self) -> JsonObject:
        """The legacy recipe of the whole stage."""
        return self.stage.legacy_recipe

    @property
    def on_change(self) -> OnChange:
        """The policy of the whole stage."""
        return self.stage.on_change

    def inputs(self, records: Mapping[str, SourceRecord]) -> str:
        """Return the inputs of the whole stage."""
        return self.stage.inputs(records)

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan the whole job and keep the wanted part.

        Patches that do not count towards a target are in no quota. They are planned as if no other patches
        existed.
        """
        whole = self.stage.plan(records)
        sources = [
            _cut_down(plan, self.wanted[plan.source]) for plan in whole.sources if plan.source in self.wanted
        ]
        outside = {plan.source: left for plan in sources if (left := self._outside_quotas(plan, records))}
        if outside:
            others = self.stage.plan(_alone(records, outside)).sources
            alone = {plan.source: _cut_down(plan, outside.get(plan.source, {})) for plan in others}
            sources = [_both(plan, alone[plan.source]) for plan in sources]
        return replace(whole, sources=tuple(sources))

    def _outside_quotas(
        self, plan: SourcePlan, records: Mapping[str, SourceRecord]
    ) -> dict[int, frozenset[str]]:
        """Return the wanted training patches of a source that are lost and not in the plan."""
        planned = {clip.index for unit in plan.units for clip in unit.clips}
        made = records[plan.source].stage(EXTRACT).made if plan.source in records else {}
        left = {
            index: frozenset(
                name for name in categories if split_of(name) == TRAIN and not made.get(name, 0) >> index & 1
            )
            for index, categories in self.wanted[plan.source].items()
            if index not in planned  # the other patches of this clip are made first
        }
        return {index: categories for index, categories in left.items() if categories}

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit as the whole stage does."""
        return self.stage.perform(unit)


def _cut_down(plan: SourcePlan, wanted: Mapping[int, frozenset[str]]) -> SourcePlan:
    units = _Units(plan, wanted)
    left = [clip.index for unit in units for clip in unit.clips]
    return replace(plan, units=units, clips_left=len(left), open_clips=bits_of(left))


def _both(one: SourcePlan, other: SourcePlan) -> SourcePlan:
    """Return one plan for a source from two plans."""
    return replace(
        one,
        units=(*one.units, *(unit for unit in other.units if isinstance(unit, Stretch))),
        clips_left=one.clips_left + other.clips_left,
        open_clips=one.open_clips | other.open_clips,
        key=(one.key, other.key),
    )


def _alone(records: Mapping[str, SourceRecord], wanted: Wanted) -> dict[str, SourceRecord]:
    """Return records in which the wanted categories have no patches and all unwanted clips are closed."""
    categories = {name for clips in wanted.values() for names in clips.values() for name in names}
    clips = [index for of_source in wanted.values() for index in of_source]
    up_to_last = (1 << max(clips) + 1) - 1
    result = {}
    for source, record in records.items():
        closed = dict.fromkeys(categories, up_to_last)
        for index, names in wanted.get(source, {}).items():
            closed |= {name: closed[name] & ~(1 << index) for name in names}
        nothing = dict.fromkeys(categories, 0)
        stage = record.stage(EXTRACT)
        alone = replace(stage, made=stage.made | nothing, rejected_for=stage.rejected_for | closed)
        result[source] = record.with_stage(EXTRACT, alone)
    return result


@dataclass(slots=True)
class Restricted:
    """The job, restricted to certain patches."""

    whole: ClusterJob
    wanted: Wanted
    stages: Sequence[Stage] = field(init=False)

    def __post_init__(self) -> None:
        """Restrict the stages."""
        self.stages = tuple(_RestrictedStage(stage, self.wanted) for stage in self.whole.stages)

    @property
    def name(self) -> str:
        """The name of the whole job."""
        return self.whole.name

    @property
    def recipe(self) -> JsonObject:
        """The recipe of the whole job."""
        return self.whole.recipe

    @property
    def legacy_recipe(self) -> JsonObject:
        """The legacy recipe of the whole job."""
        return self.whole.legacy_recipe

    def at(self, ground: Ground) -> Restricted:
        """Return the restricted job for another machine's programs, threads and paths."""
        return Restricted(self.whole.at(ground), self.wanted)

    def proof(self) -> str:
        """Return the proof of the whole job."""
        return self.whole.proof()

    def known_files(self) -> Sequence[KnownFile]:
        """Return the known files of the whole job."""
        return self.whole.known_files()

    def files_of(self, outcome: Outcome) -> Sequence[str]:
        """Return the files of a clip's patches."""
        return self.whole.files_of(outcome)
