"""Processor time of child processes: what the clips of one source cost on this machine.

    with counting() as spent:       children started in this context report to it when they end

Invariant: a time that could not be read makes the whole sum unknown, never smaller.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

_USER_TICKS, _SYSTEM_TICKS = 11, 12  # of /proc/<pid>/stat, counted behind the name


@dataclass(slots=True)
class Spent:
    """What the children of one context have used, user and system time together."""

    is_known: bool = True
    _seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seconds(self) -> float | None:
        """The sum, or None where a child's time is not known."""
        return self._seconds if self.is_known else None

    def add(self, pid: int | None) -> None:
        """Count a child that is about to be reaped; None: it is too late. Called from reaping threads."""
        seconds = None if pid is None else processor_seconds(pid)
        with self._lock:
            if seconds is None:
                self.is_known = False
            else:
                self._seconds += seconds


_CURRENT: ContextVar[Spent | None] = ContextVar("spent", default=None)


@contextmanager
def counting() -> Iterator[Spent]:
    """Count the children started within; nested countings are apart."""
    spent = Spent()
    token = _CURRENT.set(spent)
    try:
        yield spent
    finally:
        _CURRENT.reset(token)


def current() -> Spent | None:
    """Return what a child that is started now reports to."""
    return _CURRENT.get()


def processor_seconds(pid: int) -> float | None:
    """Return what a process has used that is not reaped yet, or None where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name stands in parentheses and may hold anything.
    fields = stat.rpartition(b")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / os.sysconf("SC_CLK_TCK")
