"""The review of a scan: a table of the found sources, whose weights and priorities are edited with keys.

It imports no job: rows are plain values. Invariant: a cancelled review changes nothing, and every change can
be undone, except the last typed letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input

from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.tui.actions import bindings_of
from tui_gen.tui.base_app import TerminalApp
from tui_gen.tui.dialogs.dialogs import Choice, QuestionDialog, TextDialog
from tui_gen.tui.review.keys import REVIEW_ACTIONS, REVIEW_SIGNALS, label_of, review_help
from tui_gen.tui.review.rows import PRIORITY, Columns, Reviewed, ReviewRow, matches
from tui_gen.tui.typing_screen import TypingScreen, place
from tui_gen.tui.widgets.action_line import ActionLine
from tui_gen.tui.widgets.fixed_lines import FixedLines
from tui_gen.tui.widgets.scroll_list import Page, ScrollList
from tui_gen.tui.widgets.styled_lines import Line, StyledText, line

LARGEST_WEIGHT, LARGEST_PRIORITY = 100.0, 255
WEIGHT_STEP, PRIORITY_STEP = 0.1, 5
_SHOWN = ("all", "taken", "left out")


class Head(FixedLines):
    """Two lines: the scanned folders, and the sums."""

    def __init__(self, reviewed: Reviewed) -> None:
        """Show `reviewed`."""
        super().__init__("review-head")
        self._reviewed = reviewed

    def _written(self) -> list[Line]:
        return self._reviewed.head_lines(self.size.width)[: self.size.height]


class Table(ScrollList):
    """The found sources, one line each."""

    def __init__(self, reviewed: Reviewed) -> None:
        """Show `reviewed`."""
        super().__init__("review-table")
        self.reviewed = reviewed
        self.wanted, self.shown = "", _SHOWN[0]
        self.column = 0  # index of a category, or of the priority after the categories

    def write(self, size: Size) -> Page:
        """Return the rows that match the filter."""
        rows = self.found()
        columns = Columns(size.width - 1, self.reviewed, self.column)
        parts = [f"filter: {display_name(self.wanted)}"] if self.wanted else []
        parts += [self.shown] if self.shown != _SHOWN[0] else []
        if parts:
            parts.append(f"{count(len(rows))} of {count(len(self.reviewed.rows))}")
        return Page(
            head=(columns.heading(),),
            keys=[row.key for row in rows],
            row=lambda index: columns.row(rows[index]),
            note="   ".join(parts),
            is_list=True,
            empty="nothing matches" if parts else "nothing new was found",
        )

    def heading(self, width: int) -> Line:
        """Return the title."""
        del width
        return line(StyledText(" Found ", "title" if self.has_focus else "muted"))

    def found(self) -> list[ReviewRow]:
        """Return the rows that are shown."""
        wanted = self.wanted.casefold()
        return [
            row
            for row in self.reviewed.rows
            if (self.shown == _SHOWN[0] or row.is_in == (self.shown == _SHOWN[1])) and matches(row, wanted)
        ]

    def under_cursor(self) -> ReviewRow | None:
        """Return the row under the cursor."""
        found = self.reviewed.find(str(self.chosen.key)) if self.row_count else None
        return found if found is not None and found in self.found() else None


class ReviewScreen(TypingScreen):
    """The table, and the keys that change it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(REVIEW_ACTIONS)]

    def __init__(self, reviewed: Reviewed) -> None:
        """Show `reviewed`."""
        super().__init__(ActionLine("review-keys", REVIEW_ACTIONS, label_of))
        self.reviewed = reviewed
        self.table, self._head = Table(reviewed), Head(reviewed)

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield from (self._head, self.table, self._keys, self._field)

    def on_mount(self) -> None:
        """Focus the table."""
        self._field.display = False
        self._place()
        self.set_focus(self.table)

    def on_resize(self) -> None:
        """Arrange the screen for another size."""
        self._place()

    def _place(self) -> None:
        width, height = self.size
        place(self._head, 0, 0, width=width, height=2)
        place(self.table, 0, 2, width=width, height=height - 3)
        self.place_last_line()

    def show(self, notice: str = "") -> None:
        """Show the current rows and a text about the last action."""
        self._keys.notice = notice
        for scroll_list in (self._head, self.table, self._keys):
            scroll_list.repaint()

    # ------------------------------------------------------------------ moving and looking

    def action_move(self, rows: int) -> None:
        """Move the cursor and clear the last notice."""
        self.table.move(rows)
        self.show()

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.action_move(pages * self.table.rows_per_page)

    def action_column(self, step: int) -> None:
        """Choose the column that plus and minus change."""
        self.table.column = (self.table.column + step) % (len(self.reviewed.categories) + 1)
        self.show()

    def action_shown(self) -> None:
        """Show all sources, those taken, or those left out."""
        self.table.shown = _SHOWN[(_SHOWN.index(self.table.shown) + 1) % len(_SHOWN)]
        self.show(f"showing {self.table.shown}")

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(TextDialog("Keys", review_help(self.reviewed.nouns)))

    @on(ScrollList.RowOpened)
    def action_details(self) -> None:
        """Show the details of the source under the cursor."""
        row = self.table.under_cursor()
        if row is not None:
            self.app.push_screen(TextDialog(row.name, row.details()))

    # ------------------------------------------------------------------ changing

    def _change(self, rows: Sequence[ReviewRow], notice: str) -> None:
        self.reviewed.change(rows)
        self.show(notice)

    def action_take(self) -> None:
        """Leave the source under the cursor out, or take it."""
        row = self.table.under_cursor()
        if row is not None:
            changed = replace(row, is_in=not row.is_in)
            self._change([changed], f"{row.name}: {'taken' if changed.is_in else 'left out'}")

    def action_take_shown(self) -> None:
        """Leave all shown sources out, or take all of them if none is taken."""
        rows = self.table.found()
        are_taken = not any(row.is_in for row in rows)
        said = "taken" if are_taken else "left out"
        self._change([replace(row, is_in=are_taken) for row in rows], f"{count(len(rows))} {said}")

    def action_change(self, steps: int) -> None:
        """Raise or lower the value in the chosen column."""
        row = self.table.under_cursor()
        if row is None:
            return
        name = self._column_name()
        step = PRIORITY_STEP if name == PRIORITY else WEIGHT_STEP
        self._set(row, name, row.value(name) + steps * step)

    def action_priority(self, change: int) -> None:
        """Move a source one step earlier or later."""
        row = self.table.under_cursor()
        if row is not None:
            self._set(row, PRIORITY, row.priority + change)

    def _column_name(self) -> str:
        return (*self.reviewed.categories, PRIORITY)[self.table.column]

    def _set(self, row: ReviewRow, name: str, value: float) -> None:
        largest = LARGEST_PRIORITY if name == PRIORITY else LARGEST_WEIGHT
        changed = row.with_value(name, max(0.0, min(largest, value)))
        self._change([changed], f"{row.name}: {name} {changed.value(name):g}")

    def action_spread(self) -> None:
        """Give all shown sources the weights of the source under the cursor."""
        row = self.table.under_cursor()
        if row is not None:
            rows = [replace(each, weights=row.weights) for each in self.table.found()]
            self._change(rows, f"{count(len(rows))} weighed as {row.name}")

    def action_undo(self) -> None:
        """Undo the last change."""
        self.show("undone" if self.reviewed.undo() else "nothing to undo")

    # ------------------------------------------------------------------ typing

    def action_filter(self) -> None:
        """Ask for the filter."""
        self.ask("filter", self.table.wanted, "a name, a rule, a reason, a path")

    def action_value(self) -> None:
        """Ask for the value of the chosen column."""
        row = self.table.under_cursor()
        if row is not None:
            self.ask("value", "", f"{self._column_name()} of {display_name(row.name)}")

    def action_rename(self) -> None:
        """Ask for another name."""
        row = self.table.under_cursor()
        if row is not None:
            self.ask("name", display_name(row.name), f"the {self.reviewed.nouns.source.one}'s name")

    @on(Input.Changed, "#filter")
    def _on_typed(self, event: Input.Changed) -> None:
        if self._typing == "filter":
            self.table.wanted = event.value
            self.table.repaint()

    @on(Input.Submitted, "#filter")
    def _on_submitted(self, event: Input.Submitted) -> None:
        what, row, text = self._typing, self.table.under_cursor(), event.value.strip()
        self._close_field()
        if row is None or what == "filter":
            return
        if what == "name" and text:
            self._change([replace(row, name=text)], f"renamed: {text}")
        elif what == "value":
            self._set_typed(row, text)

    def _set_typed(self, row: ReviewRow, text: str) -> None:
        name = self._column_name()
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            self.show(f"not a number: {text}")
            return
        largest = LARGEST_PRIORITY if name == PRIORITY else LARGEST_WEIGHT
        if 0 <= value <= largest:
            self._set(row, name, value)
        else:
            self.show(f"{name} goes from 0 to {largest:g}")

    def key_escape(self) -> None:
        """Close the field without using its text; without a field, clear the filter."""
        if self._typing in {"", "filter"}:
            self.table.wanted = self._field.value = ""
            self.table.shown = _SHOWN[0]
        self._close_field()

    def _close_field(self) -> None:
        self.close_field(self.table)
        self.show()

    # ------------------------------------------------------------------ ending

    def action_save(self) -> None:
        """End with the current rows as the result."""
        self.app.exit(self.reviewed.rows)


