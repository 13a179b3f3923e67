"""Splits what a child prints on stderr into lines: each is reported, and the last ones are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tui_gen.processes.keepalive import Line

LINE_BYTES = 2000
TAIL_LINES = 60
TAIL_LINE_CHARACTERS = 400


@dataclass(slots=True)
class ErrorLines:
    """Splits stderr into lines; those that `on_line` keeps form the bounded tail."""

    on_line: Callable[[str], Line]
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    rest: bytes = b""

    def feed(self, piece: bytes) -> bool:
        """Process a piece of stderr; return whether any of its lines is a sign of life."""
        *lines, self.rest = (self.rest + piece).split(b"\n")
        # A line without end must not grow without limit: keep its head, drop the remainder.
        self.rest = self.rest[:LINE_BYTES]
        # A list, because every line must be processed, also lines after a sign of life.
        return Line.SIGN in [self._line(line) for line in lines]

    def close(self) -> None:
        """Process the text after the last newline."""
        if self.rest:
            self._line(self.rest)

    def _line(self, raw: bytes) -> Line:
        line = raw[:LINE_BYTES].decode("utf-8", "replace").rstrip()
        worth = self.on_line(line)
        if worth is Line.KEPT and line:
            self.tail.append(line[:TAIL_LINE_CHARACTERS])
        return worth
