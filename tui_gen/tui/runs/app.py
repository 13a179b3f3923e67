"""The list of runs as an app: looks every two seconds, and ends with the run that the user wants to see.

The caller shows that run and opens the list again. A look that takes long delays no key.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from tui_gen.tui.actions import bindings_of
from tui_gen.tui.base_app import TerminalApp
from tui_gen.tui.runs.keys import RUNS_SIGNALS
from tui_gen.tui.runs.screen import Listed, RunsScreen
from tui_gen.views.text.run_rows import RunRow, RunsSeen

LOOK_SECONDS = 2.0


class RunsApp(TerminalApp[RunRow | None]):
    """The list; its result is the run to show, or None."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "tui-gen top"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(RUNS_SIGNALS, are_first=True)]

    def __init__(
        self,
        look: Callable[[], Awaitable[RunsSeen]],
        host: str,
        *,
        clock: Callable[[], float] = time.time,
        chosen: str | None = None,
        notice: str = "",
    ) -> None:
        """Show what `look` returns, with the cursor on the run `chosen` and a text in the last line."""
        super().__init__()
        self._look, self._chosen, self._notice = look, chosen, notice
        self._listed = Listed(host, clock)

    def get_default_screen(self) -> Screen[None]:
        """Return the screen with the list."""
        return RunsScreen(self._listed, self._chosen, self._open)

    def on_mount(self) -> None:
        """Begin to look. Textual calls this in addition to the base class's method."""
        self.set_interval(LOOK_SECONDS, self._poll)
        self._runs_screen.show(self._notice)
        self._poll()

    @property
    def _runs_screen(self) -> RunsScreen:
        first = self.screen_stack[0]
        if not isinstance(first, RunsScreen):
            message = f"the first screen is {first!r}"
            raise TypeError(message)
        return first

    def _poll(self) -> None:
        """Look, unless the last look still waits, or the timer fires while the app closes."""
        if self.screen_stack and not any(worker.group == "look" for worker in self.workers):
            self.run_worker(self._see(), group="look")

    async def _see(self) -> None:
        self._listed.seen = await self._look()
        if self.screen_stack:
            self._runs_screen.show()

    def _open(self, run: RunRow) -> None:
        """End with a run whose engine is there; of another one, say what to type."""
        if run.is_engine_there:
            self.exit(run)
        else:
            self._runs_screen.show(run.start_hint or run.note)

    def action_leave(self) -> None:
        """End the list."""
        self.exit(None)
