"""What the screen asks of a job: a picture of a patch in terminal cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_gen.engine.model.work import JsonObject

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in terminal cells: each cell has the colours of its upper and of its lower half."""

    cells: Sequence[Sequence[tuple[RGB, RGB]]]
    caption: str


class Previewer(Protocol):
    """Draws patches."""

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        """Draw a patch by its ledger entry. Raises OSError, ValueError."""
        ...
