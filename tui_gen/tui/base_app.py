"""The base class of all screens: tolerates a slow terminal, uses no animation, has two themes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, TypeVar

from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer, TimerCallback

from tui_gen.tui.terminal.driver import PatientDriver
from tui_gen.tui.themes import DARK, LIGHT

_HERE = Path(__file__).parent
# Beside the package in a checkout, inside the package in a wheel.
STYLES = next(p for p in (_HERE.parent / "tui_gen.tcss", _HERE.parent.parent / "tui_gen.tcss") if p.exists())

Result = TypeVar("Result")


class TerminalApp(App[Result]):
    """An app that `run_screen` can run and end."""

    CSS_PATH = STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "repaint", "paint the screen again", show=False, id="repaint")
    ]

    def __init__(self) -> None:
        """Set the patient driver and the dark theme."""
        super().__init__(driver_class=PatientDriver)
        self.animation_level = "none"
        self.exit_code: int | None = None  # set from outside, by a signal
        self.crash: Exception | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Keep the event loop for signals; a signal may have arrived before."""
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
        """Call back once after a delay, however late.

        Textual skips ticks for which it is late, and a timer with one tick then never calls back. Its own
        timer for a change of size has 8 ms: on a machine whose cores are all busy, changes of size would be
        lost.
        """
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False  # noqa: SLF001 - read when its task starts, which is later
        return timer

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Have the driver show an update, instead of writing all of it at once."""
        driver = self._driver
        if (
            not isinstance(renderable, LayoutUpdate | ChopsUpdate)
            or not isinstance(driver, PatientDriver)
            or self.is_headless
        ):
            super()._display(screen, renderable)
            return
        if self._running and not self._closed and not self._batch_count:
            driver.has_sync = self._sync_available
            driver.cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            driver.show(renderable, self.size, self.console._color_system)  # noqa: SLF001  (as Textual does)
        self.post_display_hook()

    @property
    def is_line_slow(self) -> bool:
        """Whether the line to the terminal is too slow for pictures."""
        return isinstance(self._driver, PatientDriver) and self._driver.pace.is_slow

    def action_repaint(self) -> None:
        """Send the whole screen again, after another program has written on it."""
        if isinstance(self._driver, PatientDriver):
            self._driver.repaint()

    def action_theme(self) -> None:
        """Switch between the dark and the light theme."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def _handle_exception(self, error: Exception) -> None:
        """Keep the exception of a crash. Textual would print it with the values of all local variables."""
        self.crash = self.crash or error
        super()._handle_exception(error)
        self._exit_renderables.clear()
