"""The keys of the review: the bindings, the key line and the help are generated from this table."""

from __future__ import annotations

from tui_gen.base.nouns import Nouns
from tui_gen.tui.actions import Action, Group
from tui_gen.tui.dialogs.help import key_page
from tui_gen.tui.dialogs.palette import shown_key

_TITLES: dict[Group, str] = {
    "work": "All {sources}",
    "source": "The {source} under the cursor",
    "look": "Looking",
    "move": "Moving",
    "leave": "Ending",
}


REVIEW_ACTIONS = (
    Action("review.toggle", "space", "take", "in/out", "leave it out, or take it", "source", 1),
    Action(
        "review.more", "plus,equals_sign", "change(1)", "change", "more of the chosen column", "source", 2
    ),
    Action("review.less", "minus,underscore", "change(-1)", "", "less of the chosen column", "source"),
    Action("review.value", "v", "value", "type", "type the value of the chosen column", "source", 6),
    Action("review.earlier", "left_square_bracket", "priority(-1)", "", "earlier", "source"),
    Action("review.later", "right_square_bracket", "priority(1)", "", "later", "source"),
    Action("review.rename", "n", "rename", "", "another name", "source"),
    Action("review.details", "enter", "details", "details", "all about it, the path whole", "source", 8),
    Action("review.column-right", "right,l", "column(1)", "column", "the next column", "move", 3),
    Action("review.column-left", "left,h", "column(-1)", "", "the column before", "move"),
    Action("review.up", "up,k", "move(-1)", "", "up", "move"),
    Action("review.down", "down,j", "move(1)", "", "down", "move"),
    Action("review.page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Action("review.page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Action("review.first", "home,g", "move(-1000000)", "", "to the first line", "move"),
    Action("review.last", "end,G", "move(1000000)", "", "to the last line", "move"),
    Action("review.filter", "slash", "filter", "find", "show only {sources} that match", "look", 5),
    Action("review.shown", "o", "shown", "show", "all, those taken, those left out", "look", 9),
    Action("review.theme", "t", "app.theme", "", "dark or light", "look"),
    Action("review.spread", "a", "spread", "", "give its weights to all that are shown", "work"),
    Action(
        "review.toggle-shown",
        "x",
        "take_shown",
        "",
        "leave out all that are shown, or take them",
        "work",
    ),
    Action("review.undo", "u", "undo", "undo", "take the last change back", "work", 7),
    Action("review.save", "s", "save", "save", "save, and end", "leave", 4),
    Action("review.help", "question_mark,f1", "help", "help", "all keys", "leave", 10),
    Action("review.cancel", "q", "app.cancel", "leave", "leave without saving", "leave", 11),
)
REVIEW_SIGNALS = (
    Action("review.cancel-anywhere", "ctrl+c,ctrl+q", "cancel", "", "the same, from anywhere", "leave"),
)
"""The actions that also work while text is typed."""
_LABELS = {"review.more": "+/-", "review.column-right": "\N{LEFTWARDS ARROW}\N{RIGHTWARDS ARROW}"}


def label_of(action: Action) -> str:
    """Return an action's keys as shown in the key line."""
    return _LABELS.get(action.id) or shown_key(action.keys.split(",")[0])


def review_help(nouns: Nouns) -> list[str]:
    """Return the page of all keys."""

    def keys(action: Action) -> list[str]:
        return [shown_key(key) for key in action.keys.split(",")]

    lines = key_page(_TITLES, (*REVIEW_ACTIONS, *REVIEW_SIGNALS), nouns, keys)
    return [*lines, "esc takes the filter off. Nothing is written before s."]
