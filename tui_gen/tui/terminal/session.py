"""Runs a screen on this process's terminal, and restores the terminal however the screen ends.

While the screen runs, descriptors 1 and 2 lead to a log, so that output of C code or children does not appear
between the panes. A signal ends the screen in order: the terminal is restored, and the exit code is 128 plus
the number of the signal. A terminal that stalls or disappears delays nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Any, Protocol

from tui_gen.base.formatting import display_name

LAST_RESORT_SECONDS = 4.0
TERMINAL_DESCRIPTOR = 2
"""Textual draws on the standard error, so that the standard output can be redirected."""
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_CRASH_LINES = 12
_RESTORE = "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"


class Endable(Protocol):
    """An app that can be run and asked to end."""

    exit_code: int | None
    crash: Exception | None
    loop: Any

    def run(self) -> object:
        """Run until it ends."""
        ...

    def exit(self, result: None = None, return_code: int = 0) -> None:
        """End."""
        ...

    @property
    def return_code(self) -> int | None:
        """The exit code of the app, or None."""
        ...


def run_screen(app: Endable, log: Path | None = None, *, descriptor: int = TERMINAL_DESCRIPTOR) -> int:
    """Run a screen to its end; return the exit code. Output not for the screen goes to `log`.

    The screen is drawn on `descriptor`.
    """
    with _opened(log) as out:
        with _terminal_to_itself(out, descriptor), _signals(app):
            app.run()
        if app.crash is not None:
            _tell_of_crash(app.crash, out, log)
    return app.exit_code if app.exit_code is not None else (app.return_code or 0)


@contextlib.contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes]]:
    if log is None:
        # In memory: a container with a read-only root has no temporary folder.
        with os.fdopen(os.memfd_create("screen"), "w+b") as file:
            yield file
        return
    with log.open("ab+") as file:
        yield file


@contextlib.contextmanager
def _terminal_to_itself(log: IO[bytes], descriptor: int) -> Iterator[None]:
    """Redirect descriptors 1 and 2 to the log; Textual gets the terminal as another descriptor."""
    saved_descriptors = os.dup(1), os.dup(2)
    saved_streams = sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr
    for stream in saved_streams:
        if stream is not None:
            stream.flush()
    terminal = os.fdopen(os.dup(descriptor), "w", encoding="utf-8", errors="replace")
    errors = os.fdopen(os.dup(log.fileno()), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    sys.__stdout__ = sys.__stderr__ = terminal  # type: ignore[misc]
    sys.stdout = sys.stderr = errors
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        errors.flush()
        os.dup2(saved_descriptors[0], 1)
        os.dup2(saved_descriptors[1], 2)
        sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr = saved_streams  # type: ignore[misc]
        for saved in saved_descriptors:
            os.close(saved)
        errors.close()
        with contextlib.suppress(OSError):  # a terminal that is gone cannot be flushed
            terminal.close()


@contextlib.contextmanager
def _signals(app: Endable) -> Iterator[None]:
    """End the app on a signal, and the process if the app does not end."""
    before = termios.tcgetattr(0) if os.isatty(0) else None

    timers: list[threading.Timer] = []

    def give_up(code: int) -> None:
        _restore(before)
        os._exit(code)

    def end(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        if app.exit_code is None:
            timer = threading.Timer(LAST_RESORT_SECONDS, give_up, (code,))
            timer.daemon = True
            timer.start()
            timers.append(timer)
        app.exit_code = code
        if app.loop is not None and not app.loop.is_closed():
            app.loop.call_soon_threadsafe(lambda: app.exit(return_code=code))

    previous = {number: signal.signal(number, end) for number in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _restore(before: list[Any] | None) -> None:
    """Restore the terminal's settings without waiting for its output."""
    if before is None:
        return
    with contextlib.suppress(OSError, termios.error):  # a terminal that is gone needs no restoring
        termios.tcsetattr(0, termios.TCSANOW, before)
        terminal = os.open(os.ttyname(0), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        os.write(terminal, _RESTORE.encode())


def _tell_of_crash(crash: Exception, out: IO[bytes], log: Path | None) -> None:
    """Write the traceback to the log, and a printable summary to the terminal."""
    story = "".join(traceback.format_exception(crash))
    out.write(story.encode("utf-8", "backslashreplace"))
    shown = story.splitlines()[-_CRASH_LINES:]
    sys.stderr.write("The screen has crashed; the work does not depend on it.\n")
    for each in shown:
        sys.stderr.write(f"  {display_name(each)}\n")
    if log is not None:
        sys.stderr.write(f"The whole story is in {display_name(str(log))}\n")
    sys.stderr.flush()
