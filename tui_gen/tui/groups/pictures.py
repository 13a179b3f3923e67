"""A pane of pictures: the members of a group, as many as fit, each with its name below it.

The text is shown first. Pictures follow when the cursor has rested for a moment, so that passing by a group
costs a few bytes only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import PurePath

from rich.cells import cell_len
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tui_gen.base.formatting import count, display_name
from tui_gen.contract.groups import Member
from tui_gen.tui.groups.drawing import Drawer, Drawing, Drawn, MembersRead, Request
from tui_gen.tui.groups.grid import GAP, Grid, grid_of
from tui_gen.tui.widgets.scroll_list import CURSOR_MARK, Page, ScrollList
from tui_gen.tui.widgets.styled_lines import (
    EMPTY,
    Line,
    Role,
    StyledText,
    fit_end,
    fit_line,
    line,
    muted,
    width_of,
)

REST_SECONDS = 0.15
_TITLE_LINES = 1
_NO_PICTURE = "no picture"
_EMPTY = " nothing of its own, only groups below"


class Pictures(ScrollList):
    """The members of one group."""

    class Picked(Message):
        """A member was clicked; a second click asks to look at it alone."""

        def __init__(self, *, is_second: bool) -> None:
            """Tell whether it is the second click."""
            super().__init__()
            self.is_second = is_second

    def __init__(self, name: str, drawer: Drawer, *, is_choosing: bool) -> None:
        """Draw with `drawer`; if `is_choosing`, a member is under the cursor and members can be marked."""
        super().__init__(name)
        self.can_focus = self._is_choosing = is_choosing
        self._drawer = drawer
        self._title_text, self._read = "", _no_members
        self._request: Request | None = None  # whose members are shown
        self._timer: Timer | None = None
        self._failure = self._empty = ""
        self._is_resting = False  # pictures are shown
        self._is_read = False  # `members` are those of the request
        self.members: Sequence[Member] = ()
        self.marked: Collection[str] = ()
        self.first = self.cursor = 0
        self.is_single = False

    # ------------------------------------------------------------------ what is shown

    def open(self, title: str, read: Callable[[], Sequence[Member]], members: Sequence[Member] = ()) -> None:
        """Show another group; `read` is called in another thread, `members` are what is known before."""
        self._title_text, self._read, self.members = title, read, members
        self._failure = self._empty = ""
        self.first = self.cursor = 0
        self._wait()

    def renew(self, members: Sequence[Member]) -> None:
        """Show the members of now; the cursor stays at its place."""
        self.members = members
        self._read = lambda: members
        self.cursor = max(0, min(self.cursor, len(members) - 1))
        self._turn_to_cursor()
        self._wait()

    def turn(self, pages: int) -> None:
        """Show other members of the group."""
        last = max(0, (len(self.members) - 1) // self.grid.count * self.grid.count)
        first = max(0, min(last, self.first + pages * self.grid.count))
        if first != self.first:
            self.first = first
            self._wait()

    def step(self, members: int) -> None:
        """Move the cursor."""
        before = self.first, self.cursor
        self.cursor = max(0, min(len(self.members) - 1, self.cursor + members))
        self._turn_to_cursor()
        if self.first != before[0]:
            self._wait()
            return
        self.repaint()
        for place in {before[1], self.cursor}:
            region = self.grid.region(place - self.first)
            for x in (region.x - 1, region.right):  # the bars, and not the picture between them
                self.refresh(Region(x, region.y + _TITLE_LINES, 1, region.height))

    def show_single(self, *, is_single: bool) -> None:
        """Show the member under the cursor alone, or all again."""
        self.is_single = is_single
        self._turn_to_cursor()
        self._wait()

    def under_cursor(self) -> Member | None:
        """Return the member under the cursor."""
        return self.members[self.cursor] if self.cursor < len(self.members) else None

    @property
    def is_settled(self) -> bool:
        """Whether pictures are shown or being drawn, and no longer waited for."""
        return self._is_resting

    @property
    def grid(self) -> Grid:
        """The places of the pictures below the title."""
        width, height = self.size
        return grid_of(Size(width, max(1, height - _TITLE_LINES)), is_single=self.is_single)

    def _turn_to_cursor(self) -> None:
        count = self.grid.count
        self.first = self.cursor // count * count

    # ------------------------------------------------------------------ drawing

    def _wait(self) -> None:
        """Show the text alone; ask for pictures when nothing has changed for a moment."""
        self._is_resting = False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.app.set_timer(REST_SECONDS, self._draw)  # the app's timers are never skipped
        self._strips = []
        self.repaint()

    def _draw(self) -> None:
        if not self.size.area or not self.display or not self.screen.is_active:
            return  # a pane behind another screen draws when it is seen again
        self._is_resting, self._is_read = True, False
        grid = self.grid
        self._request = Request(self._read, self.first, grid.count, grid.picture, self.post_message)
        self._drawer.request(self._request)

    def resume(self) -> None:
        """Draw what is missing, after another screen was in front of this one."""
        grid = self.grid
        missing = any(self._drawer.find(each.id, grid.picture) is None for each in self._on_page(grid))
        if missing or not self._is_resting or not self._is_read:
            self._wait()

    def on_members_read(self, message: MembersRead) -> None:
        """Show the names of the members."""
        message.stop()
        if message.request is self._request and self._is_resting:
            self.members, self._failure, self._is_read = message.members, message.failure, True
            self._empty = "" if message.members or not self._title_text else _EMPTY
            self.repaint()

    def on_drawn(self, message: Drawn) -> None:
        """Show a picture."""
        message.stop()
        grid = self.grid
        for place, member in enumerate(self._on_page(grid)):
            if member.id == message.member and message.size == grid.picture and self._is_resting:
                self.refresh(grid.region(place).translate((0, _TITLE_LINES)).grow((0, 1, 0, 1)))

    def on_resize(self) -> None:
        """Draw for another size."""
        self._turn_to_cursor()
        super().on_resize()
        self._wait()

    # ------------------------------------------------------------------ lines

    def _on_page(self, grid: Grid) -> Sequence[Member]:
        return self.members[self.first : self.first + grid.count]

    def write(self, size: Size) -> Page | None:
        """Return None: pictures are no rows."""
        del size
        return None

    def heading(self, width: int) -> Line:
        """Return the name of the group, and that of the member under the cursor."""
        name, here = display_name(self._title_text), self.under_cursor()
        if cell_len(name) > width - 2:
            name = fit_end(name, width - 2)
        title = line(StyledText(f" {name} ", "title" if self.has_focus else "muted"))
        member = muted(f" {_stem(here)} ") if here is not None and self._is_choosing else muted("")
        return (*title, member) if width_of(title) + cell_len(member.text) < width else title

    def _note(self, grid: Grid) -> str:
        total = len(self.members)
        marks = f"{count(len(self.marked))} chosen   " if self.marked else ""
        if not total:
            return ""
        last = min(total, self.first + grid.count)
        place = f"{count(self.first + 1)}-{count(last)} of {count(total)}" if grid.count > 1 else ""
        return f"{marks}{place or f'{count(self.cursor + 1)} of {count(total)}'}"

    def _written(self) -> list[Line] | None:
        width, height = self.size
        grid = self.grid
        self._page = Page(note=self._note(grid))
        lines = [self._title(width)]
        for y in range(height - _TITLE_LINES):
            row, part = grid.row_of(y)
            members = self._on_page(grid)[row * grid.columns : (row + 1) * grid.columns]
            is_name = part == grid.picture.height and row < grid.rows
            lines.append(fit_line(self._names(members, row, grid) if is_name else EMPTY, width))
        words = StyledText(f" {display_name(self._failure)}", "warn") if self._failure else muted(self._empty)
        if (words.text and not self.members) and height > _TITLE_LINES:
            lines[1] = fit_line(line(words), width)
        return lines

    def _names(self, members: Sequence[Member], row: int, grid: Grid) -> Line:
        parts: list[StyledText] = []
        for column, member in enumerate(members):
            place = self.first + row * grid.columns + column
            parts.append(StyledText(" " * (GAP if parts else 1)))
            parts += self._tile_name(member, place, grid.picture.width)
        return tuple(parts)

    def _tile_name(self, member: Member, place: int, width: int) -> Line:
        name = _stem(member)
        if not self._is_choosing:
            return (muted(fit_end(name, width)),)
        is_marked, is_here = member.id in self.marked, place == self.cursor
        role: Role = "accent" if is_marked else "strong" if is_here else "muted"
        mark = f"{CURSOR_MARK if is_here else ' '}[{'x' if is_marked else ' '}] "
        if width < 2 * len(mark):
            return (StyledText(fit_end(mark.strip(), width), role),)
        return (StyledText(mark, role), StyledText(fit_end(name, width - len(mark)), role))

    # ------------------------------------------------------------------ painting

    def render_line(self, y: int) -> Strip:
        """Return one painted line of the title, of names or of pictures."""
        grid = self.grid
        row, part = grid.row_of(y - _TITLE_LINES)
        is_pictures = y >= _TITLE_LINES and part < grid.picture.height and row < grid.rows
        if not is_pictures or not self.members or not self._is_resting:
            return super().render_line(y)
        members = self._on_page(grid)[row * grid.columns : (row + 1) * grid.columns]
        has_bars = self._is_choosing and not self.is_single
        under = self.cursor - self.first - row * grid.columns if has_bars else -GAP
        if 0 <= under < len(members) and part < self._first_line(members[under], grid.picture):
            under = -GAP  # bars stand beside the picture only
        strips = [self._strip(_bars(0, under))]
        for column, member in enumerate(members):
            drawing = self._drawer.find(member.id, grid.picture)
            bars = self._strip(_bars(column + 1, under))
            strips += [self._painted(drawing, part, grid.picture), bars]
        return Strip.join(strips).crop(GAP - 1).adjust_cell_length(self.size.width, self._style("plain"))

    def _first_line(self, member: Member, size: Size) -> int:
        """Return the line of a place on which its picture begins: the name is close below the picture."""
        drawing = self._drawer.find(member.id, size)
        return size.height - len(drawing.lines) if drawing is not None and drawing.lines else 0

    def _painted(self, drawing: Drawing | None, part: int, size: Size) -> Strip:
        """Return one line of a picture, at the bottom of its place."""
        ground = self._style("plain")
        if drawing is None:
            return Strip.blank(size.width, ground)
        if drawing.failure:
            words = _NO_PICTURE if part == 0 else display_name(drawing.failure) if part == 1 else ""
            return self._strip((muted(fit_end(words, size.width)),))  # the reason is at the end
        top = size.height - len(drawing.lines)
        if part < top:
            return Strip.blank(size.width, ground)
        picture = drawing.lines[part - top]
        left = (size.width - picture.cell_length) // 2
        return Strip.join([Strip.blank(left, ground), picture]).adjust_cell_length(size.width, ground)

    # ------------------------------------------------------------------ the mouse

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the mouse."""
        grid = self.grid
        for place in range(len(self._on_page(grid))):
            region = grid.region(place).translate((0, _TITLE_LINES))
            with_name = Region(region.x, region.y, region.width, region.height + 1)
            if self._is_choosing and with_name.contains(event.x, event.y):
                self.step(self.first + place - self.cursor)
                self.post_message(self.Picked(is_second=event.chain > 1))

    def move(self, rows: int) -> None:
        """Turn pages with the wheel."""
        self.turn(1 if rows > 0 else -1)


def _stem(member: Member) -> str:
    return display_name(PurePath(member.file.name).stem)


def _bars(column: int, under: int) -> Line:
    """Return the cells left of a column of pictures, with bars beside the picture in column `under`."""
    right, left = "▌" if column - 1 == under else " ", "▐" if column == under else " "
    return (StyledText(f"{right}{left}", "accent"),)


def _no_members() -> Sequence[Member]:
    return ()
