"""What every screen of ours is: patient with its terminal, without animation, in two calm themes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

from textual.app import App
from textual.timer import Timer, TimerCallback

from tui_gen.tui.terminal.driver import PatientDriver
from tui_gen.tui.themes import DARK, LIGHT

_HERE = Path(__file__).parent
# Beside the package in a checkout, inside it in a wheel.
STYLES = next(p for p in (_HERE.parent / "tui_gen.tcss", _HERE.parent.parent / "tui_gen.tcss") if p.exists())

Result = TypeVar("Result")


class TerminalApp(App[Result]):
    """An app that `run_screen` can run and end."""

    CSS_PATH = STYLES

    def __init__(self) -> None:
        """Take the patient driver and the dark theme."""
        super().__init__(driver_class=PatientDriver)
        self.animation_level = "none"
        self.exit_code: int | None = None  # set from outside: by a signal
        self.crash: Exception | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Note the loop, which signals need; one may have come already."""
        self.loop = asyncio.get_running_loop()
        if self.exit_code is not None:
            self.exit(return_code=self.exit_code)

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call back once after a delay, and do so however late.

        Textual leaves out ticks it is late for, and a timer that ticks once then never does. Its own timer
        for a change of size lives 8 ms: on a machine whose cores are all busy no size would count again.
        """
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False  # noqa: SLF001 - read when its task starts, which is later
        return timer

    def action_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def _handle_exception(self, error: Exception) -> None:
        """Keep what the screen died of. Textual would print it with every local variable, raw."""
        self.crash = self.crash or error
        super()._handle_exception(error)
        self._exit_renderables.clear()
