"""The keys of the list of runs: bindings, the key line and the help are generated from this table."""

from __future__ import annotations

from tui_gen.base.nouns import USUAL_NOUNS
from tui_gen.tui.actions import Action, Group
from tui_gen.tui.dialogs.help import key_page
from tui_gen.tui.dialogs.palette import shown_key

_TITLES: dict[Group, str] = {"look": "Looking", "move": "Moving", "leave": "Leaving"}

RUNS_ACTIONS = (
    Action(
        "runs.open", "enter", "open", "attach", "the screen of the run under the cursor; q returns", "look", 1
    ),
    Action("runs.theme", "t", "app.theme", "theme", "dark or light", "look", 2),
    Action("runs.repaint", "ctrl+l", "app.repaint", "", "paint the screen again", "look"),
    Action("runs.up", "up,k", "move(-1)", "", "up", "move"),
    Action("runs.down", "down,j", "move(1)", "", "down", "move"),
    Action("runs.page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Action("runs.page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Action("runs.first", "home,g", "move(-1000000)", "", "to the first line", "move"),
    Action("runs.last", "end,G", "move(1000000)", "", "to the last line", "move"),
    Action("runs.help", "question_mark,f1", "help", "help", "all keys", "leave", 3),
    Action("runs.leave", "q", "app.leave", "leave", "leave; the runs go on", "leave", 4),
)
RUNS_SIGNALS = (
    Action("runs.leave-anywhere", "ctrl+c,ctrl+q", "leave", "", "the same, from anywhere", "leave"),
)
"""The actions that also work while a page is open."""


def label_of(action: Action) -> str:
    """Return an action's first key as shown in the key line."""
    return shown_key(action.keys.split(",")[0])


def runs_help() -> list[str]:
    """Return the page of all keys."""

    def keys(action: Action) -> list[str]:
        return [shown_key(key) for key in action.keys.split(",")]

    return key_page(_TITLES, (*RUNS_ACTIONS, *RUNS_SIGNALS), USUAL_NOUNS, keys)
