"""Calculates the region of each pane for the size of the screen. Pure.

    40x10  tiny     the essentials and one pane          80x24  stack    panes below each other
    60x16  single   one pane at a time, tabs above       120x36 columns  two columns
    200x50 broad    three columns, the sources below them

Invariant: at every size, regions are inside the screen and do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from textual.geometry import Region, Size

from tui_gen.base.nouns import Nouns


class PaneName(Enum):
    """A pane, by its title."""

    OVERALL = "Overall"
    CATEGORIES = "Categories"
    NOW = "Now"
    SOURCES = "Sources"  # screens show the noun of the job instead
    DISK = "Disk"
    SYSTEM = "System"
    PROBLEMS = "Problems"
    PREVIEW = "Preview"
    LOG = "Log"
    HISTORY = "History"
    ENGINE = "Engine"
    RESULT = "Result"
    MACHINES = "Machines"  # of a cluster
    KEYS = "Keys"


def title_of(pane: PaneName, nouns: Nouns) -> str:
    """Return the title of a pane."""
    return nouns.source.title if pane is PaneName.SOURCES else pane.value


NUMBERED = (
    PaneName.CATEGORIES,
    PaneName.NOW,
    PaneName.SOURCES,
    PaneName.DISK,
    PaneName.SYSTEM,
    PaneName.PROBLEMS,
)
"""The panes of keys 1 to 6, in this order."""
ASIDE = frozenset({PaneName.PREVIEW, PaneName.LOG, PaneName.ENGINE, PaneName.HISTORY})
"""Panes that are only shown on request. Broad screens always have room for the history."""


def numbered(*, is_ended: bool, has_machines: bool = False) -> tuple[PaneName, ...]:
    """Return the panes of keys 1 to 6, and that of key 7 for a cluster.

    After the end of a run its result takes the place of the workers.
    """
    rooms = tuple(PaneName.RESULT if is_ended and room is PaneName.NOW else room for room in NUMBERED)
    return (*rooms, PaneName.MACHINES) if has_machines else rooms


FACTS = frozenset({PaneName.DISK, PaneName.SYSTEM, PaneName.PROBLEMS, PaneName.MACHINES})
"""Panes that have a summary of one or two lines for small screens."""

Shape = Literal["tiny", "single", "stack", "columns", "broad"]
HEADER_LINES: Mapping[Shape, int] = {"tiny": 6, "single": 5, "stack": 5, "columns": 5, "broad": 5}
_LEAST_SOURCES = 6
_MOST_MACHINES, _MOST_MACHINES_BROAD = 6, 12
_MOST_PROBLEMS, _MOST_PROBLEMS_BROAD = 3, 6  # of one column, of three
_MANY_SOURCES, _IN_HAND = 10, 5  # if this many sources fit, this many lines are for sources in progress


@dataclass(frozen=True, slots=True)
class LayoutRequest:
    """The input of a layout: the lines that each pane could fill, the focused pane, and the mode.

    Only a cluster has lines of machines.
    """

    lines: Mapping[PaneName, int]
    focus: PaneName
    is_zoomed: bool = False
    is_ended: bool = False  # the result of the run takes the place of the workers


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The region of each pane. Panes without a region are not shown."""

    shape: Shape
    regions: Mapping[PaneName, Region] = field(default_factory=dict)
    is_single: bool = False  # one pane fills the body, and its title line names the others


def shape_of(size: Size) -> Shape:
    """Return the shape for a size."""
    shapes: tuple[tuple[int, int, Shape], ...] = (
        (170, 44, "broad"),
        (110, 30, "columns"),
        (72, 20, "stack"),
        (50, 12, "single"),
    )
    for width, height, shape in shapes:
        if size.width >= width and size.height >= height:
            return shape
    return "tiny"


