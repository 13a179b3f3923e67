"""Textual's driver for pages in a browser, which ends the screen when the page or its server is gone.

The page takes the place of the terminal: sizes and keys come as packets on the standard input, and what is
drawn goes as packets to the standard output. The browser holds back what it cannot draw yet.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from textual.app import App
from textual.drivers.web_driver import WebDriver

from tui_gen.tui.terminal.driver import HANGUP_CODE

PAGE_DESCRIPTOR = 1
"""The descriptor that leads to the page. A terminal is written to through 2."""


class PageDriver(WebDriver):
    """A driver whose screen never outlives its page."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        """Initialise as Textual's driver does."""
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._is_gone = False
        self._write = self._write_whole  # type: ignore[assignment]  # Textual's writes a part where a pipe is full

    def start_application_mode(self) -> None:
        """Take over the page. Signals stay with whoever runs the screen."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.getsignal(number) for number in numbers}
        super().start_application_mode()
        for number, handler in before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)

    def run_input_thread(self) -> None:
        """Read packets; their end is the end of the page."""
        try:
            super().run_input_thread()
        finally:
            if not self.exit_event.is_set():
                self._end()

    def _write_whole(self, data: bytes) -> None:
        if self._is_gone:
            return
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self.fileno, left) :]
        except OSError:  # the server is gone
            self._is_gone = True
            self._end()

    def _end(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=HANGUP_CODE))
