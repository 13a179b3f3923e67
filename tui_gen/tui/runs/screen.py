"""The list of runs with the run under the cursor below it, and the last line with the keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.screen import Screen

from tui_gen.base.formatting import display_name
from tui_gen.tui.actions import bindings_of
from tui_gen.tui.dialogs.dialogs import TextDialog
from tui_gen.tui.runs.keys import RUNS_ACTIONS, label_of, runs_help
from tui_gen.tui.runs.rows import Columns, detail_lines
from tui_gen.tui.typing_screen import place
from tui_gen.tui.widgets.action_line import ActionLine
from tui_gen.tui.widgets.fixed_lines import FixedLines
from tui_gen.tui.widgets.partial_compositor import SpansCompositor
from tui_gen.tui.widgets.scroll_list import Chosen, Page, ScrollList
from tui_gen.tui.widgets.styled_lines import Line, StyledText, fit_line, line, muted, spread, strong
from tui_gen.views.text.run_rows import NO_ENGINES, RunRow, RunsSeen, summary

_LEAST_DETAILS, _MOST_DETAILS = 4, 7


class Listed:
    """What the parts of the screen show."""

    def __init__(self, host: str, clock: Callable[[], float]) -> None:
        """Show runs of `host`; nothing was seen yet."""
        self.host, self.clock = host, clock
        self.seen: RunsSeen | None = None

    @property
    def rows(self) -> tuple[RunRow, ...]:
        """The runs that were seen last."""
        return self.seen.rows if self.seen is not None else ()


class Head(FixedLines):
    """Where the runs are, how many of them stand how, and the time; then the engines of others."""

    def __init__(self, listed: Listed) -> None:
        """Show `listed`."""
        super().__init__("runs-head")
        self._listed = listed

    def _written(self) -> list[Line]:
        listed, width = self._listed, self.size.width
        said = summary(listed.rows) if listed.seen is not None else "looking"
        left = line(
            " ", StyledText("tui-gen top", "title"), muted(f"  {display_name(listed.host)}  "), strong(said)
        )
        clock = time.strftime("%H:%M:%S ", time.localtime(listed.clock()))
        others = listed.seen.line_of_others if listed.seen is not None else ""
        return [
            spread(left, line(muted(clock)), width),
            fit_line(line(muted(f" {display_name(others)}")), width),
        ][: self.size.height]


class RunTable(ScrollList):
    """The runs, one line each."""

    def __init__(self, listed: Listed, chosen: str | None) -> None:
        """Show `listed`, with the cursor on the run with the key `chosen`."""
        super().__init__("runs-table")
        self._listed = listed
        self.chosen = Chosen(chosen)

    def write(self, size: Size) -> Page:
        """Return the rows."""
        columns, rows = Columns(size.width - 1), self._listed.rows
        return Page(
            head=(columns.heading(),),
            keys=[row.key for row in rows],
            row=lambda index: columns.row(rows[index]),
            is_list=True,
            empty=f"{NO_ENGINES}; name configurations to see their runs" if self._listed.seen else "looking",
        )

    def heading(self, width: int) -> Line:
        """Return the title."""
        del width
        return line(StyledText(" Runs ", "title" if self.has_focus else "muted"))

    def under_cursor(self) -> RunRow | None:
        """Return the run under the cursor."""
        return next((row for row in self._listed.rows if row.key == self.chosen.key), None)


class Details(FixedLines):
    """All about the run under the cursor."""

    def __init__(self, table: RunTable) -> None:
        """Show the run under the cursor of `table`."""
        super().__init__("runs-details")
        self._table = table

    def _written(self) -> list[Line]:
        width, height = self.size
        rule = fit_line(line(muted("─" * (width - 1))), width)
        lines = [
            fit_line(each, width) for each in detail_lines(self._table.under_cursor(), width, height - 1)
        ]
        return [rule, *lines, *[fit_line((), width)] * height][:height]


class RunsScreen(Screen[None]):
    """The list and what belongs to it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(RUNS_ACTIONS)]

    def __init__(self, listed: Listed, chosen: str | None, open_run: Callable[[RunRow], None]) -> None:
        """Show `listed`; `open_run` is called with the run that the user opens."""
        super().__init__()
        self._compositor = SpansCompositor()
        self._open_run = open_run
        self._head, self.table = Head(listed), RunTable(listed, chosen)
        self._details = Details(self.table)
        self._keys = ActionLine("runs-keys", RUNS_ACTIONS, label_of)

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield from (self._head, self.table, self._details, self._keys)

    def on_mount(self) -> None:
        """Focus the table."""
        self._place()
        self.set_focus(self.table)

    def on_resize(self) -> None:
        """Arrange the screen for another size."""
        self._place()

    def _place(self) -> None:
        width, height = self.size
        details = max(_LEAST_DETAILS, min(_MOST_DETAILS, height // 4))
        place(self._head, 0, 0, width=width, height=2)
        place(self.table, 0, 2, width=width, height=height - 3 - details)
        place(self._details, 0, height - 1 - details, width=width, height=details)
        place(self._keys, 0, height - 1, width=width, height=1)

    def show(self, notice: str | None = None) -> None:
        """Show the runs as they were seen last; `notice` replaces the text about the last action."""
        if notice is not None:
            self._keys.notice = notice
        for part in (self._head, self.table, self._details, self._keys):
            part.repaint()

    @on(ScrollList.Turned)
    def _show_details(self) -> None:
        self._details.repaint()

    def action_move(self, rows: int) -> None:
        """Move the cursor and clear the last notice."""
        self.table.move(rows)
        self.show("")

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.action_move(pages * self.table.rows_per_page)

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(TextDialog("Keys", runs_help()))

    @on(ScrollList.RowOpened)
    def action_open(self) -> None:
        """Open the run under the cursor."""
        run = self.table.under_cursor()
        if run is not None:
            self._open_run(run)
