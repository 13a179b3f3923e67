"""The plan of all stages together, by what the ledger alone records. Pure: no folder is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tui_gen.engine.model.work import DATASET, CategoryPlan, Plan, SourcePlan
from tui_gen.jobs.anime import facts, planning
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import Records
from tui_gen.jobs.anime.stages import PLANS


def expected_plan(settings: Settings, records: Records) -> Plan:
    """Return the plans of the stages of a configuration as one: the numbers of each source are added up.

    A stage over the dataset has work left if it was never performed, or if a stage before it has work left.
    """
    plans = list[Plan]()
    for stage in settings.stages:
        is_complete = all(not source.clips_left for plan in plans for source in plan.sources)
        plans.append(_plan_of(settings, records, stage, is_complete=is_complete))
    categories: Mapping[str, CategoryPlan] = {
        name: category for plan in plans for name, category in plan.categories.items()
    }
    return Plan(tuple(_merged(plans)), categories)


def _plan_of(settings: Settings, records: Records, stage: str, *, is_complete: bool) -> Plan:
    if stage in PLANS:
        return PLANS[stage](settings, records)
    inputs = facts.done_inputs(records, stage) if is_complete else ""
    return planning.plan_dataset(settings, records, stage, inputs)


def _merged(plans: Sequence[Plan]) -> Iterable[SourcePlan]:
    """Yield the sum of the plans of each source, in the order of the first plans; the dataset comes last."""
    merged = dict[str, SourcePlan]()
    for plan in plans:
        for source in plan.sources:
            before = merged.get(source.source)
            merged[source.source] = source if before is None else _sum(before, source)
    whole = merged.pop(DATASET, None)
    return (*merged.values(), *(() if whole is None else (whole,)))


def _sum(first: SourcePlan, second: SourcePlan) -> SourcePlan:
    return replace(
        first,
        units=(),
        key=(first.key, second.key),
        clips_made=first.clips_made + second.clips_made,
        clips_left=first.clips_left + second.clips_left,
        quotas={**first.quotas, **second.quotas},
    )
