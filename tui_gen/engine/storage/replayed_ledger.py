"""A ledger that can be read at any time of its run: forward line by line, and back by saved states.

The times are seconds since the first line, without steps of the clock. The ledger is read once from its
beginning to its end; at equal distances the state is saved. A look at another time begins at the last saved
state before it, so it reads one part in `PARTS` of the ledger at most. The file is only read; lines that an
engine appends meanwhile are not part of the replay.
"""

from __future__ import annotations

import pickle
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.play_time import Gap
from tui_gen.engine.model.run_data import RECENT_KEPT
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.ledger_codec import decode, recount
from tui_gen.engine.storage.ledger_lines import LedgerError

PARTS = 32
GAP_SECONDS = 180.0
"""A shorter time without an engine is not shortened."""
_BLOCK_BYTES = 1 << 18

_Counted = ev.Durable | ev.ClipRecounted


@dataclass(slots=True)
class RunAxis:
    """The time since the first line, line by line."""

    seconds: float = 0.0
    at: float | None = None  # wall time of the last line
    is_at_work: bool = False  # an engine runs
    gap_start: float | None = None  # since when no engine runs

    def take(self, event: _Counted) -> Gap | None:
        """Go on to an event; return the gap that it ends."""
        kind, before = type(event), self.seconds
        if self.at is not None and kind is not ev.ClockStepped:
            self.seconds += max(0.0, event.at - self.at)
        if self.at is None or kind is ev.ClockStepped or event.at > self.at:
            self.at = event.at
        if kind is ev.RunStarted:
            start = before if self.is_at_work or self.gap_start is None else self.gap_start
            self.is_at_work, self.gap_start = True, None
            return _gap(start, self.seconds)
        if kind is ev.RunEnded:
            self.is_at_work, self.gap_start = False, self.seconds
        return None

    def after(self, event: _Counted) -> float:
        """Return the time of an event that was not taken yet."""
        if self.at is None or type(event) is ev.ClockStepped:
            return self.seconds
        return self.seconds + max(0.0, event.at - self.at)


def _gap(start: float, end: float) -> Gap | None:
    return Gap(start, end) if end - start > GAP_SECONDS else None


@dataclass(slots=True)
class _Place:
    """A place in the ledger, and the state there."""

    offset: int = 0  # of the next line
    axis: RunAxis = field(default_factory=RunAxis)
    state: RunState = field(default_factory=RunState)


class ReplayedLedger:
    """The state of a run at any time. One thread at a time may use it."""

    def __init__(self, path: Path) -> None:
        """Read the ledger to its end. Raises OSError."""
        self._file: BinaryIO = path.open("rb", buffering=_BLOCK_BYTES)
        self._place = _Place()
        self._saved: list[tuple[float, bytes]] = []  # time -> a place, ascending
        self._until = path.stat().st_size
        self._damaged = set[int]()  # the ends of lines that were left out
        gaps = list[Gap]()
        self._read_all(gaps)
        axis = self._place.axis
        if axis.gap_start is not None and (last := _gap(axis.gap_start, axis.seconds)):
            gaps.append(last)
        self.gaps, self.seconds = tuple(gaps), axis.seconds
        self.end = self._place.state

    @property
    def damage(self) -> int:
        """The number of lines that cannot be read, and are left out."""
        return len(self._damaged)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def state_at(self, seconds: float) -> tuple[RunState, float]:
        """Return the state at a time since the first line, and the wall time then. Raises OSError.

        The next call changes the state.
        """
        saved = bisect_right(self._saved, seconds, key=lambda each: each[0]) - 1
        is_back = seconds < self._place.axis.seconds
        if is_back or self._saved[saved][0] > self._place.axis.seconds:
            self._place = pickle.loads(self._saved[saved][1])  # noqa: S301 - written by this object
        self._advance(seconds)
        axis = self._place.axis
        return self._place.state, (axis.at or 0.0) + max(0.0, seconds - axis.seconds)

    # ------------------------------------------------------------------ reading

    def _read_all(self, gaps: list[Gap]) -> None:
        step, due = max(1, self._until // PARTS), 0
        waiting = deque[tuple[bytes, _Counted]]()
        for line, event, end in self._events():
            if self._place.offset >= due:
                self._finish(waiting)
                self._save()
                due = self._place.offset + step
            gap = self._place.axis.take(event)
            if gap is not None:
                gaps.append(gap)
            self._place.offset = end
            waiting.append((line, event))
            self._apply(waiting)
        self._finish(waiting)
        if not self._saved:
            self._save()

    def _advance(self, seconds: float) -> None:
        """Apply the lines up to a time."""
        waiting = deque[tuple[bytes, _Counted]]()
        for line, event, end in self._events():
            if self._place.axis.after(event) > seconds:
                break
            self._place.axis.take(event)
            self._place.offset = end
            waiting.append((line, event))
            self._apply(waiting)
        self._finish(waiting)

    def _events(self) -> Iterator[tuple[bytes, _Counted, int]]:
        """Yield each line from the place on with its event, of which only what counts, and its end."""
        self._file.seek(self._place.offset)
        end = self._place.offset
        for line in self._file:
            end += len(line)
            if end > self._until or not line.endswith(b"\n"):
                break
            try:
                yield line, recount(line), end
            except LedgerError:
                self._damaged.add(end)

    def _apply(self, waiting: deque[tuple[bytes, _Counted]]) -> None:
        """Apply the oldest events, until as many are waiting as the state keeps one by one."""
        while len(waiting) > RECENT_KEPT:
            self._place.state.apply(waiting.popleft()[1])

    def _finish(self, waiting: deque[tuple[bytes, _Counted]]) -> None:
        """Apply all waiting events, with what the feed and the preview show of them."""
        for line, event in waiting:
            self._place.state.apply(decode(line) if type(event) is ev.ClipRecounted else event)
        waiting.clear()

    def _save(self) -> None:
        """Save the place without perceptual hashes: only plans need them, and they are most of the bytes."""
        place = self._place
        records = {
            name: replace(
                record, stages={stage: replace(each, hashes={}) for stage, each in record.stages.items()}
            )
            for name, record in place.state.records.items()
        }
        slim = replace(place, state=replace(place.state, records=records))
        self._saved.append((place.axis.seconds, pickle.dumps(slim, pickle.HIGHEST_PROTOCOL)))
