"""Controllers for screens in another process than the engine: one over the socket, one over the status file.

Both answer at once from what they last knew, and find out in the background what has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.commands import engine_client
from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.contract.job import JobConfig
from tui_gen.engine.control.server import ControlClient, ControlError
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.run.run_log import LOG_NAME
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError
from tui_gen.engine.storage.status_reader import StatusError, StatusSnapshot, read_status

POLL_SECONDS = 0.5
MONITOR_SECONDS = 2.0


class LiveController:
    """The engine of a configuration, reached through its socket; it may die and be started again."""

    def __init__(self, config: JobConfig, flags: Sequence[str] = ()) -> None:
        """Nothing is opened before the first look, which must be made in a running loop."""
        self._config, self._flags = config, tuple(flags)
        self._client: ControlClient | None = None
        self._state: RunState | None = None
        self._task: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._trouble: tuple[str, ...] = ()
        self.alive = True
        self.last_heard_at: float | None = None

    @property
    def last_log_lines(self) -> tuple[str, ...]:
        """What the engine's log, or its failed start, said last."""
        return self._trouble or engine_client.last_lines(self._config.run.run_folder / LOG_NAME)

    def snapshot(self) -> RunState | None:
        """Return the state as last heard."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._listen(), name="listen")
        return self._state

    async def steer(self, command: Command) -> str:
        """Pass a command on. Raises CommandRefusedError."""
        if self._client is None:
            message = "the engine does not answer"
            raise CommandRefusedError(message)
        try:
            said = await self._client.steer(command)
            await self._hear(self._client)
        except ControlError as error:
            raise CommandRefusedError(str(error)) from error
        return said

    def restart(self) -> None:
        """Start an engine where the last one died."""
        if not self.alive and (self._starting is None or self._starting.done()):
            self._starting = asyncio.get_running_loop().create_task(self._start(), name="start")

    async def _start(self) -> None:
        self._trouble = ("starting the engine ...",)
        try:
            client, engine = await engine_client.start_and_attach(self._config, self._flags)
        except RefusedError as error:
            self._trouble = tuple(str(error).splitlines())
            return
        engine.output.unlink(missing_ok=True)
        await client.close()
        self._trouble = ()
        self.alive = True

    async def _listen(self) -> None:
        while True:
            if self._client is None:
                await self._connect()
            if self._client is not None:
                try:
                    await self._hear(self._client)
                except ControlError:
                    self._client = None
                    continue
            await asyncio.sleep(POLL_SECONDS)

    async def _connect(self) -> None:
        try:
            self._client = await engine_client.attach(self._config)
        except ControlError:
            self._take_last_words()
        else:
            self.alive = True

    async def _hear(self, client: ControlClient) -> None:
        await client.refresh()
        self._state = client.snapshot() or self._state
        self.last_heard_at = time.time()

    def _take_last_words(self) -> None:
        """No engine answers: it has ended and said how, or it is dead."""
        if engine_client.is_running(self._config):
            return  # it holds the lock: on its way up, or making its socket anew
        with contextlib.suppress(StatusError):  # no last words: it counts as dead
            seen = read_status(self._config.run.status_path, time.time())
            is_newer = self._state is None or seen.state.started_at == self._state.started_at
            if seen.state.phase in ENDED_PHASES and is_newer:
                self._state, self.alive = _with_history(seen, self._state), True
                return
        self.alive = False


def _with_history(seen: StatusSnapshot, before: RunState | None) -> RunState:
    """Return the last words with what only the living engine told."""
    if before is None:
        return seen.state
    seen.state.problems, seen.state.recent = before.problems, before.recent
    seen.state.newest_patch, seen.state.recent_count = before.newest_patch, before.recent_count
    return seen.state


class MonitorController:
    """A status file, read every two seconds; it steers nothing."""

    def __init__(self, path: Path) -> None:
        """Nothing is read before the first look."""
        self.status_path = str(path)
        self._path = path
        self._read_at = float("-inf")
        self._sighting: StatusSnapshot | None = None
        self._trouble = ""

    def snapshot(self) -> RunState | None:
        """Return the state of the file."""
        now = time.monotonic()
        if now - self._read_at >= MONITOR_SECONDS:
            self._read_at = now
            try:
                self._sighting, self._trouble = read_status(self._path, time.time()), ""
            except StatusError as error:
                self._trouble = str(error)
        return self._sighting.state if self._sighting else None

    async def steer(self, command: Command) -> str:
        """Refuse: a monitor only watches."""
        message = f"a monitor only watches; to steer, use tui-gen or tui-gen ctl ({type(command).__name__})"
        raise CommandRefusedError(message)

    @property
    def alive(self) -> bool:
        """Whether the engine that wrote the file is there, or has ended in order."""
        return self._sighting is None or self._sighting.liveness != "dead"

    @property
    def last_heard_at(self) -> float | None:
        """When the file was written."""
        return self._sighting.heartbeat if self._sighting else None

    @property
    def last_log_lines(self) -> tuple[str, ...]:
        """What is wrong with the file, or the end of the log beside it."""
        if self._trouble:
            return (self._trouble,)
        if self._sighting is None:
            return ()
        return engine_client.last_lines(Path(self._sighting.state.output) / RUN_FOLDER / LOG_NAME)
