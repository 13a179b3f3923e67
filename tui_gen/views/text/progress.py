"""What is said while some work goes on: on a terminal how far it is, and everywhere what takes long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from tui_gen.base.formatting import count, duration, percent, size

SHOW_SECONDS = 0.2
BAR_CELLS = 20
LONG_LEDGER_BYTES = 200_000_000
"""A longer ledger takes seconds to read: without a word that would look hung."""


@dataclass(slots=True)
class Progress:
    """One piece of work of known size: "checked 12 of 76 videos"."""

    talk: TextIO
    total: int
    things: str  # "videos"
    doing: str = "checked"
    began: float = field(default_factory=time.monotonic)
    shown_at: float = float("-inf")

    def show(self, done: int) -> None:
        """Renew the line, a few times a second."""
        now = time.monotonic()
        if not self.talk.isatty() or now - self.shown_at < SHOW_SECONDS:
            return
        self.shown_at = now
        left = duration((now - self.began) / done * (self.total - done)) if done else "-"
        share = done / self.total if self.total else 1.0
        filled = "#" * round(share * BAR_CELLS)
        self.talk.write(
            f"\r{self.doing} {count(done)} of {count(self.total)} {self.things} "
            f"[{filled:.<{BAR_CELLS}}] {percent(share)}  {left} left\x1b[K"
        )
        self.talk.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.talk.isatty():
            self.talk.write("\r\x1b[K")
            self.talk.flush()


def long_reading(ledger: Path) -> str:
    """Return what is being read, if that takes a while; empty otherwise."""
    try:
        size_bytes = ledger.stat().st_size
    except OSError:
        return ""  # the code that reads the file reports the error
    return f"reading {ledger.name}, {size(size_bytes)}..." if size_bytes >= LONG_LEDGER_BYTES else ""


def say_long_reading(ledger: Path, talk: TextIO) -> None:
    """Say what is being read, if that takes a while."""
    if notice := long_reading(ledger):
        talk.write(f"{notice[0].upper()}{notice[1:]}\n")
        talk.flush()
