"""The keys of the review: the bindings, the key line and the help are written from this table."""

from __future__ import annotations

from tui_gen.tui.actions import Deed, Group
from tui_gen.tui.dialogs.help import key_page
from tui_gen.tui.dialogs.palette import shown_key

_TITLES: dict[Group, str] = {
    "work": "All films",
    "videos": "The film under the cursor",
    "look": "Looking",
    "move": "Moving",
    "leave": "Ending",
}


REVIEW_DEEDS = (
    Deed("review.toggle", "space", "take", "in/out", "leave it out, or take it", "videos", 1),
    Deed("review.more", "plus,equals_sign", "change(1)", "change", "more of the chosen column", "videos", 2),
    Deed("review.less", "minus,underscore", "change(-1)", "", "less of the chosen column", "videos"),
    Deed("review.value", "v", "value", "type", "type the value of the chosen column", "videos", 6),
    Deed("review.earlier", "left_square_bracket", "priority(-1)", "", "earlier", "videos"),
    Deed("review.later", "right_square_bracket", "priority(1)", "", "later", "videos"),
    Deed("review.rename", "n", "rename", "", "another name", "videos"),
    Deed("review.details", "enter", "details", "details", "all about it, the path whole", "videos", 8),
    Deed("review.column-right", "right,l", "column(1)", "column", "the next column", "move", 3),
    Deed("review.column-left", "left,h", "column(-1)", "", "the column before", "move"),
    Deed("review.up", "up,k", "move(-1)", "", "up", "move"),
    Deed("review.down", "down,j", "move(1)", "", "down", "move"),
    Deed("review.page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Deed("review.page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Deed("review.first", "home,g", "move(-1000000)", "", "to the first line", "move"),
    Deed("review.last", "end,G", "move(1000000)", "", "to the last line", "move"),
    Deed("review.filter", "slash", "filter", "find", "show only films that match", "look", 5),
    Deed("review.shown", "o", "shown", "show", "all, those taken, those left out", "look", 9),
    Deed("review.theme", "t", "app.theme", "", "dark or light", "look"),
    Deed("review.spread", "a", "spread", "", "give its weights to all that are shown", "work"),
    Deed(
        "review.toggle-shown",
        "x",
        "take_shown",
        "",
        "leave out all that are shown, or take them",
        "work",
    ),
    Deed("review.undo", "u", "undo", "undo", "take the last change back", "work", 7),
    Deed("review.save", "s", "save", "save", "save, and end", "leave", 4),
    Deed("review.help", "question_mark,f1", "help", "help", "all keys", "leave", 10),
    Deed("review.cancel", "q", "app.cancel", "leave", "leave without saving", "leave", 11),
)
REVIEW_SIGNALS = (
    Deed("review.cancel-anywhere", "ctrl+c,ctrl+q", "cancel", "", "the same, from anywhere", "leave"),
)
"""What works while something is typed, too."""
_LABELS = {"review.more": "+/-", "review.column-right": "\N{LEFTWARDS ARROW}\N{RIGHTWARDS ARROW}"}


def label_of(deed: Deed) -> str:
    """Return how an action's keys stand in the key line."""
    return _LABELS.get(deed.id) or shown_key(deed.keys.split(",")[0])


def review_help() -> list[str]:
    """Return the page of all keys."""

    def keys(deed: Deed) -> list[str]:
        return [shown_key(key) for key in deed.keys.split(",")]

    lines = key_page(_TITLES, (*REVIEW_DEEDS, *REVIEW_SIGNALS), keys)
    return [*lines, "esc takes the filter off. Nothing is written before s."]
