"""Textual's driver, extended for terminals that stall, disappear or belong to another user."""

from __future__ import annotations

import asyncio
import curses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, ClassVar

from rich.color import ColorSystem
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Size
from textual.message import Message

from tui_gen.tui.terminal.ascii import plain
from tui_gen.tui.terminal.cells import Cells
from tui_gen.tui.terminal.pace import QUESTION, Pace
from tui_gen.tui.terminal.writer import PatientWriter

HANGUP_CODE = 129
_SYNC_START, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_PICTURE_PIECE_BYTES = 4096
_LAST_ANSWER_SECONDS = 1.0


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
        self._cells, self.pace = Cells(erases_in_colour=_erases_in_colour(self.fileno)), Pace()
        self._is_showing = self._is_sending_soon = False
        self._timer: asyncio.TimerHandle | None = None  # ends a wait for an answer, or for a picture's turn
        self.cursor = Offset()  # where an input method may show what is being composed
        self._is_nothing_asked = threading.Event()  # no answer will come that a shell would take for keys
        self._is_nothing_asked.set()
        self.has_sync = False  # the terminal can show a frame at once

    def start_application_mode(self) -> None:
        """Take over the terminal, writing through a patient writer."""
        self._is_showing = True
        self._cells.forget()
        self.pace.restart()
        with _writing_through(self._new_writer):
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
        # Textual's handler reads the size and posts it. A second signal may interrupt the handler between
        # the two; the older size is then posted last, and it stays.
        signal.signal(signal.SIGWINCH, lambda *_: self._tell_loop(self._post_size))
        self._tell_loop(self._post_size)

    def stop_application_mode(self) -> None:
        """Restore the terminal before anything that still waits to be painted."""
        self._is_showing = False
        if self._writer is not None:
            self._await_last_answer(self._writer)
            self._writer.drop_pictures()
        super().stop_application_mode()

    def _await_last_answer(self, writer: PatientWriter) -> None:
        """Wait for an answer that is under way: the shell would take it for keys."""
        if self.pace.answers and writer.is_idle:
            self._is_nothing_asked.wait(_LAST_ANSWER_SECONDS)
            self._is_nothing_asked.set()

    def disable_input(self) -> None:
        """Disable input, after the last answer."""
        if self._writer is not None:
            self._await_last_answer(self._writer)
        super().disable_input()

    # ------------------------------------------------------------------ frames

    def show(self, update: CompositorUpdate, size: Size, colours: ColorSystem | None) -> None:
        """Show an update as soon as the terminal has shown the one before."""
        self._cells.resize(*size)
        self._cells.colours = colours or ColorSystem.TRUECOLOR  # as Textual does
        self._cells.take(update)
        self._send_soon()

    def repaint(self) -> None:
        """Send the whole screen again."""
        self._cells.forget()
        self.pace.restart()
        self._send_soon()

    def _send_soon(self) -> None:
        """Send when all that happens now has happened: one frame for it."""
        if not self._is_sending_soon:
            self._is_sending_soon = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._is_sending_soon = False
        cells, pace, now = self._cells, self.pace, time.monotonic()
        writer = self._writer
        if (
            writer is None
            or not self._is_showing
            or not (cells.has_changes or cells.has_pictures)
            or not writer.is_idle
        ):
            return  # the writer calls back when it is idle
        wait = pace.wait_seconds(now)
        if wait:
            self._send_later(wait)
            return
        if pace.asked_at is not None:
            pace.give_up()
        text = cells.changes(pace.most_bytes)
        if not text and cells.has_pictures and not cells.has_changes:
            text = self._picture(now)
        if not text:
            return
        asks = QUESTION if self.input_tty else ""
        if self.cursor != Offset():
            text += f"\x1b[{self.cursor.y + 1};{self.cursor.x + 1}H"
        frame = f"{_SYNC_START}{text}{_SYNC_END}" if self.has_sync else text
        if asks:
            self._is_nothing_asked.clear()
            pace.sent(len(text.encode("utf-8", "replace")), now)
        writer.write(frame + asks)

    def _picture(self, now: float) -> str:
        """Return a piece of a picture; none, and a call later, while the pictures' share is used up."""
        allowed = self.pace.picture_bytes(now)
        if self.pace.is_slow:
            return ""
        if allowed < _PICTURE_PIECE_BYTES:
            self._send_later(1.0)
            return ""
        text = self._cells.picture(_PICTURE_PIECE_BYTES)
        self.pace.sent_picture(len(text.encode()))
        return text

    def _send_later(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._send_soon)

    def process_message(self, message: Message) -> None:
        """Take the answers of the terminal; pass on everything else. Called by the thread that reads keys."""
        if isinstance(message, events.CursorPosition):
            self._is_nothing_asked.set()
            self._tell_loop(self._on_answer)
        else:
            super().process_message(message)

    def _on_answer(self) -> None:
        self.pace.answered(time.monotonic())
        self._send_soon()

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
            file,
            on_gone=self._on_gone,
            on_drained=lambda: self._tell_loop(self.repaint),
            on_idle=lambda: self._tell_loop(self._send_soon),
            translate=type(self).translate,
        )
        return self._writer

    def _post_size(self) -> None:
        """Post the current size to the app, and send all again: it may be another terminal."""
        self.repaint()
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


def _erases_in_colour(descriptor: int) -> bool:
    """Return whether terminfo says that erased cells get the colour of the ground."""
    try:
        curses.setupterm(fd=descriptor)
        return bool(curses.tigetflag("bce"))
    except curses.error:  # a terminal that terminfo does not know
        return False


@contextmanager
def _writing_through(make: Callable[[IO[str]], PatientWriter]) -> Iterator[None]:
    """Make Textual's driver use this writer; its driver offers no other way to replace the writer."""
    original = vars(linux_driver)["WriterThread"]
    vars(linux_driver)["WriterThread"] = make
    try:
        yield
    finally:
        vars(linux_driver)["WriterThread"] = original
