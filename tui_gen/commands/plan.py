"""The dry run: prints what a run would do. It reads the sources and writes nothing.

Discovery stages are performed, because every later plan depends on the facts that they find. Stages that make
something are only planned. A stage after one with work left cannot be planned completely, because its input
is not made yet.

A plan says what a run does after a change of settings: a stage that is redone is planned again, and a change
that a run refuses is refused here, too.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tui_gen.base.formatting import count, display_name, duration, size
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.commands.changed_settings import redone_by_settings, redone_line, refuse_changed_recipe
from tui_gen.commands.memory_doubt import memory_doubt
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.disk_estimate import need_of
from tui_gen.engine.model.metrics import Metrics, idle_sources, listed, metrics_of
from tui_gen.engine.model.stage_changes import redone_stages, starts_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.model.time_estimate import TimeEstimate, described, time_estimate
from tui_gen.engine.model.work import Learned, Plan, SourcePlan, Stage, Unit, Unusable
from tui_gen.engine.run.session import replay
from tui_gen.processes.machine_memory import machine_memory
from tui_gen.views.text.tables import Column, LineWidth, table_lines


def plan_lines(config: JobConfig, width: LineWidth, *, may_mix: bool) -> tuple[list[str], bool]:
    """Return the dry run as lines, and whether all targets can be met. Raises RefusedError.

    With `may_mix`, a changed recipe is accepted, as by a run with `--mix`.
    """
    state, _ = replay(config.run.run_folder)
    state.apply(ev.JobDescribed(state.last_at, config.nouns))
    opened = config.open(state.records, may_write_beside=True)
    if not may_mix:
        refuse_changed_recipe(config, opened.job, state)
    for event in opened.found:
        state.apply(event)
    parallel = Parallel(config.run.workers, config.run.sources_at_once)
    lines = list(dry_run(opened.job.stages, state, time.time, width, parallel=parallel))
    if (doubt := memory_doubt(config.run, machine_memory())) is not None:
        lines.append(f"Warning: {doubt}")
    return lines, not any(category.shortfall for category in state.categories.values())


@dataclass(frozen=True, slots=True)
class Parallel:
    """How much is done at once."""

    workers: int  # of a run
    sources: int  # that a plan looks at


def dry_run(
    stages: Sequence[Stage],
    state: RunState,
    clock: Callable[[], float],
    width: LineWidth,
    *,
    parallel: Parallel,
) -> Iterator[str]:
    """Plan the stages in order and yield the result as lines. The facts and plans are applied to `state`.

    Discovery stages are performed up to the first stage that has something left to make.
    """
    redone = list(redone_by_settings(stages, state))
    for stage in redone_stages(stages, state):
        state.apply(ev.StageStarted(clock(), stage.name, dict(stage.recipe), is_redone=True))
    found = _plan_stages(stages, state, clock, width, parallel=parallel)
    total, idle = len(listed(state)), idle_sources(state)
    yield f"{state.nouns.source.title}: {total - len(idle)} of {total} can be used"
    yield from redone
    yield from found.redone
    yield from found.lines
    if found.later:
        yield ""
        yield from found.later
    yield from _problems(idle, found.plans)


@dataclass(slots=True)
class _Planned:
    """The plans of all stages."""

    plans: list[Plan] = field(default_factory=list)  # of stages that could be planned completely
    lines: list[str] = field(default_factory=list)  # these plans, as text
    later: list[str] = field(default_factory=list)  # a line for each stage that cannot be planned yet
    redone: list[str] = field(default_factory=list)  # about stages whose inputs have changed


def _plan_stages(
    stages: Sequence[Stage],
    state: RunState,
    clock: Callable[[], float],
    width: LineWidth,
    *,
    parallel: Parallel,
) -> _Planned:
    found = _Planned()
    has_headings = sum(not stage.is_discovery for stage in stages) > 1
    unfinished: str | None = None  # the first stage with work left, and what it has to make
    waiting = list[tuple[str, str]]()  # later stages, and what of them is known
    for stage in stages:
        if unfinished is not None:
            waiting.append((stage.name, _known(stage, stage.plan(state.records), state.nouns.clip)))
        elif stage.is_discovery:
            asyncio.run(_discover(stage, state, parallel.sources))
        else:
            found.redone += _begin(stage, stages, state, clock())
            plan = stage.plan(state.records)
            now = clock()
            state.apply(ev.StagePlanned(now, stage.name, plan))
            found.plans.append(plan)
            clips = sum(source.clips_left for source in plan.sources)
            if state.nouns.image_categories and not clips:  # one of many stages: a line is enough
                found.lines += _complete(stage, plan, is_first=len(found.plans) == 1)
                continue
            found.lines += ["", f"Stage {stage.name}:"] if has_headings else []
            found.lines += [""]
            if stage.scope == "dataset":
                found.lines += _dataset_lines(state, plan, now, width)
            else:
                found.lines += _stage_lines(state, plan, now, width, parallel.workers)
            unfinished = _unfinished(stage, clips, state.nouns.clip) if clips else None
    if unfinished is not None:
        found.later += _later(waiting, unfinished, are_many=bool(state.nouns.image_categories))
    return found


def _complete(stage: Stage, plan: Plan, *, is_first: bool) -> Iterator[str]:
    """Yield a line about a stage with nothing left to make, after an empty line if it is the first."""
    if is_first:
        yield ""
    made = sum(source.clips_made for source in plan.sources)
    yield f"Stage {stage.name}: {'made' if stage.scope == 'dataset' else f'{count(made)} made'}, nothing left"


def _begin(stage: Stage, stages: Sequence[Stage], state: RunState, now: float) -> Iterator[str]:
    """Apply what a run records when a stage begins; yield a line if changed inputs redo the stage."""
    inputs = stage.inputs(state.records) if stage.scope == "dataset" else ""
    redone = []
    for started in list(starts_of(stages, stage, inputs, state)):
        state.apply(replace(started, at=now))
        redone += [each for each in stages if started.is_redone and each.name == started.stage]
    if redone:
        yield redone_line("Inputs have", redone)


def _unfinished(stage: Stage, clips: int, noun: Noun) -> str:
    """Return what a later stage waits for. The clips of a stage over the whole dataset have no noun."""
    made = "its result" if stage.scope == "dataset" else f"its {noun.counted(clips)}"
    return f"stage {stage.name} has made {made}"


def _known(stage: Stage, plan: Plan, noun: Noun) -> str:
    """Return what is known of a stage whose input is not complete.

    A stage over the whole dataset does not begin before its input is complete.
    """
    known = 0 if stage.scope == "dataset" else sum(source.clips_left for source in plan.sources)
    return f"; from what exists already: {noun.counted(known)} to make" if known else ""


def _later(waiting: Sequence[tuple[str, str]], unfinished: str, *, are_many: bool) -> Iterator[str]:
    """Yield a line about each stage whose input is not complete; of many, one about all unknown ones."""
    for name, known in waiting:
        if known or not are_many:
            yield f"Stage {name}: cannot be planned in full before {unfinished}{known}"
    unknown = ", ".join(name for name, known in waiting if not known)
    if are_many and unknown:
        yield f"These stages cannot be planned before {unfinished}: {unknown}"


async def _discover(stage: Stage, state: RunState, at_once: int) -> None:
    """Perform a discovery stage, many sources in parallel, and apply its facts to the state only."""
    room = asyncio.Semaphore(at_once)

    async def perform(unit: Unit) -> None:
        async with room:
            async for report in stage.perform(unit):
                if isinstance(report, Learned):
                    state.apply(ev.FactsLearned(0.0, stage.name, report.source, report.facts))
                elif isinstance(report, Unusable):
                    state.apply(ev.SourceFoundUnusable(0.0, stage.name, report.source, report.reason))

    plan = stage.plan(state.records)
    await asyncio.gather(*(perform(unit) for source in plan.sources for unit in source.units))


def _dataset_lines(state: RunState, plan: Plan, now: float, width: LineWidth) -> Iterator[str]:
    yield from _category_table(metrics_of(state, now), plan, state.nouns, width)
    yield ""
    yield from _result(state, plan)


def _stage_lines(state: RunState, plan: Plan, now: float, width: LineWidth, workers: int) -> Iterator[str]:
    yield from _category_table(metrics_of(state, now), plan, state.nouns, width)
    yield ""
    time = time_estimate(state, plan, now, workers=workers, processors=os.cpu_count() or 1)
    yield from _totals(state, plan, time)
    left = [source for source in plan.sources if source.clips_left]
    yield from _figures(left, width)
    if time is not None and not time.is_by_runs and len(time.by_source) > 1:
        rows = [(duration(time.by_source[s.source]), s.name) for s in left if s.source in time.by_source]
        yield from _figure_table("Time of each", rows, width)


def _figures(sources: Sequence[SourcePlan], width: LineWidth) -> Iterator[str]:
    """Yield the job's figures for each source, title by title."""
    for title in dict.fromkeys(title for source in sources for title in source.figures):
        rows = [(source.figures[title], source.name) for source in sources if title in source.figures]
        yield from _figure_table(title, rows, width)


