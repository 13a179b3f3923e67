"""Writes to a terminal without ever making anybody wait for it, and notices when it is gone.

What the terminal does not take is kept up to a limit, then dropped as a whole: a picture that is a
minute old is of no use, and when the terminal reads again everything is painted anew. The writing of
escape sequences is never cut in the middle while the terminal lives.
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
    """Stands in for Textual's writer thread: the same face, but `write` never blocks."""

    def __init__(
        self,
        file: IO[str],
        *,
        on_gone: Callable[[], None],
        on_drained: Callable[[], None],
        translate: Callable[[str], str] = str,
    ) -> None:
        """Write to the terminal behind `file`; say when it is gone, and when it reads again after a loss."""
        super().__init__(daemon=True, name="terminal-output")
        self._file = file
        self._on_gone, self._on_drained, self._translate = on_gone, on_drained, translate
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
        """Take text to be written, at once."""
        data = self._translate(text).encode("utf-8", "replace")
        with self._lock:
            if self.is_gone:
                return
            if self._pending_bytes + len(data) > MOST_PENDING_BYTES:
                self._drop()
            self._pending.append(data)
            self._pending_bytes += len(data)
        self._wake()

    def isatty(self) -> bool:
        """Pretend to be a terminal."""
        return True

    def fileno(self) -> int:
        """Return the terminal's file number."""
        return self._file.fileno()

    def flush(self) -> None:
        """Nothing waits here for a flush."""

    def stop(self) -> None:
        """Write what is left, but not for long, and end."""
        with self._lock:
            self._is_stopping = True
        self._wake()
        self.join(_FAREWELL_SECONDS)
        self._file.flush()

    def drop_pictures(self) -> None:
        """Forget what waits to be painted: what comes next puts the terminal back in order."""
        with self._lock:
            self._drop()

    # ------------------------------------------------------------------ the thread's side

    def run(self) -> None:
        """Write while the terminal takes it; end when it is gone or nothing more is wanted."""
        try:
            while not self._is_done():
                self._turn()
        except OSError:
            # A terminal that cannot be written to is gone; the owner of the screen is notified below.
            self._note_gone()
        finally:
            self._close()

    def _is_done(self) -> bool:
        with self._lock:
            return self.is_gone or (self._is_stopping and not self._pending)

    def _turn(self) -> None:
        """Wait until there is something to do, and do it once."""
        with self._lock:
            has_more = bool(self._pending)
        poller = select.poll()
        poller.register(self._wake_reader, select.POLLIN)
        # A hang-up is reported even where nothing else is asked for.
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
            if self._has_dropped and not self._pending:
                self._has_dropped, has_caught_up = False, True
        if has_caught_up:
            self._on_drained()

    def _drop(self) -> None:
        """Forget all but the sequence that may be half written."""
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
            # A pipe full of wake-up calls needs no further one.
            with contextlib.suppress(BlockingIOError):
                os.write(self._wake_writer, b".")


def reopened(descriptor: int) -> int:
    """Return the terminal under a description of its own, which alone may be made non-blocking.

    The one inherited is shared with the shell, which would suffer. Where the terminal cannot be opened
    again (another user's, after su), a duplicate is written to in small pieces: the thread may then
    wait, but no code waits for the thread.
    """
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return os.dup(descriptor)
