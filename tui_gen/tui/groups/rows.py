"""The groups of a review, their marks and their lines; without widgets.

Invariant: a mark belongs to a group that exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len

from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.contract.groups import LEAST_COHESION, Group
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    fit,
    fit_end,
    fit_line,
    fit_right,
    foreign,
    line,
    muted,
    strong,
)

Shown = Literal["all", "marked", "not marked"]
SHOWN: tuple[Shown, ...] = ("all", "marked", "not marked")
Order = Literal["as found", "by size", "least alike first"]
ORDERS: tuple[Order, ...] = ("as found", "by size", "least alike first")
_MARK_CELLS, _LEAST_NAME = 5, 10
_ALIKE_CELLS = 7
_STATE_CELLS = 11


@dataclass(slots=True)
class Reviewed:
    """The groups as they are now, those that are marked, and which of them are shown."""

    place: str
    groups: tuple[Group, ...]
    nouns: Nouns = USUAL_NOUNS
    marked: set[str] = field(default_factory=set)
    wanted: str = ""
    shown: Shown = "all"
    order: Order = "as found"

    def renew(self, groups: Sequence[Group]) -> None:
        """Show the groups of now; marks of groups that are gone go, too."""
        self.groups = tuple(groups)
        self.marked &= {group.id for group in groups}

    def find(self, key: str) -> Group | None:
        """Return a group by its id."""
        return next((group for group in self.groups if group.id == key), None)

    def found(self) -> list[Group]:
        """Return the groups that are shown, in their order."""
        wanted = self.wanted.casefold()
        groups = [
            group
            for group in self.groups
            if (self.shown == "all" or (group.id in self.marked) == (self.shown == "marked"))
            and wanted in f"{group.name} {state_of(group)}".casefold()
        ]
        if self.order == "by size":
            groups.sort(key=lambda group: -group.size)
        elif self.order == "least alike first":
            groups.sort(key=lambda group: 2.0 if group.cohesion is None else group.cohesion)
        return groups

    def names(self) -> dict[str, str]:
        """Return the ids of the groups by their names as they are shown."""
        return {display_name(group.name): group.id for group in self.groups}

    def head_lines(self, width: int) -> list[Line]:
        """Return lines with the place and the sums."""
        images = sum(group.size for group in self.groups)
        noise = sum(group.size for group in self.groups if group.is_noise)
        groups = sum(not group.is_noise for group in self.groups)
        counts = f" {count(groups)} {'group' if groups == 1 else 'groups'}"
        sums = f", {self.nouns.image.counted(images)}"
        sums += f", {count(noise)} of them noise" if noise else ""
        marks = [StyledText(f"   {count(len(self.marked))} marked", "accent")] if self.marked else []
        first = line(StyledText(" "), strong(display_name(self.place)))
        second = line(StyledText(counts), muted(sums), *marks)
        return [fit_line(first, width), fit_line(second, width)]


def state_of(group: Group) -> str:
    """Return what is said of a group in its last column."""
    if group.is_noise:
        return "noise"
    if group.is_reference:
        return "reference"
    return "by hand" if group.is_pinned else ""


def is_unlike(group: Group) -> bool:
    """Return whether the members of a group differ more than those of one group should."""
    return group.cohesion is not None and group.cohesion < LEAST_COHESION


def alike(group: Group) -> str:
    """Return the cohesion as it is shown."""
    return "-" if group.cohesion is None else f"{group.cohesion:.2f}"


def details(group: Group, nouns: Nouns) -> list[str]:
    """Return all about a group, with the whole name."""
    state = {
        "noise": f"{nouns.image.many} that belong to no group",
        "reference": f"{nouns.image.many} are sorted into it by references that you gave",
        "by hand": "made or named by hand: a run leaves it as it is",
    }.get(state_of(group), f"found: a run may divide its {nouns.image.many} otherwise")
    remark = f"   (below {LEAST_COHESION:.2f}: more different than one group should be)"
    return [
        f"name    {display_name(group.name)}",
        f"{nouns.image.many}  {count(group.size)}",
        f"alike   {alike(group)}{remark if is_unlike(group) else ''}",
        f"state   {state}",
        *(f"typical {display_name(medoid)}" for medoid in group.medoids),
    ]


class Columns:
    """The columns for a width, and the lines of groups in these columns."""

    def __init__(self, width: int, reviewed: Reviewed) -> None:
        """Divide the width."""
        self._marked, self._noun = reviewed.marked, reviewed.nouns.image.many
        self._size = max(_cells(reviewed.groups), cell_len(self._noun)) + 2
        room = width - _MARK_CELLS - self._size
        self._alike = _ALIKE_CELLS if room - _ALIKE_CELLS >= _LEAST_NAME else 0
        room -= self._alike
        longest = max((cell_len(display_name(group.name)) for group in reviewed.groups), default=0)
        self._state = _STATE_CELLS if room - _STATE_CELLS >= min(longest, 2 * _LEAST_NAME) else 0
        self._name = max(1, room - self._state)

    def heading(self) -> Line:
        """Return the names of the columns."""
        parts = [fit("", _MARK_CELLS), fit("group", self._name), fit_right(self._noun, self._size)]
        parts += [fit_right("alike", self._alike), fit("", self._state)]
        return tuple(map(muted, parts))

    def row(self, group: Group) -> Line:
        """Return the line of one group."""
        is_marked = group.id in self._marked
        role: Role = "muted" if group.is_noise else "plain"
        parts = [
            StyledText(f" [{'x' if is_marked else ' '}] ", "accent" if is_marked else "muted"),
            StyledText(self._fitted(group.name), role),
            StyledText(fit_right(count(group.size), self._size), role),
        ]
        if self._alike:
            parts.append(
                StyledText(fit_right(alike(group), self._alike), "warn" if is_unlike(group) else role)
            )
        if self._state:
            parts.append(muted(fit(f"  {state_of(group)}", self._state)))
        return tuple(parts)

    def _fitted(self, name: str) -> str:
        """Return a name in its column. The end tells more of a group that is below another one."""
        return fit_end(display_name(name), self._name) if "/" in name else foreign(name, self._name)


def _cells(groups: Iterable[Group]) -> int:
    return max((len(count(group.size)) for group in groups), default=1)
