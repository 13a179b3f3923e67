"""Controllers for screens outside the engine's process: one uses the socket, one the status file.

Both answer at once from the last known state, and look for changes in the background. They read files off the
event loop, and read a log only if its engine is dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from tui_gen.base.detached_call import detached_call
from tui_gen.base.exit_codes import ExitCode
from tui_gen.commands import engine_client
from tui_gen.commands.engine_client import NoEngineError, StartedEngine
from tui_gen.commands.kernel_log import memory_kill
from tui_gen.commands.log_tail import log_tail
from tui_gen.config.run_config import RUN_FOLDER, RunConfig
from tui_gen.engine.control.client import ControlClient, only_stable
from tui_gen.engine.control.history_follower import HistoryFollower
from tui_gen.engine.control.protocol import ControlError, EngineVersion
from tui_gen.engine.model.history import NOTHING_KNOWN, History
from tui_gen.engine.model.problems import Problem
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.run.history_sampler import HistorySampler, wall_offset
from tui_gen.engine.run.run_log import LOG_NAME
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError
from tui_gen.engine.storage.status_reader import HeartbeatWatch, StatusError, StatusSnapshot, load_status
from tui_gen.tui.timelines import Timelines
from tui_gen.tui.view import EngineInfo

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
MONITOR_SECONDS = 2.0
SILENT_SECONDS = 6.0
"""An engine makes a lost socket again within this time; a longer silence is reported on the screen."""
_ENDED_IN_ORDER = {
    int(ExitCode.DONE): "finished",
    int(ExitCode.WITH_GAPS): "finished",
    int(ExitCode.STOPPED): "stopped",
}


class LiveController:
    """A controller of a configuration's engine over its socket; the engine may die and be started again."""

    def __init__(
        self,
        config: RunConfig,
        engine: StartedEngine | None = None,
        recorded: Callable[[], RunState | None] = lambda: None,
        flags: Sequence[str] = (),
    ) -> None:
        """Prepare a controller; the first look starts it and must be made in a running loop.

        `recorded` reads the state from the ledger, or returns None if no run is recorded. The call may take
        long, and raises OSError. `flags` are those of an engine that `restart` starts.
        """
        self._config, self._engine, self._recorded = config, engine, recorded
        self._flags = flags
        self.timelines = Timelines()
        self._pid = engine.pid if engine is not None else None  # of the observed engine
        self._client: ControlClient | None = None
        self._state: RunState | None = None
        self._info = EngineInfo()
        self._task: asyncio.Task[None] | None = None
        self._silent_since: float | None = None
        self._heartbeats = HeartbeatWatch()
        self._heard_at: float | None = None  # by the monotonic clock
        self._unreached = ""  # why the engine does not answer
        self._ledger_trouble = ""  # why the ledger cannot be read
        self._history = HistoryFollower()

    def snapshot(self) -> RunState | None:
        """Return the last state."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._listen(), name="listen")
        return self._state

    def engine_info(self) -> EngineInfo:
        """Return the last information about the engine."""
        silent_seconds = None if self._heard_at is None else time.monotonic() - self._heard_at
        return replace(self._info, silent_seconds=silent_seconds, history=self._history.history)

    async def steer(self, command: Command) -> str:
        """Send a command to the engine. Raises CommandRefusedError."""
        if self._client is None:
            raise CommandRefusedError(self._unreached or "the engine does not answer")
        client = self._client
        try:
            said = await client.steer(command)
        except ControlError as error:
            raise CommandRefusedError(str(error)) from error
        with contextlib.suppress(ControlError):  # the next look will find that the engine is dead
            await self._hear(client)
        return said

    async def restart(self) -> str:
        """Start an engine if none runs. Raises CommandRefusedError with its refusal."""
        if self._client is not None or self._is_own_engine_alive():
            message = "an engine is at work already"
            raise CommandRefusedError(message)
        engine_before, pid_before, info_before = self._engine, self._pid, self._info
        self._info = EngineInfo(is_starting=True)
        try:
            engine = self._engine = await detached_call(
                lambda: engine_client.start(self._config, self._flags)
            )
        except OSError as error:
            self._info = info_before
            message = f"no engine can be started: {error.strerror}"
            raise CommandRefusedError(message) from error
        self._pid = engine.pid
        await engine_client.wait_for_start(self._config, engine)
        refusal = engine.refusal()
        if refusal is None and not engine.is_locked_out:
            if engine_before is not None:
                engine_before.close()
            return "the engine was started"
        engine.close()
        self._engine = engine_before
        if self._pid in {engine.pid, None}:  # no other engine has answered meanwhile
            self._pid, self._info = pid_before, info_before
        if refusal is not None:
            raise CommandRefusedError(refusal)
        return "another engine was started at the same time"

    # ------------------------------------------------------------------ finding out

    async def _listen(self) -> None:
        try:
            while True:
                await self._look_safely()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            if self._client is not None:
                await self._client.close()

    async def _look_safely(self) -> None:
        try:
            await self._look()
        except Exception as error:
            # No code waits for this task: it must not die and leave a state that never changes.
            log.exception("looking at the engine")
            trouble = f"looking at the engine failed: {type(error).__name__}: {error}"
            self._info = replace(self._info, trouble=trouble)

    async def _look(self) -> None:
        client = self._client
        try:
            if client is None:
                client = self._client = await engine_client.attach(self._config)
            await self._hear(client)
            await self.timelines.fetch(client)
            self._silent_since, self._unreached = None, ""
        except ControlError as error:
            self._client = None
            if client is not None:
                await client.close()
            await self._look_without_socket(error)

    async def _hear(self, client: ControlClient) -> None:
        """Read the state from the engine. Raises ControlError."""
        if client.engine is not None and not client.engine.is_same:
            await self._hear_other_version(client, client.engine)
            return
        await client.refresh()
        self._state = client.snapshot()
        self._info, self._heard_at = EngineInfo(), time.monotonic()
        self._pid = self._state.pid if self._state is not None else self._pid
        await self._history.look(client)

    async def _hear_other_version(self, client: ControlClient, engine: EngineVersion) -> None:
        """Read the plain fields of the state from an engine of another version. Raises ControlError."""
        await client.ping()
        seen = await self._status()
        state = seen.state if seen is not None else _least_state(await client.raw_state(), self._config)
        self._state, self._pid = _with_warning(state, only_stable(engine)), state.pid
        trouble = f"engine {engine.version} is of another version: only pause, finish and stop work"
        self._info, self._heard_at = EngineInfo(reach="run", trouble=trouble), time.monotonic()

    async def _look_without_socket(self, why: ControlError) -> None:
        """Read the status file of an engine that does not answer."""
        own, seen = self._engine, await self._status()
        if own is not None and own.is_locked_out and self._pid == own.pid:
            self._pid = None  # the observed engine is the one that has the lock
        is_gone = isinstance(why, NoEngineError) and not self._is_own_engine_alive()
        # The status may be that of an engine which began after the lock was found free.
        if is_gone and not await self._is_engine_at_work():
            await self._take_end(seen)
        else:
            self._take_silence(seen, why)

    async def _is_engine_at_work(self) -> bool:
        return await detached_call(lambda: engine_client.is_running(self._config))

    async def _status(self) -> StatusSnapshot | None:
        try:
            return await load_status(self._config.status_path, time.time(), self._heartbeats)
        except StatusError:
            return None

    def _take_silence(self, seen: StatusSnapshot | None, why: ControlError) -> None:
        """Show an engine that exists but does not answer: it starts, ends, or has no socket."""
        now, self._unreached = time.monotonic(), str(why)
        self._silent_since = since = self._silent_since if self._silent_since is not None else now
        is_seen = seen is not None and (seen.liveness in {"alive", "stale"} or self._is_current(seen.state))
        if is_seen and seen is not None:
            self._state = with_history(seen.state, self._state)
            if seen.liveness != "ended" and not self._is_own_engine_alive():
                self._pid = seen.state.pid
            self._heard_at = now - (self._heartbeats.silent_seconds or 0.0)
        own = self._engine
        is_new = own is not None and (self._state is None or self._state.pid != own.pid)
        is_starting = is_new and self._is_own_engine_alive()
        is_worth_a_word = now - since > SILENT_SECONDS and not is_starting
        trouble = "the engine does not answer, and is only watched" if self._state else self._unreached
        self._info = EngineInfo(
            is_starting=is_starting,
            reach="none" if is_worth_a_word else "all",
            trouble=trouble if is_worth_a_word else "",
        )
        if is_worth_a_word and self._state is not None:
            _with_warning(self._state, self._unreached)

    async def _take_end(self, seen: StatusSnapshot | None) -> None:
        """Decide whether an engine ended in order, or died.

        The status file is enough if the observed engine or a later one wrote its end there. Otherwise the
        ledger decides: another engine may have replaced the file, or its writer may have failed.
        """
        state, recorded, own = seen.state if seen is not None else None, None, self._engine
        is_told = self._pid is not None and _is_ended(state) and self._is_current(state)
        if not is_told and not self._was_killed_at_work():
            recorded = await self._read_ledger()
            if await self._is_engine_at_work():  # the next look asks that engine
                return
            state = _last_told(state, recorded)
        code = self._orderly_code()
        is_later = recorded is not None and code is not None  # the own engine's end was in the ledger before
        if _is_ended(state) and (is_later or self._is_current(state)):
            self._state, self._info, self._pid = with_history(state, self._state), EngineInfo(), state.pid
        elif own is not None and code is not None and own.pid == (recorded.pid if recorded else self._pid):
            self._state, self._info = self._ended_state(code, self._state or recorded), EngineInfo()
        elif self._info.is_alive:
            self._state = self._state or state
            self._info = EngineInfo(
                is_alive=False, log_lines=await self._last_words(), ending=await self._ending()
            )
        if self._state is not None and self._ledger_trouble:
            _with_warning(self._state, self._ledger_trouble)

    async def _read_ledger(self) -> RunState | None:
        """Return the state in the ledger, or None if there is none or it cannot be read."""
        if self._state is None:
            self._info = replace(self._info, trouble="reading the ledger")
        try:
            recorded = await detached_call(self._recorded)
        except OSError as error:
            place = error.filename or self._config.run_folder
            self._ledger_trouble = f"{place}: cannot be read ({error.strerror})"
            return None
        self._ledger_trouble, self.timelines.whole = "", recorded
        return recorded

    def _ended_state(self, code: int, before: RunState | None) -> RunState:
        """Return the end of a run that neither the status file nor the ledger contains."""
        before = before or RunState(config=str(self._config.path), output=str(self._config.output))
        reason = f"{self._config.status_path} does not tell of this run"
        return replace(before, phase=_ENDED_IN_ORDER[code], exit_code=code, reason=reason)  # type: ignore[arg-type]

    async def _last_words(self) -> tuple[str, ...]:
        """Return the last lines of an engine that died: of its log, or of its output before that."""
        own = self._engine
        is_own = own is not None and self._pid == own.pid and self._orderly_code() is None
        if own is not None and is_own and (self._state is None or self._state.pid != own.pid):
            return own.last_lines()
        return await log_tail(self._config.run_folder / LOG_NAME)

    async def _ending(self) -> tuple[str, ...]:
        """Return how an engine died, and the kernel's words if it was for memory."""
        own, pid = self._engine, self._pid or (self._state.pid if self._state is not None else 0)
        is_own = own is not None and own.pid == pid and self._orderly_code() is None
        since = (self._state.started_at if self._state is not None else None) or 0.0
        kernel = await detached_call(lambda: memory_kill(pid, since)) if pid else ""
        return (
            *(own.ending() if own is not None and is_own else ()),
            *((f"the kernel: {kernel}",) if kernel else ()),
        )

    def _orderly_code(self) -> int | None:
        """Return the exit code of the engine that this program started, if that engine ended in order."""
        code = self._engine.exit_code if self._engine is not None else None
        return code if code in _ENDED_IN_ORDER else None

    def _was_killed_at_work(self) -> bool:
        """Return whether the own engine, whose state is known, was ended by a signal: it recorded no end."""
        own, state = self._engine, self._state
        return own is not None and state is not None and state.pid == own.pid and (own.exit_code or 0) < 0

    def _is_own_engine_alive(self) -> bool:
        return self._engine is not None and self._engine.exit_code is None

    def _is_current(self, state: RunState) -> bool:
        """Return whether a state is of the observed engine, or of a later one."""
        if self._pid is None or state.pid == self._pid:
            return True
        known = self._state.started_at if self._state is not None else None
        return known is not None and (state.started_at or 0.0) > known


