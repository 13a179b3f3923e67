"""Controllers for pages: they attach to an engine and start none, and may refuse every command."""

from __future__ import annotations

from dataclasses import replace

from tui_gen.commands.remote_controller import LiveController
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError
from tui_gen.tui.view import EngineInfo, ScreenController

READ_ONLY = "this page only shows the run: to steer it, start the server with --steer"
NO_RUN = "no run is recorded here yet"


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
