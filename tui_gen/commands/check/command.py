"""The command: inspects everything, records the findings, and prints them.

Guards: a signal ends the children at once, and the findings so far are still recorded.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import display_name
from tui_gen.commands.changed_settings import recipe_advice_of
from tui_gen.commands.check.logind import lingering
from tui_gen.commands.check.machine import processors, program, terminal
from tui_gen.commands.check.output import folder_conditions, room_at, room_conditions
from tui_gen.commands.check.recording import Kept, News, keep, news_of
from tui_gen.commands.check.table import CheckFindings, json_of, lines_of
from tui_gen.commands.memory_doubt import memory_doubt
from tui_gen.commands.offered import offered
from tui_gen.commands.split import near_duplicate_line
from tui_gen.contract.inspect import Condition, Inspected, Inspection
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.disk_estimate import Need, need_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.time_estimate import TimeEstimate, time_estimate
from tui_gen.engine.run.session import LOCK_NAME, recipe_differences, replay
from tui_gen.engine.storage.lock import is_held, read_holder
from tui_gen.processes.machine_memory import machine_memory
from tui_gen.views.text.progress import Progress
from tui_gen.views.text.tables import line_width

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """The arguments of a check."""

    out: TextIO
    talk: TextIO
    environ: Mapping[str, str]
    is_json: bool = False
    may_keep: bool = True


def check_machine(tools: Sequence[Condition], request: CheckRequest) -> int:
    """Check only the machine, without a configuration; return the exit code."""
    return _tell(CheckFindings([*_machine(request), *tools], (), ()), request)


def check(config: JobConfig, request: CheckRequest) -> int:
    """Check everything; return the exit code. Raises RefusedError."""
    inspector = offered(config.capabilities.inspector, config.run.job, "check")
    state, damage = replay(config.run.run_folder)
    state.apply(ev.JobDescribed(state.last_at, config.nouns))
    is_busy = is_held(config.run.run_folder / LOCK_NAME)
    inspection = inspector.inspection(state.records)
    looked = _look(inspection, config, request)
    sources = [looked.found[source] for source in inspection.sources if source in looked.found]
    news = news_of(inspection.found, sources, time.time())
    kept = _kept(config, news, state, request, is_busy=is_busy)
    if kept.says:
        request.talk.write(f"{display_name(kept.says)}\n")
        request.talk.flush()
    if looked.signal is not None:
        request.talk.write(
            f"Stopped after {len(sources)} of {config.nouns.source.counted(len(inspection.sources))}.\n"
        )
        return 128 + looked.signal
    planned = _planned(config, inspection, state, news, sources)
    conditions = [
        *_machine(request),
        *_memory(config),
        *inspection.conditions,
        *_output(config, planned.need, is_busy=is_busy),
        *_run(config, inspection, state, damage, is_busy=is_busy),
    ]
    findings = CheckFindings(
        conditions,
        inspection.columns,
        sources,
        nouns=config.nouns,
        need=planned.need,
        time=planned.time,
        config=str(config.run.path),
        output=str(config.run.output),
        is_kept=kept.is_kept,
    )
    return _tell(findings, request)


def _tell(findings: CheckFindings, request: CheckRequest) -> int:
    if request.is_json:
        request.out.write(f"{json_of(findings)}\n")
    else:
        request.out.writelines(f"{line}\n" for line in lines_of(findings, line_width(request.out)))
    request.out.flush()
    return ExitCode.DONE if findings.is_ready else ExitCode.WITH_GAPS


# ------------------------------------------------------------------ the sources


@dataclass(slots=True)
class _Looked:
    """The findings so far, and the signal that ended the check, if one did."""

    found: dict[str, Inspected] = field(default_factory=dict)
    signal: int | None = None


def _look(inspection: Inspection, config: JobConfig, request: CheckRequest) -> _Looked:
    looked = _Looked()
    progress = Progress(request.talk, len(inspection.sources), config.nouns.source.many)
    try:
        asyncio.run(_look_at_all(inspection, looked, progress, config.run.sources_at_once))
    except asyncio.CancelledError:
        if looked.signal is None:
            raise
    finally:
        progress.clear()
    return looked


async def _look_at_all(inspection: Inspection, looked: _Looked, progress: Progress, at_once: int) -> None:
    """Inspect all sources, so many in parallel."""
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    room = asyncio.Semaphore(at_once)

    def stop(number: int) -> None:
        looked.signal = looked.signal or number
        if this is not None:
            this.cancel()

    async def look(source: str) -> None:
        async with room:
            looked.found[source] = await inspection.look(source)
        progress.show(len(looked.found))

    for number in SIGNALS:
        # nohup and service managers ignore a signal on purpose: leave it ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop, number)
    progress.show(0)
    async with asyncio.TaskGroup() as group:
        for source in inspection.sources:
            group.create_task(look(source))


def _kept(config: JobConfig, news: News, state: RunState, request: CheckRequest, *, is_busy: bool) -> Kept:
    if not request.may_keep:
        return Kept(is_kept=False, says="")
    if is_busy:
        return Kept(is_kept=False, says="What was found is not kept: an engine is at work here.")
    return keep(config.run.run_folder, news, before=state.records)


@dataclass(frozen=True, slots=True)
class _Planned:
    """The plan of a run, and the time that it takes."""

    need: Need | None = None
    time: TimeEstimate | None = None


def _planned(
    config: JobConfig,
    inspection: Inspection,
    state: RunState,
    news: News,
    sources: Sequence[Inspected],
) -> _Planned:
    """Plan what a run would make, from the facts known now."""
    if not sources:
        return _Planned()
    for event in news:
        state.apply(event)
    planned = inspection.planned(state.records, time.time())
    state.apply(planned)
    processors = os.cpu_count() or 1
    estimate = time_estimate(
        state, planned.plan, planned.at, workers=config.run.workers, processors=processors
    )
    return _Planned(need_of(state, planned.plan), estimate)


# ------------------------------------------------------------------ the machine


def _machine(request: CheckRequest) -> Sequence[Condition]:
    return program(), processors(), terminal(request.environ), lingering()


def _memory(config: JobConfig) -> Sequence[Condition]:
    doubt = memory_doubt(config.run, machine_memory())
    return () if doubt is None else (Condition("memory", "warning", doubt),)


def _output(config: JobConfig, need: Need | None, *, is_busy: bool) -> Sequence[Condition]:
    run = config.run
    folder = folder_conditions(
        run.output, run.run_folder, run.status_path, is_busy=is_busy, output_key=run.output_key
    )
    room = room_conditions(room_at(config.run.output), need, config.run.min_free_bytes, config.nouns.patch)
    return (*folder, *room)


def _run(
    config: JobConfig, inspection: Inspection, state: RunState, damage: Sequence[str], *, is_busy: bool
) -> list[Condition]:
    """Return why a run would be refused, or which engine is running already."""
    conditions = []
    if is_busy:
        holder = read_holder(config.run.run_folder / LOCK_NAME)
        who = f"process {holder.pid} on {holder.host}" if holder else "another process"
        conditions.append(Condition("engine", "good", f"{who} is at work here: tui-gen shows it"))
    else:
        conditions.append(Condition("engine", "good", "none is at work here"))
    if damage:
        says = f"{len(damage)} damaged lines are left out; what they told of is made again"
        conditions.append(Condition("ledger", "warning", says))
    if near := "" if is_busy else near_duplicate_line(config, state.records):
        says = f"{near}; the next run moves them, or tui-gen split --move"
        conditions.append(Condition("near duplicates", "warning", says))
    recipe = inspection.recipe
    if recipe is not None and (
        differences := recipe_differences(state.recipe, recipe, legacy=inspection.legacy_recipe)
    ):
        says = f"differs from that of the output folder, so that a run is refused: {'; '.join(differences)}"
        advice = recipe_advice_of(config, recipe, state)
        conditions.append(Condition("recipe", "wrong", f"{says}. {advice}" if advice else says))
    return conditions
