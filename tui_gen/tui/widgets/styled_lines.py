"""Lines of styled text for the panes: counts cells, aligns columns, and makes untrusted text printable.

A line is a tuple of spans; a span is text and its role. tui_gen.tcss maps roles to colours. Invariant:
`fit_line` always returns exactly the given number of cells, without any terminal control characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size

from tui_gen.base.formatting import display_name

Role = Literal[
    "plain", "muted", "strong", "accent", "good", "warn", "bad", "bar", "track", "title", "key", "state"
]
ROLES: tuple[Role, ...] = (
    "plain",
    "muted",
    "strong",
    "accent",
    "good",
    "warn",
    "bad",
    "bar",
    "track",
    "title",
    "key",
    "state",
)


@dataclass(frozen=True, slots=True)
class StyledText:
    """Text in one role."""

    text: str
    role: Role = "plain"


Line = tuple[StyledText, ...]
EMPTY: Line = ()
ELLIPSIS = "…"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEVELS = "▁▂▃▄▅▆▇█"


def line(*parts: StyledText | str) -> Line:
    """Return a line of the parts; a plain string has the role "plain"."""
    return tuple(StyledText(part) if isinstance(part, str) else part for part in parts)


def muted(text: str) -> StyledText:
    """Return text of low importance."""
    return StyledText(text, "muted")


def strong(text: str) -> StyledText:
    """Return text of high importance."""
    return StyledText(text, "strong")


def width_of(written: Line) -> int:
    """Return the number of cells of a line."""
    return sum(cell_len(span.text) for span in written)


def fit(text: str, width: int) -> str:
    """Return text in exactly `width` cells: padded with spaces, or cut with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + ELLIPSIS


def fit_right(text: str, width: int) -> str:
    """Return text right-aligned in exactly `width` cells."""
    room = width - cell_len(text)
    return " " * room + text if room >= 0 else fit(text, width)


def fit_end(text: str, width: int) -> str:
    """Return text in exactly `width` cells; a text that is too long keeps its end, for paths."""
    if cell_len(text) <= width:
        return fit(text, width)
    kept = text
    while kept and cell_len(kept) > width - 1:
        kept = kept[1:]
    return fit(ELLIPSIS + kept, width)


def foreign(text: str, width: int) -> str:
    """Return an untrusted name, printable, in exactly `width` cells."""
    return fit(display_name(text), width)


def name_cells(text: str) -> int:
    """Return the number of cells of an untrusted name as `foreign` shows it."""
    return cell_len(display_name(text))


def fit_line(written: Line, width: int) -> Line:
    """Return the line in exactly `width` cells."""
    spans: list[StyledText] = []
    room = width
    for position, span in enumerate(written):
        cells = cell_len(span.text)
        is_cut = cells > room or (cells == room and any(rest.text for rest in written[position + 1 :]))
        if is_cut and room > 0:
            # A full span before further text also ends in an ellipsis, so that every cut is visible.
            text = fit(span.text, room) if cells > room else fit(span.text + " ", room)
            spans.append(StyledText(text, span.role))
            return tuple(spans)
        spans.append(span)
        room -= cells
    if room > 0:
        spans.append(StyledText(" " * room))
    return tuple(spans)


def spread(left: Line, right: Line, width: int) -> Line:
    """Return `left` and `right` at the two ends of `width` cells; without `right` if both do not fit."""
    room = width - width_of(left) - width_of(right)
    if not right or room < 1:
        return fit_line(left, width)
    return (*left, StyledText(" " * room), *right)


def joined(parts: Iterable[Line], width: int, gap: str = "   ") -> Line:
    """Return the first parts that fit into `width` cells, with gaps between."""
    written: Line = ()
    for part in parts:
        longer = (*written, StyledText(gap), *part) if written else part
        if written and width_of(longer) > width:
            break
        written = longer
    return written


def bar(share: float | None, width: int) -> Line:
    """Return a bar of `width` cells, in eighths; empty if the share is unknown."""
    if width <= 0:
        return EMPTY
    eighths = round(max(0.0, min(1.0, share or 0.0)) * width * 8)
    whole, part = divmod(eighths, 8)
    filled = "█" * whole + (_EIGHTHS[part] if part else "")
    return (StyledText(filled, "bar"), StyledText("░" * (width - len(filled)), "track"))


def rail(share: float | None, width: int) -> Line:
    """Return a thin bar of `width` cells, in halves, for bars below each other."""
    halves = round(max(0.0, min(1.0, share or 0.0)) * max(0, width) * 2)
    whole, part = divmod(halves, 2)
    filled = "━" * whole + "╸" * part
    return (StyledText(filled, "bar"), StyledText("─" * (width - len(filled)), "track"))


def curve(values: Sequence[float], width: int) -> str:
    """Return the last `width` values as a row of blocks, scaled from 0 to the largest value."""
    shown = list(values)[-width:] if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return _LEVELS[0] * len(shown)
    return "".join(_LEVELS[min(7, round(value / top * 7))] for value in shown)


def gauges(percents: Sequence[float]) -> str:
    """Return one block for each percentage."""
    return "".join(_LEVELS[min(7, max(0, int(percent / 12.5)))] for percent in percents)


def wrapped(text: str, width: int) -> list[str]:
    """Return printable text in lines of at most `width` cells; line breaks are kept, long words are cut."""
    rows: list[str] = []
    for paragraph in text.split("\n"):
        rest = display_name(paragraph.rstrip("\r"))
        while cell_len(rest) > width > 1:
            cut = _cut_at(rest, width)
            rows.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        rows.append(rest)
    return rows


def _cut_at(text: str, width: int) -> int:
    """Return the index of a line break: after the last space that fits, or at the last cell."""
    cells = end = 0
    for character in text:
        cells += cell_len(character)
        if cells > width:
            break
        end += 1
    blank = text.rfind(" ", 0, end)
    return blank + 1 if blank > end // 2 else max(1, end)