def arrange(size: Size, wish: LayoutRequest) -> Arrangement:
    """Return the region of each pane."""
    shape = shape_of(size)
    header = min(HEADER_LINES[shape], size.height)
    footer = 1 if size.height > header else 0
    gap = 1 if size.height >= 26 else 0  # noqa: PLR2004  (the smallest height with a line to spare)
    regions = {PaneName.OVERALL: Region(0, 0, size.width, header)}
    if footer:
        regions[PaneName.KEYS] = Region(0, size.height - 1, size.width, 1)
    body = Region(0, header + gap, size.width, size.height - header - gap - footer)
    is_aside_alone = wish.focus in ASIDE and (shape != "broad" or wish.focus is PaneName.ENGINE)
    is_single = shape in {"tiny", "single"} or wish.is_zoomed or is_aside_alone
    if wish.is_ended and not is_single and body.height > 0:
        return Arrangement(shape, {**regions, **(placed := _ended(shape, body, wish))}, len(placed) == 1)
    if body.height <= 0:
        return Arrangement(shape, regions, is_single=True)
    if is_single or (shape == "stack" and wish.focus in FACTS):
        placed, is_single = {wish.focus: body}, True
    elif shape == "stack":
        placed = _stack(body, wish)
    elif shape == "columns":
        placed = _columns(body, wish)
    else:
        placed = _broad(body, wish)
    if wish.focus not in placed:
        placed, is_single = {wish.focus: body}, True
    return Arrangement(shape, {**regions, **placed}, is_single)


def _piled(area: Region, heights: Mapping[PaneName, int], gaps: bool = True) -> dict[PaneName, Region]:  # noqa: FBT001, FBT002
    """Return panes below each other from the top; panes that do not fit are cut or left out."""
    placed: dict[PaneName, Region] = {}
    y = area.y
    for room, height in heights.items():
        room_left = area.bottom - y
        if room_left < 1:
            break
        placed[room] = Region(area.x, y, area.width, min(height, room_left))
        y += height + (1 if gaps else 0)
    return placed


