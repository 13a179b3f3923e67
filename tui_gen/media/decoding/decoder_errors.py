"""What libav says at its error level, heard by the program that it decodes for.

libav writes to descriptor 2. Here that is a pipe whose other end is read by the same process, before and
after whatever may complain. It is no file, not even one in memory: a decoder may write none, so all of it
would be lost. A pipe that is full loses what comes next, and by then enough was said.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import av

MOST_LINES = 1000
_READ_BYTES = 1 << 16
_HARMLESS = re.compile(r"mmco: unref short failure|Last message repeated")
"""After a recovery point H.264 may take leave of pictures that were never decoded and that nothing needs."""


@dataclass(slots=True)
class Complaints:
    """The lines that report damage since the last reset."""

    descriptor: int
    _lines: list[str] = field(default_factory=list)
    _rest: bytes = b""

    def heard(self) -> list[str]:
        """Return all of them, oldest first."""
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
        """Begin anew."""
        self.heard()
        self._lines.clear()


def listen() -> Complaints:
    """Let libav complain to this process, by descriptor 2; what stood there must be kept elsewhere before."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    os.set_blocking(theirs, False)
    os.dup2(theirs, 2)
    os.close(theirs)
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.ERROR)
    return Complaints(ours)
