"""A scroll list: a title line, fixed lines, and rows that scroll; only changed cells are repainted.

A subclass writes a `Page`; this class decides where its lines are on the screen. Rows are written only when
they are visible, so five hundred rows cost as much as twenty.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tui_gen.tui.widgets.styled_lines import (
    EMPTY,
    ROLES,
    Line,
    Role,
    StyledText,
    fit_line,
    line,
    muted,
    spread,
    width_of,
)

_WHEEL_ROWS = 3
CURSOR_MARK = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
_CURSOR = StyledText("", "state")  # ends the line under the cursor; takes no cell
_MERGED_GAP = 6  # unchanged cells between two changes: cheaper to send than to jump over


@dataclass(frozen=True, slots=True)
class Page:
    """The contents of a pane: fixed lines, and rows by key of which some are shown."""

    head: tuple[Line, ...] = ()
    keys: Sequence[Hashable] = ()
    row: Callable[[int], Line] = lambda _: EMPTY
    note: str = ""  # at the right of the title
    is_list: bool = False  # rows can be chosen by a cursor
    empty: str = ""  # shown if there are no rows


def page_of(lines: Sequence[Line], note: str = "") -> Page:
    """Return a page of rows that cannot be chosen."""
    return Page(keys=range(len(lines)), row=lambda index: lines[index], note=note)


@dataclass(slots=True)
class Chosen:
    """The row under the cursor, by key, so that the cursor follows its row when the order changes."""

    key: Hashable = None
    index: int = 0


class ScrollList(Widget, can_focus=True):
    """A page on the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"pane--{role}" for role in ROLES} | {"pane--cursor"}

    class RowOpened(Message):
        """The user asked for details of a row by a second click."""

    class Turned(Message):
        """Another row may be chosen, so other actions may be possible."""

    def __init__(self, name: str) -> None:
        """Make an empty scroll list; the first painting fills it."""
        super().__init__(id=name)
        self.is_summary = False  # one or two lines, without a title and without rows to click on
        self.chosen = Chosen()
        self._page = Page()
        self._top = 0
        self._lines: list[Line] = []
        self._strips: list[Strip] = []
        self._role_styles: dict[str, Style] = {}

    # ------------------------------------------------------------------ what a roll writes

    @abstractmethod
    def write(self, size: Size) -> Page | None:
        """Return the page for a size; None if there is nothing to show."""

    @abstractmethod
    def heading(self, width: int) -> Line:
        """Return the beginning of the title line, in at most `width` cells."""

    # ------------------------------------------------------------------ showing

    @property
    def row_count(self) -> int:
        """The number of rows of the page last shown."""
        return len(self._page.keys)

    def repaint(self) -> None:
        """Write the page again; only cells that changed are painted."""
        if self.size.area and self.display:
            self._repaint()

    def _repaint(self) -> None:
        written = self._written()
        if written is None:
            return
        if len(written) != len(self._lines) or not self._strips:
            self._lines = written
            self._strips = [self._strip(each) for each in written]
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(self._lines, written, strict=True)):
            if old != new:
                self._strips[y] = self._strip(new)
                for start, end in changed_cells(old, new):
                    self.refresh(Region(start, y, end - start, 1))
        self._lines = written

    def _written(self) -> list[Line] | None:
        width, height = self.size
        page = self.write(Size(width, height))
        if page is None:
            return None
        self._page = page
        self._follow_cursor()
        body = self._body_height
        lines = [self._title(width), *(fit_line(each, width) for each in page.head)]
        lines += [
            self._row(index, width) for index in range(self._top, min(self._top + body, self.row_count))
        ]
        if not page.keys and page.empty:
            lines.append(fit_line(line(muted(f" {page.empty}")), width))
        return (lines + [fit_line(EMPTY, width)] * height)[:height]

    def _row(self, index: int, width: int) -> Line:
        row = self._page.row(index)
        written = fit_line(row, width)
        if self._page.is_list and width > 1 and not written[-1].text.endswith(" "):
            written = fit_line(fit_line(row, width - 1), width)  # the last column stays free, as in the title
        if self._page.is_list and self.has_focus and index == self.chosen.index:
            first, *rest = written
            # The mark shows the row without colour, the role with colour.
            return (StyledText(CURSOR_MARK + first.text[1:], first.role), *rest, _CURSOR)
        return written

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - 1 - len(self._page.head))

    def _title(self, width: int) -> Line:
        rule = "━" if self.has_focus else "─"
        shown, count = self._body_height, self.row_count
        note = self._page.note
        if count > shown > 0:
            place = f"{self._top + 1}-{min(count, self._top + shown)} of {count}"
            note = f"{place}   {note}" if note else place
        right = line(muted(f" {note}")) if note else EMPTY
        left = self.heading(width - width_of(right) - 2)
        room = width - width_of(left) - width_of(right) - 1
        if room < 0:
            return spread(left, EMPTY, width)
        return (
            *left,
            StyledText(rule * room, "title" if self.has_focus else "track"),
            *right,
            StyledText(" "),
        )

    # ------------------------------------------------------------------ painting

    def render_line(self, y: int) -> Strip:
        """Return one painted line."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self._style("plain"))

    def _strip(self, written: Line) -> Strip:
        under = self._style("cursor") if _is_under_cursor(written) else None
        segments = [
            Segment(span.text, self._style(span.role) + under if under else self._style(span.role))
            for span in written
            if span.text
        ]
        return Strip(segments)

    def _style(self, role: str) -> Style:
        found = self._role_styles.get(role)
        if found is None:
            name = f"pane--{role}"
            found = self.get_component_rich_style(name, partial=role == "cursor")
            self._role_styles[role] = found
        return found

    def on_mount(self) -> None:
        """Follow the theme: Textual reports new styles before the styles of the roles are updated."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def _recolour(self, _theme: Theme) -> None:
        self._role_styles.clear()
        self._strips = []
        self._repaint()

    def on_resize(self) -> None:
        """Write everything again for another size."""
        self._strips = []
        self._repaint()
        self.post_message(self.Turned())

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001  (Textual's signature)
        """Show or hide the cursor. At the `Focus` event Textual has not set the focus yet."""
        super().watch_has_focus(_has_focus)
        self._repaint()
        self.post_message(self.Turned())

    # ------------------------------------------------------------------ the cursor

    def _follow_cursor(self) -> None:
        keys = self._page.keys
        if self._page.is_list and keys:
            self._find_chosen(keys)
            if self.has_focus:
                first, last = self.chosen.index - self._body_height + 1, self.chosen.index
                self._top = min(max(self._top, first), last)
        self._top = max(0, min(self._top, len(keys) - self._body_height))

    def _find_chosen(self, keys: Sequence[Hashable]) -> None:
        index = min(self.chosen.index, len(keys) - 1)
        if self.chosen.key is not None and keys[index] != self.chosen.key and self.chosen.key in keys:
            index = keys.index(self.chosen.key)
        self.chosen = Chosen(keys[index], index)

    def move(self, rows: int) -> None:
        """Move the cursor, or scroll a page without a cursor, by this number of rows."""
        if self._page.is_list and self._page.keys:
            index = max(0, min(self.chosen.index + rows, self.row_count - 1))
            self.chosen = Chosen(self._page.keys[index], index)
        else:
            self._top += rows
        self._repaint()
        self.post_message(self.Turned())

    @property
    def rows_per_page(self) -> int:
        """The number of rows by which a page is turned."""
        return max(1, self._body_height - 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.move(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.move(-_WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the mouse; a second click asks for details of the row."""
        index = self._top + event.y - 1 - len(self._page.head)
        if self.is_summary or not self._page.is_list or not 0 <= index < self.row_count:
            return
        self.move(index - self.chosen.index)
        if event.chain > 1:
            self.post_message(self.RowOpened())


def changed_cells(old: Line, new: Line) -> list[tuple[int, int]]:
    """Return the spans of cells in which two lines of equal width differ."""
    before, after = _cells(old), _cells(new)
    if before is None or after is None or len(before) != len(after):
        return [(0, max(width_of(old), width_of(new)))]
    places = [x for x, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    spans: list[tuple[int, int]] = []
    for x in places:
        if spans and x - spans[-1][1] <= _MERGED_GAP:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _cells(written: Line) -> list[tuple[str, Role, bool]] | None:
    """Return one entry per cell, or None if characters and cells do not correspond one to one."""
    is_cursor = _is_under_cursor(written)
    cells = [(character, span.role, is_cursor) for span in written for character in span.text]
    return cells if len(cells) == width_of(written) else None


def _is_under_cursor(written: Line) -> bool:
    return bool(written) and written[-1] == _CURSOR