def _stack(body: Region, wish: LayoutRequest) -> dict[PaneName, Region]:
    """Return categories and workers with titles, and below them the facts in one or two lines each."""
    lines = wish.lines
    facts = {PaneName.DISK: 1, PaneName.SYSTEM: 2, PaneName.PROBLEMS: 1}
    if PaneName.MACHINES in lines:
        facts = {PaneName.MACHINES: 1, **facts}
    wanted = lines[PaneName.CATEGORIES] + 1 + lines[PaneName.NOW] + 1
    gap = 1 if body.height - sum(facts.values()) > wanted else 0
    if body.height - sum(facts.values()) < wanted:
        facts[PaneName.SYSTEM] = 1
    room = body.height - sum(facts.values()) - gap
    categories = min(lines[PaneName.CATEGORIES] + 1, max(4, room // 2))
    now = min(lines[PaneName.NOW] + 1, max(2, room - categories))
    spare = room - categories - now
    upper = {PaneName.CATEGORIES: categories, PaneName.NOW: now}
    if spare > _LEAST_SOURCES:
        upper[PaneName.SOURCES] = spare
    elif spare > 0:
        more = min(spare, max(0, min(_MOST_PROBLEMS, lines[PaneName.PROBLEMS]) - 1))
        facts[PaneName.PROBLEMS] += more
        upper[PaneName.NOW] += spare - more
    facts_height = sum(facts.values())
    top = Region(body.x, body.y, body.width, body.height - facts_height - gap)
    bottom = Region(body.x, body.bottom - facts_height, body.width, facts_height)
    return {**_piled(top, upper, gaps=False), **_piled(bottom, facts, gaps=False)}


def _columns(body: Region, wish: LayoutRequest) -> dict[PaneName, Region]:
    """Return two columns: categories, machines, workers, sources; disk, system, problems."""
    lines = wish.lines
    left_width = body.width * 2 // 3 - 2
    right_x, right_width = body.x + left_width + 2, body.width - left_width - 2
    categories = min(lines[PaneName.CATEGORIES] + 1, 9)
    upper = {PaneName.CATEGORIES: categories, **_machines(lines, _MOST_MACHINES)}
    above = sum(upper.values()) + len(upper)  # with an empty line after each
    now = lines[PaneName.NOW] + 1
    facts = lines[PaneName.DISK] + lines[PaneName.SYSTEM] + 3
    most = body.height - 1 - _LEAST_SOURCES
    if above + now + _IN_HAND + _MANY_SOURCES < body.height:
        now += _IN_HAND
    left = Region(body.x, body.y, left_width, min(above + now, most))
    right = Region(right_x, body.y, right_width, min(facts, most))
    return {
        **_piled(left, {**upper, PaneName.NOW: max(1, left.height - above)}),
        **_piled(
            right,
            {
                PaneName.DISK: lines[PaneName.DISK] + 1,
                PaneName.SYSTEM: max(1, right.height - lines[PaneName.DISK] - 2),
            },
        ),
        PaneName.SOURCES: _below(left, body),
        PaneName.PROBLEMS: _below(right, body),
    }


def _machines(lines: Mapping[PaneName, int], most: int) -> dict[PaneName, int]:
    """Return the height of the machines, with their title; empty for a run at home."""
    if PaneName.MACHINES not in lines:
        return {}
    return {PaneName.MACHINES: min(lines[PaneName.MACHINES], most) + 1}


def _below(upper: Region, body: Region) -> Region:
    """Return the rest of a column, after one empty line."""
    return Region(upper.x, upper.bottom + 1, upper.width, body.bottom - upper.bottom - 1)


def _broad(body: Region, wish: LayoutRequest) -> dict[PaneName, Region]:
    """Return three columns: categories, machines and workers, curves, facts; and below them the sources.

    The workers go down to the bottom if they are many. The log or the preview takes the place of the curves.
    """
    lines = wish.lines
    left_width, right_width = body.width * 9 // 20, body.width * 2 // 9
    problems = max(_MOST_PROBLEMS, min(_MOST_PROBLEMS_BROAD, lines[PaneName.PROBLEMS]))
    facts = {
        PaneName.DISK: lines[PaneName.DISK] + 1,
        PaneName.SYSTEM: lines[PaneName.SYSTEM] + 1,
        PaneName.PROBLEMS: problems + 1,
    }
    height = min(sum(facts.values()) + 2, body.height - 1 - _MANY_SOURCES)
    categories = min(lines[PaneName.CATEGORIES] + 1, 12)
    upper = {PaneName.CATEGORIES: categories, **_machines(lines, _MOST_MACHINES_BROAD)}
    above = sum(upper.values()) + len(upper)  # with an empty line after each
    is_tall = above + lines[PaneName.NOW] + 1 > height
    left = Region(body.x, body.y, left_width, body.height if is_tall else height)
    right = Region(body.right - right_width, body.y, right_width, height)
    middle = Region(left.right + 2, body.y, right.x - left.right - 4, height)
    below = Region(body.x, middle.bottom + 1, body.width, body.bottom - middle.bottom - 1)
    if is_tall:
        below = Region(middle.x, below.y, body.right - middle.x, below.height)
    return {
        **_piled(left, {**upper, PaneName.NOW: max(1, left.height - above)}),
        wish.focus if wish.focus in ASIDE else PaneName.HISTORY: middle,
        **_piled(right, facts),
        PaneName.SOURCES: below,
    }


def _ended(shape: Shape, body: Region, wish: LayoutRequest) -> dict[PaneName, Region]:
    """Return the result, with sources and problems beside it where there is room; else the focused pane."""
    beside = {PaneName.RESULT, PaneName.SOURCES, PaneName.PROBLEMS}
    if shape == "stack" or wish.focus not in beside:
        return {wish.focus: body}
    left_width = body.width * 3 // 5 if shape == "columns" else body.width // 2
    right_x, right_width = body.x + left_width + 2, body.width - left_width - 2
    problems = max(_MOST_PROBLEMS + 1, min(wish.lines[PaneName.PROBLEMS] + 1, body.height // 3))
    sources = Region(right_x, body.y, right_width, body.height - problems - 1)
    return {
        PaneName.RESULT: Region(body.x, body.y, left_width, body.height),
        PaneName.SOURCES: sources,
        PaneName.PROBLEMS: _below(sources, body),
    }
