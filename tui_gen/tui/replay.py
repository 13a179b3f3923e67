"""The screen of a replay: the screen of a run, with keys for the time of the replay. Nothing is steered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input

from tui_gen.tui.actions import Action, bindings_of
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.main_screen import MainScreen
from tui_gen.tui.view import ScreenController, ScreenView

WATCHED = "this is a replay: it only shows the run, and changes nothing"
LOOKS_PER_SECOND = 4
REPLAY_ACTIONS = (
    Action("replay-pause", "space", "replay_pause", "pause", "pause the replay, or go on", "replay"),
    Action("replay-back", "left", "replay_seek(-1)", "back", "1 % back", "replay"),
    Action("replay-on", "right", "replay_seek(1)", "on", "1 % on", "replay"),
    Action("replay-far-back", "pageup", "replay_seek(-10)", "", "10 % back", "replay"),
    Action("replay-far-on", "pagedown", "replay_seek(10)", "", "10 % on", "replay"),
    Action("replay-first", "home", "replay_seek(-100)", "", "to the beginning", "replay"),
    Action("replay-last", "end", "replay_seek(100)", "", "to the end", "replay"),
)


class Replayed(ScreenController, Protocol):
    """A controller whose time can be moved."""

    def toggle(self) -> None:
        """Stop the time of the replay, or let it go on."""
        ...

    def seek(self, percent: float) -> None:
        """Move by a share of the whole replay."""
        ...

    def follow(self, show: Callable[[], None]) -> None:
        """Call back when another moment can be shown."""
        ...


class ReplayApp(TuiGenApp):
    """The app that shows a run again."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(REPLAY_ACTIONS, are_first=True)  # type: ignore[assignment]

    def __init__(self, controller: Replayed, **options: Any) -> None:  # noqa: ANN401 - those of the base
        """Show `controller`'s run; the options are those of `TuiGenApp`."""
        super().__init__(controller, is_read_only=True, watch_reason=WATCHED, **options)
        self._replayed = controller

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen, which also lists the keys of the replay."""
        screen = super().get_default_screen()
        if isinstance(screen, MainScreen):
            screen.more_actions = REPLAY_ACTIONS
        return screen

    def on_mount(self) -> None:
        """Show each moment as soon as it is read. Textual calls this in addition to the base's method."""
        self._replayed.follow(self.poll)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys to dialogs and to a field in which text is typed."""
        if action.startswith("replay_") and (
            not isinstance(self.screen, MainScreen) or isinstance(self.focused, Input)
        ):
            return False
        return super().check_action(action, parameters)

    def _leave(self, view: ScreenView) -> None:
        """End the screen; the exit code is not that of the recorded run."""
        self.left = view
        self.exit()

    def action_replay_pause(self) -> None:
        """Stop the time of the replay, or let it go on."""
        self._replayed.toggle()

    def action_replay_seek(self, percent: int) -> None:
        """Move by a share of the whole replay."""
        self._replayed.seek(percent)
