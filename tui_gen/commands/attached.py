"""Controllers for pages: they attach to an engine and start none, and may refuse every command."""

from __future__ import annotations

import time
from dataclasses import replace

from tui_gen.commands.remote_controller import LiveController, with_history
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError
from tui_gen.tui.view import EngineInfo, ScreenController

READ_ONLY = "this page only shows the run: to steer it, start the server with --steer"
NO_RUN = "no run is recorded here yet"
ASK_SECONDS = 10.0


class AttachedController(LiveController):
    """A controller that starts no engine, and waits for one where there has been none."""

    def engine_info(self) -> EngineInfo:
        """Return information about the engine. An engine that never was is not dead."""
        info = super().engine_info()
        if info.is_alive or self._state is not None:
            return info
        return replace(info, is_alive=True, is_absent=True, trouble=self._ledger_trouble or NO_RUN)

    async def restart(self) -> str:
        """Refuse. Raises CommandRefusedError."""
        message = "a page starts no engine"
        raise CommandRefusedError(message)


class WatchingController(AttachedController):
    """Reads the status file, and asks the engine only for what is not in it: the log, and the newest patch.

    The engine writes that file anyway: a look at it costs the engine nothing.
    """

    _asked_at = -ASK_SECONDS

    async def _hear(self, client: ControlClient) -> None:
        """Read the state, from the status file where that is enough. Raises ControlError."""
        known, now = self._state, time.monotonic()
        is_same = client.engine is not None and client.engine.is_same
        seen = await self._status() if is_same and now - self._asked_at < ASK_SECONDS else None
        if known is None or seen is None or seen.liveness != "alive" or seen.state.pid != known.pid:
            self._asked_at = now
            await super()._hear(client)
            return
        if seen.state.last_at >= known.last_at:
            self._state = with_history(seen.state, known)
        silent_seconds = self._heartbeats.silent_seconds or 0.0
        self._info, self._heard_at = EngineInfo(), time.monotonic() - silent_seconds


class ReadOnlyController:
    """A controller that shows what another one shows, and passes no command on."""

    def __init__(self, shown: ScreenController) -> None:
        """Show what `shown` shows."""
        self._shown = shown

    def snapshot(self) -> RunState | None:
        """Return the last state."""
        return self._shown.snapshot()

    def engine_info(self) -> EngineInfo:
        """Return information about the engine."""
        return self._shown.engine_info()

    async def steer(self, command: Command) -> str:
        """Refuse. Raises CommandRefusedError."""
        message = f"{READ_ONLY} ({type(command).__name__})"
        raise CommandRefusedError(message)
