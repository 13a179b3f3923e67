"""Writes to a terminal without blocking its callers, and notices when the terminal is gone.

Output that the terminal does not accept is kept up to a limit, then dropped completely: an old picture is
useless, and when the terminal reads again, everything is painted again. An escape sequence is never cut while
the terminal exists.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import IO

MOST_PENDING_BYTES = 256 * 1024
_FAREWELL_SECONDS = 1.0
_CHUNK_BYTES = 4096


class PatientWriter(threading.Thread):
    """Replaces Textual's writer thread with the same interface; `write` never blocks."""

    def __init__(
        self,
        file: IO[str],
        *,
        on_gone: Callable[[], None],
        on_drained: Callable[[], None],
        on_idle: Callable[[], None] = lambda: None,
        translate: Callable[[str], str] = str,
    ) -> None:
        """Write to the terminal behind `file`.

        Call back when it is gone, when it reads again after a loss, and each time when it has taken all.
        """
        super().__init__(daemon=True, name="terminal-output")
        self._file = file
        self._on_gone, self._on_drained, self._on_idle = on_gone, on_drained, on_idle
        self._translate = translate
        self._terminal = reopened(file.fileno())
        self._lock = threading.Lock()
        self._pending: deque[bytes] = deque()
        self._pending_bytes = 0
        self._has_dropped = False
        self._is_stopping = False
        self.is_gone = False
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)

    # ------------------------------------------------------------------ Textual's side

    def write(self, text: str) -> None:
        """Queue text and return at once."""
        data = self._translate(text).encode("utf-8", "replace")
        with self._lock:
            if self.is_gone:
                return
            if self._pending_bytes + len(data) > MOST_PENDING_BYTES:
                self._drop()
            self._pending.append(data)
            self._pending_bytes += len(data)
        self._wake()

    @property
    def is_idle(self) -> bool:
        """Whether the terminal has taken everything."""
        with self._lock:
            return not self._pending

    def isatty(self) -> bool:
        """Return True, as Textual expects of a terminal."""
        return True

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._file.fileno()

    def flush(self) -> None:
        """Do nothing: no caller waits for a flush."""

    def stop(self) -> None:
        """Write the rest within a time limit, and end."""
        with self._lock:
            self._is_stopping = True
        self._wake()
        self.join(_FAREWELL_SECONDS)
        self._file.flush()

    def drop_pictures(self) -> None:
        """Drop queued pictures: the next output restores the terminal."""
        with self._lock:
            self._drop()

    # ------------------------------------------------------------------ the thread's side

    def run(self) -> None:
        """Write as the terminal accepts output; end when the terminal is gone or the writer is stopped."""
        try:
            while not self._is_done():
                self._turn()
        except OSError:
            # A terminal that cannot be written to counts as gone; the screen is notified below.
            self._note_gone()
        finally:
            self._close()

    def _is_done(self) -> bool:
        with self._lock:
            return self.is_gone or (self._is_stopping and not self._pending)

    def _turn(self) -> None:
        """Wait for an event and handle it once."""
        with self._lock:
            has_more = bool(self._pending)
        poller = select.poll()
        poller.register(self._wake_reader, select.POLLIN)
        # poll reports a hang-up even if no other event is requested.
        poller.register(self._terminal, select.POLLOUT if has_more else 0)
        for descriptor, event in poller.poll():
            if descriptor == self._wake_reader:
                os.read(self._wake_reader, 4096)
            elif event & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
                self._note_gone()
            else:
                self._write_some()

    def _write_some(self) -> None:
        with self._lock:
            if not self._pending:
                return
            chunk = self._pending[0]
        try:
            written = os.write(self._terminal, chunk[:_CHUNK_BYTES])
        except BlockingIOError:
            return
        has_caught_up = False
        with self._lock:
            rest = chunk[written:]
            self._pending_bytes -= written
            if rest:
                self._pending[0] = rest
            else:
                self._pending.popleft()
            is_idle = not self._pending
            if self._has_dropped and is_idle:
                self._has_dropped, has_caught_up = False, True
        if has_caught_up:
            self._on_drained()
        if is_idle:
            self._on_idle()

    def _drop(self) -> None:
        """Drop everything except a sequence that may be half written."""
        kept = self._pending.popleft() if self._pending else b""
        self._has_dropped = self._has_dropped or bool(self._pending)
        self._pending.clear()
        if kept:
            self._pending.append(kept)
        self._pending_bytes = len(kept)

    def _note_gone(self) -> None:
        with self._lock:
            was_gone, self.is_gone = self.is_gone, True
            self._pending.clear()
            self._pending_bytes = 0
        if not was_gone:
            self._on_gone()

    def _close(self) -> None:
        with self._lock:
            self.is_gone = True
            for descriptor in (self._terminal, self._wake_reader, self._wake_writer):
                os.close(descriptor)

    def _wake(self) -> None:
        with self._lock:
            if self.is_gone:
                return
            # If the pipe is full, the thread will wake up anyway.
            with contextlib.suppress(BlockingIOError):
                os.write(self._wake_writer, b".")


def reopened(descriptor: int) -> int:
    """Return a new open file description of the terminal, so that non-blocking mode affects only this one.

    The inherited description is shared with the shell, which non-blocking mode would break. If the terminal
    cannot be opened again (another user's, after su), the result is a duplicate that is written in small
    pieces: the thread may then block, but no code waits for the thread.
    """
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return os.dup(descriptor)