class ReviewApp(TerminalApp[tuple[ReviewRow, ...] | None]):
    """The review; its result is the rows to save, or None."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "tui-gen scan"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(REVIEW_SIGNALS, are_first=True)]

    def __init__(
        self,
        title: str,
        categories: Sequence[str],
        rows: Sequence[ReviewRow],
        nouns: Nouns = USUAL_NOUNS,
    ) -> None:
        """Show `rows` under `title`; they have weights for `categories`."""
        super().__init__()
        self.reviewed = Reviewed(title, tuple(categories), tuple(rows), nouns)

    def get_default_screen(self) -> Screen[None]:
        """Return the screen with the table."""
        return ReviewScreen(self.reviewed)

    def action_cancel(self) -> None:
        """End without a result; ask first if something was changed."""
        if isinstance(self.screen, QuestionDialog):
            return
        if not self.reviewed.is_changed:
            self.exit(None)
            return
        choices = [
            Choice("save", "save it", "as it is shown"),
            Choice("leave", "leave", "nothing is written"),
            Choice("stay", "go on"),
        ]
        self.push_screen(QuestionDialog("Leave the review?", [], choices), self._on_answer)

    def _on_answer(self, answer: str | None) -> None:
        if answer == "save":
            self.exit(self.reviewed.rows)
        elif answer == "leave":
            self.exit(None)