def _figure_table(title: str, rows: Sequence[tuple[str, str]], width: LineWidth) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    columns = (Column("", is_number=True), Column("", may_be_cut=True))
    yield from table_lines(columns, rows, width, indent=2)


def _category_table(metrics: Metrics, plan: Plan, nouns: Nouns, width: LineWidth) -> Iterator[str]:
    columns = (
        Column("category", may_be_cut=True),
        Column(nouns.source.many, is_number=True),
        Column("made", is_number=True),
        Column("planned", is_number=True),
        Column("target", is_number=True),
        Column(""),
    )
    rows = [
        (
            category.name,
            count(category.videos),
            count(category.images),
            count(category.planned),
            count(category.target) if category.target is not None else "-",
            f"misses {count(category.shortfall)}" if category.shortfall else "",
        )
        for category in metrics.categories.values()
        if category.name in plan.categories
    ]
    return table_lines(columns, rows, width)


def _result(state: RunState, plan: Plan) -> Iterator[str]:
    """Yield the totals of a stage over the whole dataset: its clips are no clips of a source."""
    made = sum(source.clips_made for source in plan.sources)
    need = need_of(state, plan)
    if made and need.clips:
        yield f"Result: {count(need.clips)} of {count(made + need.clips)} parts to be made"
    elif need.clips:
        yield "Result: to be made"
    else:
        yield "Result: made" if made else "Result: nothing to make"
    if need.clips:
        yield f"Disk:   about {size(need.size_bytes)}"


