"""Where the lines of a run go. A reader who is slow, or gone, neither holds up nor ends the work.

    say, report ──> QueuedStream (bounded) ──> a thread of its own ──> the terminal, pipe or file

While a reader takes nothing, the oldest lines are left out; their number is written in their place as soon
as the reader goes on. At the end the rest is waited for a few seconds, and no longer.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TextIO

log = logging.getLogger(__name__)

MOST_LINES = 10_000
MOST_CHARACTERS = 4_000_000
"""More than these do not wait for a reader."""
LINES_AT_ONCE = 50
FINISH_SECONDS = 5.0
DRAIN_SECONDS = 1.0


class TextSink(Protocol):
    """What lines can be written to."""

    def write(self, text: str, /) -> object:
        """Write text."""
        ...

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write texts."""
        ...

    def flush(self) -> None:
        """Do not keep it back."""
        ...


class QueuedStream:
    """A stream that nobody waits for: a thread writes what is put into its queue."""

    def __init__(self, stream: TextIO, *, notices: QueuedStream | None = None) -> None:
        """Write to a stream; the numbers of lines left out go to `notices`, or to the stream itself."""
        self._stream, self._notices = stream, notices
        self._lines: deque[str] = deque()
        self._characters = 0  # of `_lines`
        self._left_out = 0  # lines since the last notice
        self._in_hand = 0  # lines that the thread is writing
        self._is_deaf = False  # nobody reads any more
        self._has_complained = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._write = _writer_to(stream)

    @property
    def name(self) -> str:
        """How the stream is called."""
        return str(getattr(self._stream, "name", "")).strip("<>") or "output"

    def write(self, text: str, /) -> None:
        """Put text into the queue. Its lines are written soon, or are counted and left out."""
        with self._changed:
            if self._is_deaf:
                return
            self._lines.extend(text.splitlines(keepends=True))
            self._characters += len(text)
            self._leave_out()
            self._changed.notify_all()
            is_new = self._left_out and not self._has_complained
            self._has_complained |= bool(is_new)
        if is_new:
            log.warning("the reader of %s is too slow: lines are left out", self.name)
        self._start()

    def _leave_out(self) -> None:
        while len(self._lines) > MOST_LINES or (self._characters > MOST_CHARACTERS and len(self._lines) > 1):
            self._characters -= len(self._lines.popleft())
            self._left_out += 1

    def writelines(self, lines: Iterable[str], /) -> None:
        """Put texts into the queue."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Do nothing: the thread keeps nothing back, and waiting for it is what must not be."""

    def drain(self, seconds: float) -> int:
        """Wait until all is written, or so long; return how many lines are not."""
        with self._changed:
            self._changed.wait_for(lambda: not self._unwritten(), seconds)
            return self._unwritten()

    def close(self, seconds: float) -> int:
        """Wait as `drain` does, then write nothing more; return how many lines are not written."""
        with self._changed:
            left = self.drain(seconds)
            self._fall_deaf()
        if left:  # what others write to it would wait for the reader too
            self.silence()
        return left

    def silence(self) -> None:
        """Lead the stream to nowhere, for everybody; what it still holds goes there too."""
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):  # no file: there is nothing to lead away
            return
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)

    def _unwritten(self) -> int:
        return len(self._lines) + self._left_out + self._in_hand

    def _start(self) -> None:
        if self._thread is not None:
            return
        thread = threading.Thread(target=self._run, name=f"writes to {self.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no room for a thread: the next line tries again
            log.warning("lines for %s wait: %s", self.name, error)
        else:
            self._thread = thread

    def _run(self) -> None:
        while text := self._take():
            try:
                self._write(text)
            except (OSError, ValueError) as error:  # ValueError: the stream object was closed
                self._fall_silent(error)
                return
            with self._changed:
                self._in_hand = 0
                self._changed.notify_all()

    def _take(self) -> str:
        """Return the next lines as soon as there are any, or nothing after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._is_deaf)
            if self._is_deaf:
                return ""
            lines = [self._lines.popleft() for _ in range(min(len(self._lines), LINES_AT_ONCE))]
            self._characters -= sum(map(len, lines))
            left_out, self._left_out = self._left_out, 0
            self._in_hand = len(lines)
        notice = _notice(left_out, self.name) if left_out else ""
        if notice and self._notices is not None:
            self._notices.write(notice)
            notice = ""
        return "".join([notice, *lines])

    def _fall_silent(self, error: Exception) -> None:
        log.warning("the reader of %s is gone: %s", self.name, error)
        self.silence()
        with self._changed:
            self._fall_deaf()

    def _fall_deaf(self) -> None:
        self._lines.clear()
        self._left_out = self._in_hand = 0
        self._is_deaf = True
        self._changed.notify_all()


def _notice(number: int, name: str) -> str:
    lines = "1 line was" if number == 1 else f"{number:,} lines were"
    return f"... {lines} not shown: the reader of {name} was too slow\n"


def _writer_to(stream: TextIO) -> Callable[[str], None]:
    """Return what writes to a stream past its buffer, which Python would wait for when it ends."""
    try:
        stream.flush()
        descriptor = stream.fileno()
    except (OSError, ValueError):  # no file, or nobody reads: the first line shows which

        def write_to_object(text: str) -> None:
            stream.write(text)
            stream.flush()

        return write_to_object
    encoding, errors = stream.encoding or "utf-8", stream.errors or "backslashreplace"
    return lambda text: _write_whole(descriptor, text.encode(encoding, errors))


def _write_whole(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:  # somebody else made the terminal non-blocking
            room = select.poll()
            room.register(descriptor, select.POLLOUT)
            room.poll()


class ConsoleOutput:
    """The streams of a run: what is said to people, the report, and warnings."""

    def __init__(self, out: TextIO, err: TextIO, *, is_json: bool = False) -> None:
        """Report to `out` and warn on `err`. With JSON, what is said to people goes to `err` too."""
        self.err = QueuedStream(err)
        if _is_same_file(out, err):  # one queue keeps the lines in order
            self.report = self.err
        else:
            self.report = QueuedStream(out, notices=self.err if is_json else None)
        self._words = self.err if is_json else self.report
        self.out = err if is_json else out  # to be measured; lines go through `say`

    def say(self, *lines: str) -> None:
        """Write lines for people."""
        self._words.writelines(f"{line}\n" for line in lines)

    def drain(self) -> None:
        """Wait a bounded time until all is written, before others write to the same files."""
        for stream in (self.report, self.err):
            stream.drain(DRAIN_SECONDS)

    def close(self, seconds: float | None = None) -> int:
        """Wait a bounded time until all is written; return how many lines are not."""
        deadline = time.monotonic() + (FINISH_SECONDS if seconds is None else seconds)
        # The report first: it may still put a notice into the other.
        streams = dict.fromkeys((self.report, self.err))
        return sum(stream.close(max(0.0, deadline - time.monotonic())) for stream in streams)

    def silence(self) -> None:
        """Write nothing from now on."""
        self.close(DRAIN_SECONDS)
        for stream in (self.report, self.err):
            stream.silence()


def _is_same_file(one: TextIO, other: TextIO) -> bool:
    if one is other:
        return True
    try:
        return os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError):
        return False
