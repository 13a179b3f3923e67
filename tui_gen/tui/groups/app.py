"""The review of groups as an app: makes one change after the other, in a thread, and keeps what was done.

Invariant: the app does not end before a change that was begun has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.contract.groups import Group, GroupReviewer, Member
from tui_gen.tui.actions import bindings_of
from tui_gen.tui.base_app import TerminalApp
from tui_gen.tui.dialogs.palette import keys_of
from tui_gen.tui.groups.drawing import Drawer
from tui_gen.tui.groups.keys import GROUP_ACTIONS, GROUP_IDS, GROUP_SIGNALS, MEMBER_ACTIONS
from tui_gen.tui.groups.members import MembersScreen
from tui_gen.tui.groups.rows import Reviewed
from tui_gen.tui.groups.screen import GroupsScreen
from tui_gen.tui.groups.services import ReviewServices
from tui_gen.tui.terminal.driver import AsciiDriver

BEAT_SECONDS = 5.0


class GroupsApp(TerminalApp[None]):
    """The review of groups."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "tui-gen review"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(GROUP_SIGNALS, are_first=True)]

    def __init__(  # noqa: PLR0913  (each stands for one thing outside the screen)
        self,
        reviewer: GroupReviewer,
        groups: Sequence[Group],
        nouns: Nouns = USUAL_NOUNS,
        *,
        keymap: Mapping[str, str] | None = None,
        on_beat: Callable[[], None] | None = None,
        is_ascii: bool = False,
    ) -> None:
        """Review `groups`, as they are now; `on_beat` is called every few seconds."""
        super().__init__()
        self._on_beat = on_beat
        self.changes: list[str] = []  # sentences of the changes that were made and not taken back
        self.is_changing = self._is_leaving = False
        self.reviewed = Reviewed(reviewer.place, tuple(groups), nouns)
        self.drawer = Drawer(reviewer, is_ascii=is_ascii)
        self._services = ReviewServices(reviewer, self.reviewed, self.drawer, self.change, self.open_members)
        if is_ascii:
            self.driver_class = AsciiDriver
        if keymap:
            self.set_keymap({name: keys for name, keys in keymap.items() if name in GROUP_IDS})

    def get_default_screen(self) -> Screen[None]:
        """Return the screen with the groups."""
        return GroupsScreen(self._services)

    def on_mount(self) -> None:
        """Begin to beat. Textual calls this in addition to the base class's method."""
        self.set_interval(BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        if self._on_beat is not None:
            with contextlib.suppress(OSError):  # a disk that is gone is told at the next change
                self._on_beat()

    def open_members(self, group: Group) -> None:
        """Show the members of a group."""
        self.push_screen(MembersScreen(self._services, group))

    # ------------------------------------------------------------------ changing

    def change(self, call: Callable[[], str]) -> None:
        """Make a change, unless one is being made."""
        if self.is_changing:
            self.notify("the change before is not finished yet: try again in a moment", severity="warning")
            return
        self.is_changing = True
        self.run_worker(self._make(call), group="change")

    async def _make(self, call: Callable[[], str]) -> None:
        members = self._members_screen()
        try:
            said = await asyncio.to_thread(call)
        except (RefusedError, OSError) as error:
            said = ""
            self.notify(display_name(_sentence(error)), severity="warning", markup=False)
        else:
            said = self._keep(said, is_undo=call == self._services.reviewer.undo)
        try:
            groups, shown = await asyncio.to_thread(self._look, members.group.id if members else None)
        except (RefusedError, OSError) as error:
            groups, shown = (), ()
            self.notify(display_name(_sentence(error)), severity="warning", markup=False)
        self.is_changing = False
        self._show(said, groups, shown)
        if self._is_leaving:
            self.exit()

    def _look(self, group: str | None) -> tuple[Sequence[Group], Sequence[Member]]:
        reviewer = self._services.reviewer
        return reviewer.groups(), reviewer.members(group) if group is not None else ()

    def _keep(self, said: str, *, is_undo: bool) -> str:
        """Remember what was done; return what is shown of it."""
        if is_undo:
            self.changes = self.changes[:-1]
            return said
        self.changes.append(said)
        actions = GROUP_ACTIONS if self._members_screen() is None else MEMBER_ACTIONS
        undo = next(action for action in actions if action.action == "undo")
        return f"{said} ({keys_of(self, undo)[0]} takes it back)"

    def _show(self, said: str, groups: Sequence[Group], members: Sequence[Member]) -> None:
        self.reviewed.renew(groups)
        first, screen = self.screen_stack[0], self._members_screen()
        if isinstance(first, GroupsScreen):
            first.renew(said)
        if screen is None:
            return
        screen.renew(members, said)
        if not members and self.screen is screen:  # the group is gone
            screen.dismiss()

    def _members_screen(self) -> MembersScreen | None:
        return next((each for each in self.screen_stack if isinstance(each, MembersScreen)), None)

    # ------------------------------------------------------------------ leaving

    def action_leave(self) -> None:
        """End; a change that is being made is waited for."""
        self._is_leaving = True
        if not self.is_changing:
            self.exit()


def _sentence(error: RefusedError | OSError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; nothing was changed"
    return str(error)
