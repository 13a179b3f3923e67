"""Textual's driver, extended for terminals that stall, disappear or belong to another user."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, ClassVar

from textual import events
from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from tui_gen.tui.terminal.ascii import plain
from tui_gen.tui.terminal.writer import PatientWriter

HANGUP_CODE = 129


class PatientDriver(LinuxDriver):
    """A driver that never waits for its terminal, and ends the screen when the terminal is gone."""

    translate: ClassVar[Callable[[str], str]] = str

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        """Initialise as Textual's driver does."""
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._is_mouse_on = mouse
        self._writer: PatientWriter | None = None

    def start_application_mode(self) -> None:
        """Take over the terminal, writing through a patient writer."""
        with _writing_through(self._new_writer):
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
        # Textual's handler reads the size and posts it. A second signal may interrupt the handler between
        # the two; the older size is then posted last, and it stays.
        signal.signal(signal.SIGWINCH, lambda *_: self._tell_loop(self._post_size))
        self._tell_loop(self._post_size)

    def stop_application_mode(self) -> None:
        """Restore the terminal before anything that still waits to be painted."""
        if self._writer is not None:
            self._writer.drop_pictures()
        super().stop_application_mode()

    def toggle_mouse(self) -> bool:
        """Leave the mouse to the terminal, or take it back; return whether it is on."""
        if self._is_mouse_on:
            self._disable_mouse_support()
        else:
            self._enable_mouse_support()
        self._is_mouse_on = not self._is_mouse_on
        return self._is_mouse_on

    def _new_writer(self, file: IO[str]) -> PatientWriter:
        self._writer = PatientWriter(
            file, on_gone=self._on_gone, on_drained=self._on_drained, translate=type(self).translate
        )
        return self._writer

    def _post_size(self) -> None:
        """Tell the app how large the terminal is now."""
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self._app.post_message(events.Resize(size, size))

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the size that the terminal reports: exported COLUMNS and LINES may be out of date."""
        try:
            size = os.get_terminal_size(self.fileno)
        except OSError:  # no terminal to read keys from
            size = os.terminal_size((0, 0))
        return (size.columns, size.lines) if all(size) else super()._get_terminal_size()

    def _on_gone(self) -> None:
        """End the screen, because the terminal is gone."""
        self._tell_loop(lambda: self._app.exit(return_code=HANGUP_CODE))

    def _on_drained(self) -> None:
        """Paint everything, because it is unknown which output was lost."""
        self._tell_loop(self._app.screen.refresh)

    def _tell_loop(self, callback: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)

    def _run_input_thread(self) -> None:
        """Read keys; a terminal that cannot be read counts as gone, not as a crash."""
        try:
            self.run_input_thread()
        except OSError:
            self._on_gone()


class AsciiDriver(PatientDriver):
    """The driver for a terminal without UTF-8."""

    translate = plain


@contextmanager
def _writing_through(make: Callable[[IO[str]], PatientWriter]) -> Iterator[None]:
    """Make Textual's driver use this writer; its driver offers no other way to replace the writer."""
    original = vars(linux_driver)["WriterThread"]
    vars(linux_driver)["WriterThread"] = make
    try:
        yield
    finally:
        vars(linux_driver)["WriterThread"] = original