def _with_warning(state: RunState, text: str) -> RunState:
    """Return the state with a warning of this program, once."""
    if all(problem.text != text for problem in state.problems):
        state.problems.append(Problem("warning", text, None, "", state.last_at, state.last_at))
    return state


def with_history(state: RunState, before: RunState | None) -> RunState:
    """Return the state of a status file, with the data that only the live engine sent."""
    if before is not None and before.pid == state.pid:
        state.problems, state.recent, state.messages = before.problems, before.recent, before.messages
        state.problems_dropped = before.problems_dropped
        state.newest_patch, state.recent_count = before.newest_patch, before.recent_count
    return state


def _is_ended(state: RunState | None) -> TypeGuard[RunState]:
    return state is not None and state.phase in ENDED_PHASES


def _last_told(seen: RunState | None, recorded: RunState | None) -> RunState | None:
    """Return the state of the last run: that of the status file, unless the ledger knows more."""
    if seen is None or recorded is None:
        return recorded or seen
    is_same_run = (seen.pid, seen.started_at) == (recorded.pid, recorded.started_at)
    return seen if is_same_run and seen.last_at >= recorded.last_at else recorded


def _least_state(raw: dict[str, object], config: RunConfig) -> RunState:
    """Return the part of a state that can be read from any version."""
    pid = raw.get("pid")
    return RunState(
        phase=str(raw.get("phase", "running")),  # type: ignore[arg-type]
        reason=str(raw.get("reason", "")),
        config=str(config.path),
        output=str(config.output),
        pid=pid if isinstance(pid, int) else 0,
    )


