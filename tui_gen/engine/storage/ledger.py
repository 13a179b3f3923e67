"""The ledger: one JSON line for each durable event. Lines are only appended. It is the source of truth.

A torn last line (a crash, a full disk) is dropped; any prefix of a ledger can be opened. Lines are written
whole or taken back, so a failed append leaves the file unchanged.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_gen.base.files import open_to_update
from tui_gen.engine.model import events as ev
from tui_gen.engine.storage.ledger_codec import decode, encode, heading, made_line, recount
from tui_gen.engine.storage.ledger_lines import LedgerError

_BLOCK_BYTES = 1 << 18
_REMEMBERED = frozenset({"clip", "facts", "unusable"})
"""The kinds of lines whose events the state keeps one by one, for the feed."""


def read_events(path: Path, *, on_damage: list[str]) -> Iterator[ev.Durable]:
    """Yield the events of a ledger in order; a missing file has none.

    A last line without its newline is dropped. Another damaged line (bit rot, a foreign edit) is left out,
    and a text about it is appended to `on_damage`: its work is done again into the same files.
    """
    for number, _place, line in _lines(path):
        try:
            event = decode(line)
        except LedgerError as error:
            on_damage.append(f"line {number}: {error}")
        else:
            yield event


def read_for_resume(
    path: Path, *, on_damage: list[str], remembered: int
) -> Iterator[ev.Durable | ev.ClipRecounted]:
    """Yield the events of a ledger as `read_events` does, in a quarter of the time.

    Only the counted data of old made clips are decoded. The newest events are decoded completely: as many as
    the state keeps one by one, and back to a clip that gave a patch.
    """
    whole_from = _start_of_newest(path, remembered)
    for number, place, line in _lines(path):
        try:
            event = decode(line) if place >= whole_from else recount(line)
        except LedgerError as error:
            on_damage.append(f"line {number}: {error}")
        else:
            yield event


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield every whole line with its number and its byte offset; a missing file has none."""
    try:
        file = path.open("rb", buffering=_BLOCK_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return
    place = 0
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            yield number, place, line
            place += len(line)


def _start_of_newest(path: Path, remembered: int) -> int:
    """Return the offset of the newest lines: `remembered` lines, including one of a clip with a patch."""
    left, is_found = remembered, False
    for place, line in _lines_from_the_end(path):
        try:
            about = heading(line)
        except LedgerError:
            continue  # reported when the line is decoded
        left -= about.kind in _REMEMBERED
        is_found = is_found or _gave_patches(line)
        if left <= 0 and is_found:
            return place
    return 0


def _gave_patches(line: bytes) -> bool:
    made = made_line(line)
    return made is not None and bool(made.patches)


def _lines_from_the_end(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the text of every whole line without its newline, the last line first."""
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return
    with file:
        end, rest = _whole_length(file.fileno()) - 1, b""
        while end > 0:
            start = max(0, end - _BLOCK_BYTES)
            file.seek(start)
            rest, *lines = (file.read(end - start) + rest).split(b"\n")
            end, place = start, start + len(rest) + sum(len(line) + 1 for line in lines)
            for line in reversed(lines):
                place -= len(line)
                yield place, line
                place -= 1
        yield 0, rest


class Ledger:
    """The open ledger of the engine that holds the lock. Two threads may append and sync at the same time."""

    def __init__(self, path: Path) -> None:
        """Open the file for appending; drop a torn last line. Raises OSError."""
        self._fd = open_to_update(path)
        self._end = _whole_length(self._fd)
        os.ftruncate(self._fd, self._end)
        self._is_torn = False
        self._flushed_end = self._end
        self._unflushed: list[bytes] = []
        self._is_doubtful = False
        self._flushing = threading.Lock()

    @property
    def unsynced_lines(self) -> int:
        """The number of lines that a power cut might lose."""
        return len(self._unflushed)

    def append(self, events: Iterable[ev.Durable]) -> None:
        """Append the events' lines, all or none. Raises OSError with the ledger unchanged."""
        lines = [encode(event) for event in events]
        data = b"".join(lines)
        if self._is_torn:
            self._tear_off()
        try:
            _write_at(self._fd, data, self._end)
        except OSError:
            self._is_torn = True
            self._tear_off()
            raise
        self._end += len(data)
        self._unflushed.extend(lines)

    def _tear_off(self) -> None:
        """Remove what a failed append may have written."""
        os.ftruncate(self._fd, self._end)
        self._is_torn = False

    def sync(self) -> None:
        """Sync appended lines to the disk. Raises OSError; then the lines still count as unsynced."""
        with self._flushing:
            lines = self._unflushed.copy()
            if not lines:
                return
            try:
                if self._is_doubtful:
                    # A failed sync may have dropped the data that it could not write: another sync would
                    # succeed without writing them. The lines are therefore written again.
                    _write_at(self._fd, b"".join(lines), self._flushed_end)
                os.fsync(self._fd)
            except OSError:
                self._is_doubtful = True
                raise
            self._is_doubtful = False
            self._flushed_end += sum(map(len, lines))
            del self._unflushed[: len(lines)]

    def close(self) -> None:
        """Sync everything and close the file."""
        try:
            self.sync()
        finally:
            with self._flushing:
                os.close(self._fd)


def _write_at(fd: int, data: bytes, place: int) -> None:
    written = 0
    while written < len(data):
        written += os.pwrite(fd, data[written:], place + written)


def _whole_length(fd: int) -> int:
    """Return the length of the file up to and including its last newline."""
    end = os.fstat(fd).st_size
    step = 1 << 16
    while end > 0:
        start = max(0, end - step)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
