"""The members of one group as pictures, and the keys that move, drop or choose them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.suggester import SuggestFromList
from textual.widgets import Input

from tui_gen.base.formatting import display_name
from tui_gen.contract.groups import Group, Member
from tui_gen.tui.actions import Action, bindings_of
from tui_gen.tui.dialogs.dialogs import TextDialog
from tui_gen.tui.dialogs.palette import keys_of
from tui_gen.tui.groups.keys import MEMBER_ACTIONS, member_help
from tui_gen.tui.groups.pictures import Pictures
from tui_gen.tui.groups.services import ReviewServices
from tui_gen.tui.typing_screen import TypingScreen, place
from tui_gen.tui.widgets.action_line import ActionLine


class MembersScreen(TypingScreen):
    """The members of a group."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(MEMBER_ACTIONS)]

    def __init__(self, services: ReviewServices, group: Group) -> None:
        """Show the members of `group`."""
        super().__init__(ActionLine("members-keys", MEMBER_ACTIONS, self._label_of))
        self._services, self.group = services, group
        self.pictures = Pictures("members-pictures", services.drawer, is_choosing=True)

    def _label_of(self, action: Action) -> str:
        return keys_of(self.app, action)[0]

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield from (self.pictures, self._keys, self._field)

    def on_mount(self) -> None:
        """Read the members."""
        self._field.display = False
        self._place()
        self.set_focus(self.pictures)
        self.pictures.open(self.group.name, partial(self._services.reviewer.members, self.group.id))

    def on_resize(self) -> None:
        """Arrange the screen for another size."""
        self._place()

    def on_screen_resume(self) -> None:
        """Draw the pictures that are missing, after another screen was in front."""
        self.pictures.resume()

    def _place(self) -> None:
        width, height = self.size
        place(self.pictures, 0, 0, width=width, height=max(1, height - 1))
        self.place_last_line()

    def show(self, notice: str = "") -> None:
        """Show a text about the last action, or the keys."""
        self._keys.notice = notice
        self._keys.repaint()
        self.pictures.repaint()

    def renew(self, members: Sequence[Member], said: str) -> None:
        """Show the members after a change."""
        left = {member.id for member in members}
        self.pictures.marked = frozenset(self.pictures.marked) & left
        self.pictures.renew(members)
        self.show(said)

    # ------------------------------------------------------------------ moving and looking

    def action_step(self, members: int) -> None:
        """Move the cursor to the left or right."""
        self._keys.notice = ""
        self._keys.repaint()
        self.pictures.step(members)

    def action_row(self, rows: int) -> None:
        """Move the cursor up or down."""
        self.action_step(rows * self.pictures.grid.columns)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.action_step(pages * self.pictures.grid.count)

    @on(Pictures.Picked)
    def _on_picked(self, event: Pictures.Picked) -> None:
        if event.is_second:
            self.action_larger()

    def action_larger(self) -> None:
        """Show the member under the cursor alone, or all again."""
        self.pictures.show_single(is_single=not self.pictures.is_single)

    def action_details(self) -> None:
        """Show the file of the member under the cursor."""
        member = self.pictures.under_cursor()
        if member is not None:
            self.app.push_screen(TextDialog(member.file.name, [display_name(str(member.file))]))

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(TextDialog("Keys", member_help(self.app, self._services.reviewed.nouns)))

    def action_back(self) -> None:
        """Show all members again; then return to the groups."""
        if self.pictures.is_single:
            self.action_larger()
        elif self.pictures.marked:
            self.pictures.marked = ()
            self.show()
        else:
            self.dismiss()

    # ------------------------------------------------------------------ choosing

    def action_mark(self) -> None:
        """Choose the member under the cursor, or not, and go on to the next one."""
        member = self.pictures.under_cursor()
        if member is not None:
            self.pictures.marked = frozenset(self.pictures.marked) ^ {member.id}
            self.action_step(1)

    def action_mark_all(self) -> None:
        """Choose all members, or none."""
        everything = frozenset(member.id for member in self.pictures.members)
        self.pictures.marked = frozenset() if self.pictures.marked == everything else everything
        self.show()

    def _chosen(self) -> list[str]:
        """Return the chosen members in their order, or the one under the cursor."""
        chosen = [member.id for member in self.pictures.members if member.id in self.pictures.marked]
        here = self.pictures.under_cursor()
        return chosen or ([here.id] if here is not None else [])

    # ------------------------------------------------------------------ changing

    def _change(self, call: Callable[[], str]) -> None:
        self._services.change(call)

    def action_noise(self) -> None:
        """Move the chosen members to the noise."""
        self._move(self._services.reviewer.noise)

    def _move(self, to: str) -> None:
        if members := self._chosen():
            self._change(partial(self._services.reviewer.move, members, to))

    def action_drop(self) -> None:
        """Take the chosen members out of the dataset."""
        if members := self._chosen():
            self._change(partial(self._services.reviewer.drop, members))

    def action_reference(self) -> None:
        """Make the chosen members references."""
        if members := self._chosen():
            self._change(partial(self._services.reviewer.make_reference, members))

    def action_undo(self) -> None:
        """Take the last change back."""
        self._change(self._services.reviewer.undo)

    def action_move_to(self) -> None:
        """Ask for the group that takes the chosen members."""
        if members := self._chosen():
            names = self._services.reviewed.names()
            self._field.suggester = SuggestFromList(names, case_sensitive=False)
            counted = self._services.reviewed.nouns.image.counted(len(members))
            self.ask("move", "", f"move {counted} to which group? A new name makes a new group")

    @on(Input.Submitted, "#filter")
    def _on_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        self._close_field()
        if text:
            self._move(self._services.reviewed.names().get(text, text))

    def _close_field(self) -> None:
        self._field.suggester = None
        self.close_field(self.pictures)
        self.show()

    def key_escape(self) -> None:
        """Close the field without using its text."""
        if self._typing:
            self._close_field()