class MonitorController:
    """A controller that reads a status file every two seconds and sends no commands.

    Its history begins with its first look: the status file holds the latest measurements only.
    """

    def __init__(self, path: Path) -> None:
        """Prepare a controller; the first look reads the file and must be made in a running loop."""
        self._path = path
        self._task: asyncio.Task[None] | None = None
        self._state: RunState | None = None
        self._heartbeats, self._heartbeat = HeartbeatWatch(), 0.0
        self._history = History()
        self._sampler = HistorySampler(self._history)
        self._info = EngineInfo(status_file=str(path), reach="none")

    def snapshot(self) -> RunState | None:
        """Return the state in the file."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._follow(), name="follow")
        return self._state

    def engine_info(self) -> EngineInfo:
        """Return the information in the file about its engine."""
        silent_seconds = self._heartbeats.silent_seconds
        if silent_seconds is None:
            return self._info
        return replace(self._info, silent_seconds=silent_seconds, now=self._heartbeat + silent_seconds)

    async def steer(self, command: Command) -> str:
        """Refuse: a monitor sends no commands."""
        message = f"a monitor only watches; to steer, use tui-gen or tui-gen ctl ({type(command).__name__})"
        raise CommandRefusedError(message)

    async def _follow(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(MONITOR_SECONDS)

    async def _look(self) -> None:
        try:
            seen = await load_status(self._path, time.time(), self._heartbeats)
        except StatusError as error:
            self._info = replace(self._info, trouble=str(error))
            return
        is_alive = seen.liveness != "dead"
        log = Path(seen.state.output) / RUN_FOLDER / LOG_NAME
        if is_alive and seen.heartbeat != self._heartbeat:
            patches = sum(category.images for category in seen.state.categories.values())
            self._sampler.sample(seen.state, patches)
        self._state, self._heartbeat = seen.state, seen.heartbeat
        self._info = replace(
            self._info,
            is_alive=is_alive,
            log_lines=() if is_alive else await log_tail(log),
            trouble="",
            history=self._history.since(NOTHING_KNOWN, wall_offset()),
        )
