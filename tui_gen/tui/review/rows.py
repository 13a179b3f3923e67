"""The rows of a review, their changes and their lines; without widgets.

Invariant: a row changes only through `Reviewed.change`, which keeps the previous row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len

from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    fit,
    fit_line,
    fit_right,
    foreign,
    line,
    muted,
    strong,
)

PRIORITY = "priority"
DEFAULT_PRIORITY = 255
_MARK_CELLS, _LEAST_NAME, _MOST_NAME = 5, 18, 44
_WEIGHT_CELLS, _PRIORITY_CELLS = 10, 8
_LEAST_WHY, _GAP = 16, 2


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A found file. All fields except `key`, `facts` and `why` may be changed."""

    key: str  # the path
    name: str
    weights: tuple[tuple[str, float], ...]
    priority: int
    is_in: bool
    facts: str
    why: str

    def value(self, name: str) -> float:
        """Return the priority, or the weight of a category."""
        return self.priority if name == PRIORITY else dict(self.weights).get(name, 0.0)

    def with_value(self, name: str, value: float) -> ReviewRow:
        """Return the row with another priority or weight; a weight of 0 removes the category."""
        if name == PRIORITY:
            return replace(self, priority=round(value))
        weights = {**dict(self.weights), name: round(value, 3)}
        return replace(self, weights=tuple((key, weight) for key, weight in weights.items() if weight > 0))

    def details(self) -> list[str]:
        """Return all details, with the whole path."""
        weights = ", ".join(f"{display_name(name)} {weight:g}" for name, weight in self.weights)
        return [
            f"path      {display_name(self.key)}",
            f"file      {display_name(self.facts)}",
            f"state     {'taken' if self.is_in else 'left out'}",
            f"why       {display_name(self.why) or '-'}",
            f"weights   {weights or 'none'}",
            f"priority  {self.priority} (0 is first, {DEFAULT_PRIORITY} the default)",
        ]


@dataclass(slots=True)
class Reviewed:
    """The current rows, and their earlier versions."""

    title: str
    categories: tuple[str, ...]
    rows: tuple[ReviewRow, ...]
    nouns: Nouns = USUAL_NOUNS
    _before: list[tuple[ReviewRow, ...]] = field(default_factory=list)
    _widest: tuple[tuple[ReviewRow, ...], tuple[int, int]] | None = None

    @property
    def is_changed(self) -> bool:
        """Whether there are unsaved changes."""
        return bool(self._before)

    def find(self, key: str) -> ReviewRow | None:
        """Return a row by its key."""
        return next((row for row in self.rows if row.key == key), None)

    def change(self, rows: Sequence[ReviewRow]) -> None:
        """Replace the rows that have the keys of the changed rows."""
        changed = {row.key: row for row in rows}
        self._before.append(self.rows)
        self.rows = tuple(changed.get(row.key, row) for row in self.rows)

    def undo(self) -> bool:
        """Undo the last change; return whether there was one."""
        if not self._before:
            return False
        self.rows = self._before.pop()
        return True

    def widest(self) -> tuple[int, int]:
        """Return the cells of the longest facts and of the longest name; measured once for the same rows."""
        if self._widest is None or self._widest[0] is not self.rows:
            facts, names = (row.facts for row in self.rows), (row.name for row in self.rows)
            self._widest = self.rows, (_widest(facts), _widest(names))
        return self._widest[1]

    def head_lines(self, width: int) -> list[Line]:
        """Return lines with the scanned folders and the sums."""
        taken = [row for row in self.rows if row.is_in]
        counts = f"{count(len(taken))} taken, {count(len(self.rows) - len(taken))} left out"
        sums = [f"{display_name(name)} {sum(row.value(name) for row in taken):g}" for name in self.categories]
        first = line(StyledText(" "), strong(display_name(self.title)))
        second = line(StyledText(f" {counts}"), muted(f"   weights: {', '.join(sums)}"))
        return [fit_line(first, width), fit_line(second, width)]


