"""The ledger: one JSON line for everything that was done, only ever appended to. It is the truth.

A torn last line (a crash, a full disk) is dropped; whatever prefix of a ledger is found, it opens.
Lines are written whole or taken back, so a failed append leaves the file as it was.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tui_gen.engine import events as ev
from tui_gen.engine.work import Clip, Failed, Made, Outcome, Patch, Rejected

# ledger kind -> event, for all events that are plain records of their fields
_PLAIN: dict[str, type[Any]] = {
    "run": ev.RunStarted,
    "end": ev.RunEnded,
    "phase": ev.PhaseChanged,
    "skip": ev.SourceSkipped,
    "unskip": ev.SourceUnskipped,
    "priority": ev.PriorityChanged,
    "retry": ev.SourceRetried,
    "facts": ev.FactsLearned,
    "unusable": ev.SourceFoundUnusable,
    "lost": ev.PatchesLost,
}
_KINDS = {event: kind for kind, event in _PLAIN.items()}
_FIELDS = {kind: tuple(f.name for f in dataclasses.fields(event)) for kind, event in _PLAIN.items()}


class LedgerError(Exception):
    """A line of the ledger is not what this version writes."""


def encode(event: ev.Durable) -> bytes:
    """Return the event's ledger line, with its newline. ASCII: names that are not UTF-8 survive."""
    if isinstance(event, ev.ClipEnded):
        entry = _clip_entry(event)
    else:
        kind = _KINDS[type(event)]
        entry = {"at": round(event.at, 3), "kind": kind}
        for name in _FIELDS[kind]:
            if name != "at":
                entry[name] = getattr(event, name)
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> ev.Durable:
    """Return the event of one ledger line.

    Raises LedgerError when the line is no JSON object of a known kind with its fields.
    """
    try:
        entry = json.loads(line)
        kind = entry.pop("kind")
        if kind == "clip":
            return _clip_event(entry)
        if kind == "facts":
            entry["warnings"] = tuple(entry.get("warnings", ()))
        if kind == "lost":
            entry["clips"] = tuple(entry["clips"])
        event: ev.Durable = _PLAIN[kind](**entry)
        float(event.at)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"not a line of this ledger ({type(error).__name__}: {error}): {line[:80]!r}"
        raise LedgerError(message) from error
    return event


def _clip_entry(event: ev.ClipEnded) -> dict[str, Any]:
    outcome = event.outcome
    entry: dict[str, Any] = {
        "at": round(event.at, 3),
        "kind": "clip",
        "stage": event.stage,
        "id": str(outcome.clip),
        "source": outcome.clip.source,
        "outcome": type(outcome).__name__.lower(),
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 3),
    }
    if isinstance(outcome, Made):
        entry |= outcome.record
        entry["patches"] = [
            {"category": patch.category, "bytes": patch.size_bytes, **_mark(patch), **patch.record}
            for patch in outcome.patches
        ]
        entry["rejected"] = [{"category": name, "reason": reason} for name, reason in outcome.rejected]
        return entry
    if isinstance(outcome, Rejected):
        entry |= outcome.record
    entry["reason"], entry["detail"] = outcome.reason, outcome.detail
    return entry


def _mark(patch: Patch) -> dict[str, str]:
    return {} if patch.mark is None else {"hash": f"{patch.mark:016x}"}


def _patch(entry: dict[str, Any]) -> Patch:
    category, size_bytes, mark = entry.pop("category"), entry.pop("bytes"), entry.pop("hash", None)
    return Patch(category, size_bytes, entry, None if mark is None else int(mark, 16))


def _clip_event(entry: dict[str, Any]) -> ev.ClipEnded:
    source = entry.pop("source")
    clip = Clip(source, int(entry.pop("id").rpartition(":")[2]))
    at, stage = float(entry.pop("at")), entry.pop("stage")
    return ev.ClipEnded(at, stage, _outcome(clip, entry.pop("outcome"), entry))


def _outcome(clip: Clip, kind: str, entry: dict[str, Any]) -> Outcome:
    attempts, seconds = entry.pop("attempts"), entry.pop("seconds")
    if kind == "made":
        patches = tuple(map(_patch, entry.pop("patches")))
        rejected = tuple((item["category"], item["reason"]) for item in entry.pop("rejected"))
        return Made(clip, patches, attempts, seconds, rejected, entry)
    reason, detail = entry.pop("reason"), entry.pop("detail", "")
    if kind == "rejected":
        return Rejected(clip, reason, attempts, seconds, detail, entry)
    if kind == "failed":
        return Failed(clip, reason, attempts, seconds, detail)
    message = f"no such outcome: {kind}"
    raise ValueError(message)


