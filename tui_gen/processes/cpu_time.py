"""Measures the processor time of child processes, for the cost of one source's clips on this machine.

    with counting() as spent:       children started in this context report to `spent` when they end

Invariant: if one time cannot be read, the whole sum is unknown, never too small.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

_USER_TICKS, _SYSTEM_TICKS = 11, 12  # fields of /proc/<pid>/stat, counted after the name


@dataclass(slots=True)
class Spent:
    """The user and system time of the children of one context."""

    is_known: bool = True
    _seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seconds(self) -> float | None:
        """The sum, or None if the time of a child is unknown."""
        return self._seconds if self.is_known else None

    def add(self, pid: int | None) -> None:
        """Add a child before it is reaped; None: it was reaped already. Called from reaping threads."""
        seconds = None if pid is None else processor_seconds(pid)
        with self._lock:
            if seconds is None:
                self.is_known = False
            else:
                self._seconds += seconds


_CURRENT: ContextVar[Spent | None] = ContextVar("spent", default=None)


@contextmanager
def counting() -> Iterator[Spent]:
    """Count the children started in the block; nested blocks count separately."""
    spent = Spent()
    token = _CURRENT.set(spent)
    try:
        yield spent
    finally:
        _CURRENT.reset(token)


def current() -> Spent | None:
    """Return the counting that a child started now reports to, or None."""
    return _CURRENT.get()


def processor_seconds(pid: int) -> float | None:
    """Return the time of a process that is not reaped yet, or None if the system does not report it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name is in parentheses and may contain any characters.
    fields = stat.rpartition(b")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / os.sysconf("SC_CLK_TCK")
