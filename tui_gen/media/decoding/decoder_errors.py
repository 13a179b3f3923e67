"""Collects libav's error messages in the process that decodes with it.

libav writes to descriptor 2. Here descriptor 2 is a pipe, and the same process reads its other end before and
after each call that may report an error. The pipe cannot be a file, not even one in memory: decoders may not
write files, so all messages would be lost. A full pipe loses further messages; those it holds are sufficient.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import av

MOST_LINES = 1000
_READ_BYTES = 1 << 16
_HARMLESS = re.compile(r"mmco: unref short failure|Last message repeated")
"""After a recovery point, H.264 may report missing references that were never decoded and are not needed."""


@dataclass(slots=True)
class Complaints:
    """The lines that report damage since the last reset."""

    descriptor: int
    _lines: list[str] = field(default_factory=list)
    _rest: bytes = b""

    def heard(self) -> list[str]:
        """Return all lines, oldest first."""
        while True:
            try:
                said = os.read(self.descriptor, _READ_BYTES)
            except BlockingIOError:
                return self._lines
            if not said:
                return self._lines
            *whole, self._rest = (self._rest + said).split(b"\n")
            lines = (line.decode("utf-8", "replace") for line in whole)
            self._lines += [line for line in lines if line.strip() and not _HARMLESS.search(line)]
            del self._lines[MOST_LINES:]

    def forget(self) -> None:
        """Discard all lines so far."""
        self.heard()
        self._lines.clear()


def listen() -> Complaints:
    """Redirect descriptor 2, to which libav reports errors, to a pipe. Duplicate the old one before."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    os.set_blocking(theirs, False)
    os.dup2(theirs, 2)
    os.close(theirs)
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.ERROR)
    return Complaints(ours)
