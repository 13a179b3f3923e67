"""Progress lines on a terminal, and notes about long steps on any output."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tui_gen.base.formatting import count, duration, percent, size

if TYPE_CHECKING:
    from rich.console import Console

SHOW_SECONDS = 0.2
BAR_CELLS = 20
CLEAR_TO_END = "\x1b[K"
LONG_LEDGER_BYTES = 200_000_000
"""Reading a longer ledger takes seconds; without a note, the program would seem to hang."""


@dataclass(slots=True)
class Progress:
    """A progress line: "checked 12 of 76 videos". Pipes and dumb terminals get nothing."""

    talk: TextIO
    total: int
    things: str  # "videos"
    doing: str = "checked"
    began: float = field(default_factory=time.monotonic)
    shown_at: float = float("-inf")
    _console: Console | None = None

    def show(self, done: int) -> None:
        """Update the line, at most a few times per second."""
        now = time.monotonic()
        if not self.talk.isatty() or now - self.shown_at < SHOW_SECONDS:
            return
        self.shown_at = now
        if not self._terminal().is_dumb_terminal:
            self.talk.write(f"\r{self._line(done, now - self.began)}{CLEAR_TO_END}")
            self.talk.flush()

    def clear(self) -> None:
        """Clear the line."""
        if self._console is not None and not self._console.is_dumb_terminal:
            self.talk.write(f"\r{CLEAR_TO_END}")
            self.talk.flush()

    def _terminal(self) -> Console:
        """Return the terminal as a console of rich, which knows its width, letters and colours."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(file=self.talk, markup=False, emoji=False, highlight=False)
        return self._console

    def _line(self, done: int, seconds: float) -> str:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        left = duration(seconds / done * (self.total - done)) if done else "-"
        whole = max(1, self.total)
        line = Table.grid(padding=(0, 1))
        for most_cells in (None, BAR_CELLS, None, None):  # the bar is shorter if there is no room
            line.add_column(no_wrap=most_cells is None, max_width=most_cells)
        line.add_row(
            Text(f"{self.doing} {count(done)} of {count(self.total)} {self.things}"),
            ProgressBar(total=whole, completed=done if self.total else whole),
            Text(percent(done / self.total if self.total else 1.0)),
            Text(f"{left} left"),
        )
        console = self._terminal()
        with console.capture() as captured:
            console.print(line, width=console.width - 1)
        return captured.get().rstrip()


def long_reading(ledger: Path) -> str:
    """Return a line about the file being read if that takes long; else empty."""
    try:
        size_bytes = ledger.stat().st_size
    except OSError:
        return ""  # the code that reads the file reports the error
    return f"reading {ledger.name}, {size(size_bytes)}..." if size_bytes >= LONG_LEDGER_BYTES else ""


def say_long_reading(ledger: Path, talk: TextIO) -> None:
    """Print a line about the file being read if that takes long."""
    if notice := long_reading(ledger):
        talk.write(f"{notice[0].upper()}{notice[1:]}\n")
        talk.flush()
