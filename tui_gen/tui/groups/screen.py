"""The list of groups with pictures of the group under the cursor, and the keys that change groups.

Left the groups, right the pictures; a narrow screen has the list alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.suggester import SuggestFromList
from textual.widgets import Input

from tui_gen.base.formatting import count, display_name
from tui_gen.contract.groups import Group
from tui_gen.tui.actions import Action, bindings_of
from tui_gen.tui.dialogs.dialogs import TextDialog
from tui_gen.tui.dialogs.palette import keys_of
from tui_gen.tui.groups.keys import GROUP_ACTIONS, group_help
from tui_gen.tui.groups.pictures import Pictures
from tui_gen.tui.groups.rows import ORDERS, SHOWN, Columns, Reviewed, details
from tui_gen.tui.groups.services import ReviewServices
from tui_gen.tui.typing_screen import TypingScreen, place
from tui_gen.tui.widgets.action_line import ActionLine
from tui_gen.tui.widgets.fixed_lines import FixedLines
from tui_gen.tui.widgets.scroll_list import Page, ScrollList
from tui_gen.tui.widgets.styled_lines import Line, StyledText, line

_HEAD_LINES = 2
_LEAST_WIDTH, _LEAST_LIST, _MOST_LIST = 56, 30, 60
_GAP = 1


class Head(FixedLines):
    """Two lines: where the groups are, and the sums."""

    def __init__(self, reviewed: Reviewed) -> None:
        """Show `reviewed`."""
        super().__init__("groups-head")
        self._reviewed = reviewed

    def _written(self) -> list[Line]:
        return self._reviewed.head_lines(self.size.width)[: self.size.height]


class GroupTable(ScrollList):
    """The groups, one line each."""

    def __init__(self, reviewed: Reviewed) -> None:
        """Show `reviewed`."""
        super().__init__("groups-table")
        self.reviewed = reviewed

    def write(self, size: Size) -> Page:
        """Return the groups that match the filter."""
        reviewed = self.reviewed
        groups = reviewed.found()
        columns = Columns(size.width - 1, reviewed)
        parts = [f"filter: {display_name(reviewed.wanted)}"] if reviewed.wanted else []
        parts += [reviewed.shown] if reviewed.shown != SHOWN[0] else []
        if parts:
            parts.append(f"{count(len(groups))} of {count(len(reviewed.groups))}")
        parts += [reviewed.order] if reviewed.order != ORDERS[0] else []
        return Page(
            head=(columns.heading(),),
            keys=[group.id for group in groups],
            row=lambda index: columns.row(groups[index]),
            note="   ".join(parts),
            is_list=True,
            empty="nothing matches" if reviewed.groups else "no groups are left",
        )

    def heading(self, width: int) -> Line:
        """Return the title."""
        del width
        return line(StyledText(" Groups ", "title" if self.has_focus else "muted"))

    def under_cursor(self) -> Group | None:
        """Return the group under the cursor."""
        found = self.reviewed.find(str(self.chosen.key)) if self.row_count else None
        return found if found is not None and found in self.reviewed.found() else None


class GroupsScreen(TypingScreen):
    """The groups and their pictures."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(GROUP_ACTIONS)]

    def __init__(self, services: ReviewServices) -> None:
        """Show the groups of `services`."""
        super().__init__(ActionLine("groups-keys", GROUP_ACTIONS, self._label_of))
        self._services, self._reviewed = services, services.reviewed
        self.table, self._head = GroupTable(services.reviewed), Head(services.reviewed)
        self.pictures = Pictures("groups-pictures", services.drawer, is_choosing=False)
        self._pictured: Group | None = None

    def _label_of(self, action: Action) -> str:
        return keys_of(self.app, action)[0]

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield from (self._head, self.table, self.pictures, self._keys, self._field)

    def on_mount(self) -> None:
        """Focus the table."""
        self._field.display = False
        self._place()
        self.set_focus(self.table)

    def on_resize(self) -> None:
        """Arrange the screen for another size."""
        self._place()

    def on_screen_resume(self) -> None:
        """Draw the pictures that are missing, after another screen was in front."""
        self.pictures.resume()

    def _place(self) -> None:
        width, height = self.size
        body = max(1, height - _HEAD_LINES - 1)
        self.pictures.display = width >= _LEAST_WIDTH
        across = max(_LEAST_LIST, min(_MOST_LIST, width * 9 // 20)) if self.pictures.display else width
        place(self._head, 0, 0, width=width, height=_HEAD_LINES)
        place(self.table, 0, _HEAD_LINES, width=across, height=body)
        place(self.pictures, across + _GAP, _HEAD_LINES, width=max(1, width - across - _GAP), height=body)
        self.place_last_line()

    # ------------------------------------------------------------------ showing

    def show(self, notice: str = "") -> None:
        """Show the groups as they are now, and a text about the last action."""
        self._keys.notice = notice
        for scroll_list in (self._head, self.table, self._keys):
            scroll_list.repaint()
        self._show_pictures()

    @on(ScrollList.Turned)
    def _show_pictures(self) -> None:
        group = self.table.under_cursor()
        if group == self._pictured or not self.pictures.display:
            return
        self._pictured = group
        if group is None:
            self.pictures.open("", tuple)
        else:
            self.pictures.open(group.name, partial(self._services.reviewer.members, group.id))

    def renew(self, said: str) -> None:
        """Show the groups after a change."""
        self._pictured = None
        self.show(said)

    # ------------------------------------------------------------------ moving and looking

    def action_move(self, rows: int) -> None:
        """Move the cursor and clear the last notice."""
        self.table.move(rows)
        self.show()

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.action_move(pages * self.table.rows_per_page)

    def action_pictures(self, pages: int) -> None:
        """Show other members of the group under the cursor."""
        self.pictures.turn(pages)

    def action_shown(self) -> None:
        """Show all groups, those with a mark, or those without."""
        reviewed = self._reviewed
        reviewed.shown = SHOWN[(SHOWN.index(reviewed.shown) + 1) % len(SHOWN)]
        self.show(f"showing {reviewed.shown}")

    def action_sort(self) -> None:
        """Sort the groups in the next order."""
        reviewed = self._reviewed
        reviewed.order = ORDERS[(ORDERS.index(reviewed.order) + 1) % len(ORDERS)]
        self.table.move(-self.table.row_count)
        self.show(f"sorted {reviewed.order}")

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(TextDialog("Keys", group_help(self.app, self._reviewed.nouns)))

    def action_details(self) -> None:
        """Show all about the group under the cursor."""
        group = self.table.under_cursor()
        if group is not None:
            self.app.push_screen(TextDialog(group.name, details(group, self._reviewed.nouns)))

    @on(ScrollList.RowOpened)
    def action_open(self) -> None:
        """Show the members of the group under the cursor."""
        group = self.table.under_cursor()
        if group is not None:
            self._services.open_members(group)

    # ------------------------------------------------------------------ marking

    def action_mark(self) -> None:
        """Mark the group under the cursor, or take its mark off, and go on to the next one."""
        group = self.table.under_cursor()
        if group is not None:
            self._reviewed.marked ^= {group.id}
            self.table.move(1)
            self.show()

    def action_mark_shown(self) -> None:
        """Mark all groups that are shown, or take all of their marks off."""
        shown = {group.id for group in self._reviewed.found()}
        marked = self._reviewed.marked
        self._reviewed.marked = marked - shown if shown <= marked else marked | shown
        self.show()

    def _chosen(self) -> list[str]:
        """Return the marked groups, or the one under the cursor."""
        group = self.table.under_cursor()
        if self._reviewed.marked:
            return sorted(self._reviewed.marked)
        return [group.id] if group is not None else []

    # ------------------------------------------------------------------ changing

    def _change(self, call: Callable[[], str]) -> None:
        self._services.change(call)

    def action_merge(self) -> None:
        """Move the marked groups into the one under the cursor."""
        group = self.table.under_cursor()
        others = [] if group is None else sorted(self._reviewed.marked - {group.id})
        if group is None or not others:
            self.show("mark groups with space, go to the group that takes them, then merge")
            return
        self._reviewed.marked = set()
        self._change(partial(self._services.reviewer.merge, others, group.id))

    def action_noise(self) -> None:
        """Move the images of the chosen groups to the noise."""
        if groups := self._chosen():
            self._change(partial(self._services.reviewer.to_noise, groups))

    def action_drop(self) -> None:
        """Take the images of the chosen groups out of the dataset."""
        if groups := self._chosen():
            self._change(partial(self._services.reviewer.drop_groups, groups))

    def action_reference(self) -> None:
        """Make the typical images of the group under the cursor references."""
        group = self.table.under_cursor()
        if group is None:
            return
        if group.medoids:
            self._change(partial(self._services.reviewer.make_reference, group.medoids))
        else:
            self.show(f"no typical {self._reviewed.nouns.image.many} are known: open it and choose some")

    def action_undo(self) -> None:
        """Take the last change back."""
        self._change(self._services.reviewer.undo)

    # ------------------------------------------------------------------ typing

    def action_filter(self) -> None:
        """Ask for the filter."""
        self.ask("filter", self._reviewed.wanted, "a name or a state")

    def action_rename(self) -> None:
        """Ask for another name."""
        group = self.table.under_cursor()
        if group is not None:
            self._field.suggester = SuggestFromList(self._reviewed.names(), case_sensitive=False)
            self.ask("rename", display_name(group.name), "another name")

    @on(Input.Changed, "#filter")
    def _on_typed(self, event: Input.Changed) -> None:
        if self._typing == "filter":
            self._reviewed.wanted = event.value
            self.table.repaint()
            self._show_pictures()

    @on(Input.Submitted, "#filter")
    def _on_submitted(self, event: Input.Submitted) -> None:
        what, group, text = self._typing, self.table.under_cursor(), event.value.strip()
        self._close_field()
        if what == "rename" and group is not None and text and text != display_name(group.name):
            name = self._reviewed.names().get(text, text)
            self._change(partial(self._services.reviewer.rename, group.id, name))

    def key_escape(self) -> None:
        """Close the field without using its text; without a field, take the filter and the marks off."""
        if not self._typing:
            self._reviewed.marked = set()
            self._reviewed.shown = SHOWN[0]
        if self._typing in {"", "filter"}:
            self._reviewed.wanted = self._field.value = ""
        self._close_field()

    def _close_field(self) -> None:
        self._field.suggester = None
        self.close_field(self.table)
        self.show()
