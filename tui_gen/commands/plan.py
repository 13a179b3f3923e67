"""What a run would do, as lines of text: everything is looked at, nothing is written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from tui_gen.base.formatting import count, display_name, duration, size
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import eta
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.disk_estimate import need_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.model.work import Learned, Plan, Stage, Unit, Unusable
from tui_gen.engine.run.session import replay, steady_clock


def plan_lines(config: JobConfig) -> tuple[list[str], bool]:
    """Return the dry run as lines, and whether all targets can be met. Raises RefusedError."""
    state, _ = replay(config.run_folder)
    opened = config.open(state.records, may_write_beside=True)
    clock = steady_clock()
    for event in opened.found:
        state.apply(event)
    *first, last = opened.job.stages
    for stage in first:
        asyncio.run(_look(stage, state))
    plan = last.plan(state.records)
    state.apply(ev.StagePlanned(clock(), last.name, plan))
    return list(_lines(state, plan, clock())), not any(c.shortfall for c in state.categories.values())


async def _look(stage: Stage, state: RunState) -> None:
    """Perform a stage that only finds facts, many sources at once, into the state alone."""
    room = asyncio.Semaphore(os.cpu_count() or 1)

    async def perform(unit: Unit) -> None:
        async with room:
            async for report in stage.perform(unit):
                if isinstance(report, Learned):
                    state.apply(ev.FactsLearned(0.0, stage.name, report.source, report.facts))
                elif isinstance(report, Unusable):
                    state.apply(ev.SourceFoundUnusable(0.0, stage.name, report.source, report.reason))

    plan = stage.plan(state.records)
    await asyncio.gather(*(perform(unit) for source in plan.sources for unit in source.units))


def _lines(state: RunState, plan: Plan, now: float) -> Iterator[str]:
    sources = [source for source in state.sources.values() if source.is_planned or source.is_missing]
    idle = [source for source in sources if source.reason]
    yield f"Videos: {len(sources) - len(idle)} of {len(sources)} can be used"
    yield ""
    yield from _category_table(state, plan)
    yield ""
    yield from _totals(state, plan, now)
    spacing = [source for source in plan.sources if source.spacing_seconds is not None and source.clips_left]
    if spacing:
        yield ""
        yield "Mean spacing of the clips:"
        for source in spacing:
            yield f"  {source.spacing_seconds:8.1f} s  {display_name(source.name)}"
    yield from _problems(idle, plan)


def _category_table(state: RunState, plan: Plan) -> Iterator[str]:
    yield f"{'category':<20} {'videos':>6} {'made':>9} {'planned':>9} {'target':>9}"
    for category in state.categories.values():
        if category.name not in plan.categories:
            continue
        videos = sum(1 for source in plan.sources if source.quotas.get(category.name))
        target = count(category.target) if category.target is not None else "-"
        short = f"  misses {count(category.shortfall)}" if category.shortfall else ""
        name = display_name(category.name)
        yield (
            f"{name:<20} {videos:>6} {count(category.images):>9} {count(category.planned):>9} "
            f"{target:>9}{short}"
        )


def _totals(state: RunState, plan: Plan, now: float) -> Iterator[str]:
    made = sum(source.clips_made for source in plan.sources)
    need = need_of(state, plan)
    yield f"Clips:   {count(need.clips)} to make, {count(made)} made"
    yield f"Patches: {count(need.patches)} to make, {count(need.files)} files"
    if need.is_measured:
        yield f"Disk:    {size(need.size_bytes)} more, by the patches made so far"
    else:
        yield f"Disk:    about {size(need.size_bytes)}, if PNG halves the pixels as it does for film"
    seconds = eta.seconds_left(state, now)
    if need.clips and seconds is not None:
        yield f"Time:    {duration(seconds)}, at the rate of the runs so far"
    elif need.clips:
        yield "Time:    not known before the first clips; try: tui-gen run --limit 20"


def _problems(idle: list[SourceState], plan: Plan) -> Iterator[str]:
    if idle or plan.warnings or plan.notes:
        yield ""
    for source in idle:
        yield f"Not used: {display_name(source.name)}: {display_name(source.reason)}"
    for note in plan.notes:
        yield f"Note: {display_name(note)}"
    for warning in plan.warnings:
        yield f"Warning: {display_name(warning)}"