def _totals(state: RunState, plan: Plan, time: TimeEstimate | None) -> Iterator[str]:
    made = sum(source.clips_made for source in plan.sources)
    need = need_of(state, plan)
    clips, patches = state.nouns.clip, state.nouns.patch
    width = max(map(len, (clips.title, patches.title, "Disk"))) + 1
    yield f"{clips.title + ':':<{width}} {count(need.clips)} to make, {count(made)} made"
    if state.nouns.image_categories and not need.clips:  # one of many stages, and done
        return
    files = f", {count(need.files)} files" if need.files else ""
    if not all(map(state.nouns.is_image, plan.categories)):
        if need.files:
            yield f"{'Files:':<{width}} {count(need.files)} to make"
    elif files or patches != clips or need.patches != need.clips:
        yield f"{patches.title + ':':<{width}} {count(need.patches)} to make{files}"
    if need.is_measured:
        yield f"{'Disk:':<{width}} {size(need.size_bytes)} more, by the {patches.many} made so far"
    else:
        basis = f", {plan.estimate_basis}" if plan.estimate_basis else ""
        yield f"{'Disk:':<{width}} about {size(need.size_bytes)}{basis}"
    if need.clips:
        unknown = f"not known before the first {clips.many}; {plan.time_hint}"
        said = unknown if time is None else described(time, duration(time.seconds))
        yield f"{'Time:':<{width}} {said}"


def _problems(idle: Sequence[SourceState], plans: Sequence[Plan]) -> Iterator[str]:
    notes = [note for plan in plans for note in plan.notes]
    warnings = [warning for plan in plans for warning in plan.warnings]
    if idle or warnings or notes:
        yield ""
    for source in idle:
        yield f"Not used: {display_name(source.name)}: {display_name(source.reason)}"
    for note in notes:
        yield f"Note: {display_name(note)}"
    for warning in warnings:
        yield f"Warning: {display_name(warning)}"
