"""Carries out commands on a running engine, and returns one line about the result or the refusal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from tui_gen.base.errors import RefusedError
from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.config.run_config import ScheduleEntry
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_metrics import machines_of, unknown_machine
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.timeline import SourceTimeline, source_timeline
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.schedule_follower import ScheduleFollower
from tui_gen.engine.scheduling.scheduler import Scheduler
from tui_gen.engine.storage.recorder import Recorder


class Steering:
    """The engine's controller, for a screen in the same process, the socket and signals."""

    def __init__(self, engine: Scheduler, recorder: Recorder) -> None:
        """Control `engine`, and record through its recorder."""
        self._engine, self._recorder = engine, recorder
        self._schedule = ScheduleFollower((), engine, recorder, usual=0)

    def follow_schedule(self, entries: Sequence[ScheduleEntry], *, usual: int) -> ScheduleFollower:
        """Return what follows a schedule; commands override it until its next change.

        In a cluster, the usual number is that which the machines lend.
        """
        self._schedule = ScheduleFollower(
            entries, self._engine, self._recorder, usual=None if self._engine.machines.is_cluster else usual
        )
        return self._schedule

    def snapshot(self) -> RunState:
        """Return a copy of the current state."""
        return self._engine.snapshot()

    def timeline(self, source: str, parts: int) -> SourceTimeline | None:
        """Return the timeline of a source, or None if it has none. Raises ValueError for a wrong `parts`."""
        return source_timeline(self._recorder.state, source, parts)

    async def steer(self, command: do.Command) -> str:
        """Carry out a command. Raises CommandRefusedError."""
        if isinstance(command, do.Pause | do.Resume | do.Drain | do.Stop):
            return self._whole_run(command)
        if isinstance(command, do.SetWorkers):
            return self._set_workers(command.count, command.machine)
        return await self._one_source(command)

    def _whole_run(self, command: do.Pause | do.Resume | do.Drain | do.Stop) -> str:
        clips = self._recorder.state.nouns.clip.many
        match command:
            case do.Pause():
                self._engine.gate.pause()
                return f"pausing: the {clips} in hand end first{self._schedule.override()}"
            case do.Resume():
                self._engine.gate.resume()
                return f"going on{self._schedule.override()}"
            case do.Drain():
                self._engine.end("drain")
                return f"finishing the {clips} in hand, then stopping"
            case do.Stop():
                self._engine.end("stop")
                return "stopping now"
        assert_never(command)

    def _set_workers(self, count: int, machine: str | None) -> str:
        if refusal := do.refusal_of_workers(count, machine):
            raise do.CommandRefusedError(refusal)
        known = {each.name for each in machines_of(self._recorder.state)}
        if machine is not None and machine not in known:
            raise do.CommandRefusedError(unknown_machine(machine, self._recorder.state))
        try:
            self._engine.set_workers(count, machine)
        except RefusedError as error:
            raise do.CommandRefusedError(str(error)) from error
        where = "" if machine is None else f" on {machine}"
        return f"{count} workers{where}{self._schedule.override()}"

    async def _one_source(self, command: do.Skip | do.Unskip | do.SetPriority | do.Retry) -> str:
        match command:
            case do.Skip(source):
                return await self._skip(source)
            case do.Unskip(source):
                return await self._unskip(source)
            case do.SetPriority(source, priority):
                return await self._set_priority(source, priority)
            case do.Retry(source):
                return await self._retry(source)
        assert_never(command)

    def _name(self, source: str) -> str:
        found = self._recorder.state.sources.get(source)
        if found is None:
            message = f"no such source: {source}"
            raise do.CommandRefusedError(message)
        return found.name

    async def _record(self, event: ev.Durable) -> None:
        # The caller does not wait for the disk: the line is synced within a second.
        await self._recorder.note(event, self._engine.gate)

    async def _skip(self, source: str) -> str:
        name = self._name(source)
        if self._recorder.state.record(source).skipped:
            return f"{name} is skipped already"
        await self._record(ev.SourceSkipped(self._recorder.now(), source))
        self._engine.plan_again(source, is_dropped=True)
        return f"skipping {name}"

    async def _unskip(self, source: str) -> str:
        name = self._name(source)
        if not self._recorder.state.record(source).skipped:
            return f"{name} is not skipped"
        await self._record(ev.SourceUnskipped(self._recorder.now(), source))
        self._engine.plan_again(source)
        return f"taking back {name}"

    async def _set_priority(self, source: str, priority: int) -> str:
        name = self._name(source)
        if not 0 <= priority <= DEFAULT_PRIORITY:
            message = f"priorities go from 0 (first) to {DEFAULT_PRIORITY}, not {priority}"
            raise do.CommandRefusedError(message)
        await self._record(ev.PriorityChanged(self._recorder.now(), source, priority))
        self._engine.plan_again(source)
        return f"{name} has priority {priority}"

    async def _retry(self, source: str | None) -> str:
        if source is not None:
            self._name(source)
        wanted = [
            found.id
            for found in self._recorder.state.sources.values()
            if source in {None, found.id} and (found.failed or found.unusable or found.quarantined)
        ]
        for name in wanted:
            await self._record(ev.SourceRetried(self._recorder.now(), name))
            self._engine.forgive(name)
        answers = [self._tried(wanted)] if wanted else []
        if source is None and (refused := self._engine.machines.enlist_again()):
            answers.append(f"examining {refused} machine{'' if refused == 1 else 's'} again")
        return "; ".join(answers) or "nothing has failed"

    def _tried(self, wanted: Sequence[str]) -> str:
        """Return the answer to a retry of sources. The new plan may refuse some by their recorded facts."""
        sources = self._recorder.state.sources
        refused = [sources[name] for name in wanted if sources[name].unusable is not None]
        parts = list[str]()
        if len(refused) < len(wanted):
            when = " when the run goes on" if self._engine.gate.is_closed else ""
            parts.append(f"trying {len(wanted) - len(refused)} again{when}")
        if refused:
            parts.append(f"{refused[0].name} stays unusable: {refused[0].unusable}")
        if len(refused) > 1:
            parts.append(f"and so do {len(refused) - 1} more")
        return "; ".join(parts)
