"""The keys of the review of groups: bindings, key lines and help are generated from these tables."""

from __future__ import annotations

from typing import Any

from textual.app import App

from tui_gen.base.nouns import Nouns
from tui_gen.tui.actions import Action, Group
from tui_gen.tui.dialogs.help import key_page
from tui_gen.tui.dialogs.palette import keys_of

GROUP_ACTIONS = (
    Action("groups.mark", "space", "mark", "mark", "mark the group, or take its mark off", "source", 1),
    Action(
        "groups.open",
        "enter",
        "open",
        "open",
        "look at all {images} of the group, and choose some",
        "source",
        2,
    ),
    Action(
        "groups.rename",
        "r",
        "rename",
        "rename",
        "rename the group; an existing name merges",
        "source",
        3,
    ),
    Action(
        "groups.merge",
        "m",
        "merge",
        "merge",
        "move the marked groups into this group",
        "source",
        4,
    ),
    Action(
        "groups.reference",
        "f",
        "reference",
        "",
        "make the typical {images} of the group references",
        "source",
    ),
    Action("groups.details", "i", "details", "", "all about the group, with its whole name", "source"),
    Action("groups.noise", "n", "noise", "noise", "move the {images} of the groups to the noise", "work", 5),
    Action(
        "groups.drop", "d", "drop", "drop", "take the {images} of the groups out of the dataset", "work", 6
    ),
    Action("groups.undo", "u", "undo", "undo", "take the last change back", "work", 7),
    Action(
        "groups.mark-shown", "x", "mark_shown", "", "mark all groups that are shown, or none of them", "work"
    ),
    Action("groups.filter", "slash", "filter", "find", "show only groups that match", "look", 8),
    Action(
        "groups.shown",
        "o",
        "shown",
        "show",
        "all groups, those marked, those not marked",
        "look",
        10,
    ),
    Action("groups.sort", "s", "sort", "sort", "sort as found, by size, least alike first", "look", 9),
    Action("groups.next-pictures", "right,l", "pictures(1)", "", "more {images} of the group", "look"),
    Action("groups.previous-pictures", "left,h", "pictures(-1)", "", "the {images} before", "look"),
    Action("groups.theme", "t", "app.theme", "", "dark or light", "look"),
    Action("groups.up", "up,k", "move(-1)", "", "up", "move"),
    Action("groups.down", "down,j", "move(1)", "", "down", "move"),
    Action("groups.page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Action("groups.page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Action("groups.first", "home,g", "move(-1000000)", "", "to the first line", "move"),
    Action("groups.last", "end,G", "move(1000000)", "", "to the last line", "move"),
    Action("groups.help", "question_mark,f1", "help", "help", "all keys", "leave", 11),
    Action(
        "groups.leave",
        "q",
        "app.leave",
        "leave",
        "leave; all changes are in the folders already",
        "leave",
        12,
    ),
)
MEMBER_ACTIONS = (
    Action("members.mark", "space", "mark", "choose", "choose the {image}, or not", "source", 1),
    Action(
        "members.larger",
        "enter,z",
        "larger",
        "larger",
        "the {image} alone, or all again",
        "source",
        2,
    ),
    Action(
        "members.move",
        "v",
        "move_to",
        "move",
        "move the {images} to another or a new group",
        "work",
        3,
    ),
    Action("members.noise", "n", "noise", "noise", "move the {images} to the noise", "work", 4),
    Action("members.drop", "d", "drop", "drop", "take the {images} out of the dataset", "work", 5),
    Action("members.reference", "f", "reference", "reference", "make the {images} references", "work", 7),
    Action("members.undo", "u", "undo", "undo", "take the last change back", "work", 6),
    Action(
        "members.mark-all", "x", "mark_all", "all", "choose all {images} of the group, or none", "work", 8
    ),
    Action("members.theme", "t", "app.theme", "", "dark or light", "look"),
    Action("members.details", "i", "details", "", "the file of the {image}", "look"),
    Action("members.left", "left,h", "step(-1)", "", "left", "move"),
    Action("members.right", "right,l", "step(1)", "", "right", "move"),
    Action("members.up", "up,k", "row(-1)", "", "up", "move"),
    Action("members.down", "down,j", "row(1)", "", "down", "move"),
    Action("members.page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Action("members.page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Action("members.first", "home,g", "step(-1000000)", "", "to the first", "move"),
    Action("members.last", "end,G", "step(1000000)", "", "to the last", "move"),
    Action("members.help", "question_mark,f1", "help", "help", "all keys", "leave", 9),
    Action("members.back", "q,escape", "back", "back", "back to the groups", "leave", 10),
)
GROUP_SIGNALS = (
    Action("groups.leave-anywhere", "ctrl+c,ctrl+q", "leave", "", "the same, from anywhere", "leave"),
)
"""The actions that also work while text is typed."""
GROUP_IDS = frozenset(action.id for action in (*GROUP_ACTIONS, *MEMBER_ACTIONS, *GROUP_SIGNALS))
"""The ids that a keymap may contain."""

_GROUP_TITLES: dict[Group, str] = {
    "source": "The group under the cursor",
    "work": "The marked groups; without marks, the group under the cursor",
    "look": "Looking",
    "move": "Moving",
    "leave": "Ending",
}
_MEMBER_TITLES: dict[Group, str] = {
    "source": "The {image} under the cursor",
    "work": "The chosen {images}; if none is chosen, the one under the cursor",
    "look": "Looking",
    "move": "Moving",
    "leave": "Ending",
}
_REMARKS = [
    "Every change is made in the folders at once, as by hand, and u takes it back.",
    "alike: 1.00 if all {images} of a group look the same; below 0.50 they differ",
    "more than those of one group should.",
    'Keys are changed by id in the configuration: "keymap": {{"groups.drop": "D"}}.',
]


def group_help(app: App[Any], nouns: Nouns) -> list[str]:
    """Return the page of all keys of the list of groups."""
    actions = (*GROUP_ACTIONS, *GROUP_SIGNALS)
    page = key_page(_GROUP_TITLES, actions, nouns, lambda action: keys_of(app, action))
    return [*page, "esc takes the filter and the marks off.", *_remarks(nouns)]


def member_help(app: App[Any], nouns: Nouns) -> list[str]:
    """Return the page of all keys of the members of a group."""
    actions = (*MEMBER_ACTIONS, *GROUP_SIGNALS)
    page = key_page(_MEMBER_TITLES, actions, nouns, lambda action: keys_of(app, action))
    return [*page, *_remarks(nouns)]


def _remarks(nouns: Nouns) -> list[str]:
    return [text.format(images=nouns.image.many) for text in _REMARKS]
