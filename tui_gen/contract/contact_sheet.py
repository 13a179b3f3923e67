"""What `sheet` asks of a job: a page with patches to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SheetMade:
    """A contact sheet that was drawn."""

    page: Path
    patches: int
    wrong: tuple[str, ...]  # files that are missing or damaged, a line each


class SheetMaker(Protocol):
    """Draws contact sheets."""

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw a contact sheet into a folder. Raises RefusedError, OSError."""
        ...