def matches(row: ReviewRow, wanted: str) -> bool:
    """Return whether a row contains a text in lower case."""
    if not wanted:
        return True
    categories = " ".join(name for name, _ in row.weights)
    return wanted in f"{row.name}\n{row.key}\n{row.why}\n{row.facts}\n{categories}".casefold()


def _widest(texts: Iterable[str]) -> int:
    return max((cell_len(display_name(text)) for text in texts), default=0)


class Columns:
    """The columns for a width, and the lines of rows in these columns."""

    def __init__(self, width: int, reviewed: Reviewed, chosen: int) -> None:
        """Divide the width; `chosen` is the column that keys change, the priority after the categories."""
        self._noun, categories = reviewed.nouns.source, reviewed.categories
        room = width - _MARK_CELLS - _LEAST_NAME - _PRIORITY_CELLS - 1
        fitting = max(1, room // _WEIGHT_CELLS)
        # If not all columns fit, those around the chosen one are shown.
        first = max(0, min(chosen - fitting + 1, len(categories) - fitting))
        self._categories = list(categories)[first : first + fitting]
        self._chosen = chosen - first if chosen < len(categories) else len(self._categories)
        room = max(0, room - len(self._categories) * _WEIGHT_CELLS)
        # Facts are shown whole or not at all; then come the name, as far as names need, and the reason.
        widest_facts, widest_name = reviewed.widest()
        self._facts = widest_facts + _GAP
        self._facts = 0 if self._facts + _GAP > room else self._facts
        room -= self._facts
        longest_name = min(_MOST_NAME, widest_name + 1)
        self._name = _LEAST_NAME + min(max(0, longest_name - _LEAST_NAME), max(0, room - _GAP - _LEAST_WHY))
        self._why = room - (self._name - _LEAST_NAME) - _GAP
        if self._why < _LEAST_WHY:
            self._name, self._why = _LEAST_NAME + room, 0

    def heading(self) -> Line:
        """Return the names of the columns; the chosen one is marked, also without colour."""
        parts = [muted(fit("", _MARK_CELLS)), muted(fit(self._noun.one, self._name))]
        names = [*self._categories, "prio"]
        for place, name in enumerate(names):
            cells = _WEIGHT_CELLS if place < len(self._categories) else _PRIORITY_CELLS
            shown = display_name(name)
            if place == self._chosen:
                parts.append(
                    StyledText(fit_right(f"[{fit(shown, min(len(shown), cells - 3))}]", cells), "accent")
                )
            else:
                parts.append(muted(fit_right(fit(shown, min(len(shown), cells - 1)), cells)))
        parts.append(muted(fit("  file", self._facts)))
        return (*parts, muted("  why" if self._why else ""))

    def row(self, row: ReviewRow) -> Line:
        """Return the line of one source."""
        role: Role = "plain" if row.is_in else "muted"
        start = [
            StyledText(f" [{'x' if row.is_in else ' '}] ", role),
            StyledText(foreign(row.name, self._name), role),
        ]
        if not self._why and row.why and not row.is_in:
            # A reason without its own column replaces the numbers.
            return (*start, muted("  " + display_name(row.why)))
        numbers = []
        for place, name in enumerate(self._categories):
            weight = f"{row.value(name):g}" if row.value(name) else "-"
            numbers.append(self._number(weight, _WEIGHT_CELLS, place, role if row.value(name) else "muted"))
        priority = "-" if row.priority == DEFAULT_PRIORITY else str(row.priority)
        numbers.append(self._number(priority, _PRIORITY_CELLS, len(self._categories), role))
        facts = muted(fit(f"  {display_name(row.facts)}", self._facts))
        why = [muted(f"  {foreign(row.why, self._why)}")] if self._why else []
        return (*start, *numbers, facts, *why)

    def _number(self, text: str, cells: int, place: int, role: Role) -> StyledText:
        is_chosen = place == self._chosen and role == "plain"
        return StyledText(fit_right(text, cells), "accent" if is_chosen else role)