def read_events(path: Path, *, on_damage: list[str]) -> Iterator[ev.Durable]:
    """Yield the events of a ledger in order; a missing file has none.

    A last line without its newline is dropped. A damaged line elsewhere (bit rot, a foreign hand) is
    left out, and what was wrong with it is appended to `on_damage`: the work it told of is done again
    into the same files.
    """
    yield from _read(path, decode, on_damage)


def read_for_resume(path: Path, *, on_damage: list[str]) -> Iterator[ev.Durable]:
    """Yield the events of a ledger as `read_events` does, in less than half the time.

    Of made clips only what counts is read; the newest one alone has its whole record.
    """
    newest = _newest_made_line(path)

    def read_line(line: bytes) -> ev.Durable:
        return decode(line) if line == newest else _decode_what_counts(line)

    yield from _read(path, read_line, on_damage)


# What `encode` writes of a made clip, up to its record, of each of its patches and of those it did
# not give. Quotes inside JSON strings are escaped, so these keys cannot be part of any text.
_REFUSED = rb'\{"category":"([^"\\]*)","reason":"([^"\\]*)"\}'
_MADE = re.compile(
    rb'\{"at":([0-9.]+),"kind":"clip","stage":"([^"\\]*)","id":"[^"\\]*:([0-9]+)","source":"([^"\\]*)",'
    rb'"outcome":"made","attempts":([0-9]+),"seconds":([0-9.]+),.*"rejected":\[((?:'
    + _REFUSED.replace(b"(", b"(?:")
    + rb",?)*)\]\}\n",
)
_REJECTED = re.compile(_REFUSED)
_PATCH = re.compile(rb'\{"category":"([^"\\]*)","bytes":([0-9]+)(?:,"hash":"([0-9a-f]+)")?')
_TAIL_BYTES = 1 << 18


def _decode_what_counts(line: bytes) -> ev.Durable:
    found = _MADE.fullmatch(line)
    if found is None:
        return decode(line)
    at, stage, index, source, attempts, seconds, refused = found.groups()
    patches = tuple(
        Patch(_word(category), int(size_bytes), _NO_RECORD, int(mark, 16) if mark else None)
        for category, size_bytes, mark in _PATCH.findall(line)
    )
    rejected = tuple((_word(name), reason.decode("ascii")) for name, reason in _REJECTED.findall(refused))
    if len(patches) + len(rejected) != line.count(b'{"category":'):
        return decode(line)  # a category's name is escaped
    clip = Clip(_word(source), int(index))
    outcome = Made(clip, patches, int(attempts), float(seconds), rejected, _NO_RECORD)
    return ev.ClipEnded(float(at), _word(stage), outcome)


_NO_RECORD: dict[str, Any] = {}


@lru_cache(maxsize=8192)
def _word(text: bytes) -> str:
    return text.decode("ascii")


def _newest_made_line(path: Path) -> bytes | None:
    """Return the last line of a clip that gave a patch, if it is near the end."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read().splitlines(keepends=True)
    except FileNotFoundError:
        return None
    gave = (b'"outcome":"made"', b'"patches":[{')
    return next((line for line in reversed(lines) if all(part in line for part in gave)), None)


def _read(path: Path, read_line: Callable[[bytes], ev.Durable], on_damage: list[str]) -> Iterator[ev.Durable]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                event = read_line(line)
            except LedgerError as error:
                on_damage.append(f"line {number}: {error}")
            else:
                yield event


class Ledger:
    """The open ledger of the engine that holds the lock. Appending and flushing may meet in two threads."""

    def __init__(self, path: Path) -> None:
        """Open for appending, dropping a torn last line. Raises OSError."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._end = _whole_length(self._fd)
        os.ftruncate(self._fd, self._end)
        self._is_torn = False
        self._flushed_end = self._end
        self._unflushed: list[bytes] = []
        self._is_doubtful = False
        self._flushing = threading.Lock()

    @property
    def unsynced_lines(self) -> int:
        """How many lines a power cut might take."""
        return len(self._unflushed)

    def append(self, events: Iterable[ev.Durable]) -> None:
        """Append the events' lines, all or none. Raises OSError with the ledger as it was."""
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
        """Take back what an append that failed may have left."""
        os.ftruncate(self._fd, self._end)
        self._is_torn = False

    def sync(self) -> None:
        """Bring what was appended to the disk. Raises OSError; then the lines count as unsynced still."""
        with self._flushing:
            lines = self._unflushed.copy()
            if not lines:
                return
            try:
                if self._is_doubtful:
                    # A flush that failed may have dropped what it could not write: flushing again would
                    # succeed and mean nothing. So it is written again.
                    _write_at(self._fd, b"".join(lines), self._flushed_end)
                os.fsync(self._fd)
            except OSError:
                self._is_doubtful = True
                raise
            self._is_doubtful = False
            self._flushed_end += sum(map(len, lines))
            del self._unflushed[: len(lines)]

    def close(self) -> None:
        """Bring everything to the disk and let go of the file."""
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
