"""Everything that can be done with a key: its id in a keymap, its keys, and what it is called.

The bindings, the key line, the help and the palette are all written from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Group = Literal["work", "videos", "look", "move", "leave"]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do."""

    id: str
    keys: str
    action: str
    words: str  # in the key line
    meaning: str  # in the help and the palette
    group: Group
    shown: int = 0  # place in the key line, 0 for none


DEEDS = (
    Deed("pause", "space", "pause", "pause", "pause, or go on", "work", 1),
    Deed("more-workers", "plus,equals_sign", "workers(1)", "workers", "one worker more", "work", 2),
    Deed("fewer-workers", "minus,underscore", "workers(-1)", "", "one worker fewer", "work"),
    Deed("retry", "r", "retry", "retry", "try again all that failed", "work", 5),
    Deed("restart", "a", "restart", "start again", "start the engine again", "work", 1),
    Deed("skip", "s", "skip", "skip", "leave this video out", "videos", 3),
    Deed("unskip", "u", "unskip", "un-skip", "take this video back in", "videos", 4),
    Deed("retry-this", "R", "retry_this", "", "try again what failed of this video", "videos"),
    Deed("raise-priority", "left_square_bracket", "priority(-1)", "", "this video earlier", "videos"),
    Deed("lower-priority", "right_square_bracket", "priority(1)", "", "this video later", "videos"),
    Deed("filter", "slash", "filter", "find", "show only videos that match", "videos", 6),
    Deed("room-1", "1", "room(1)", "", "categories", "look"),
    Deed("room-2", "2", "room(2)", "", "what the workers do now", "look"),
    Deed("room-3", "3", "room(3)", "", "videos", "look"),
    Deed("room-4", "4", "room(4)", "", "disk", "look"),
    Deed("room-5", "5", "room(5)", "", "system", "look"),
    Deed("room-6", "6", "room(6)", "", "problems", "look"),
    Deed("next-room", "tab", "next_room(1)", "", "next pane", "look"),
    Deed("previous-room", "shift+tab", "next_room(-1)", "", "previous pane", "look"),
    Deed("zoom", "z", "zoom", "zoom", "this pane alone, or all", "look", 8),
    Deed("details", "enter", "details", "details", "all about the chosen line", "look", 9),
    Deed("preview", "p", "preview", "preview", "the newest patch as a picture", "look", 7),
    Deed("log", "l", "log", "log", "what happened last", "look", 10),
    Deed("copy", "y", "copy", "copy", "copy the path or the problem", "look"),
    Deed("theme", "t", "app.theme", "theme", "dark or light", "look"),
    Deed("mouse", "m", "app.mouse", "mouse", "mouse off, to select text, or on again", "look"),
    Deed("back", "escape", "back", "back", "back to all panes", "look", 1),
    Deed("up", "up,k", "move(-1)", "", "up", "move"),
    Deed("down", "down,j", "move(1)", "", "down", "move"),
    Deed("page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Deed("page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Deed("first", "home,g", "move(-1000000)", "", "to the first line", "move"),
    Deed("last", "end,G", "move(1000000)", "", "to the last line", "move"),
    Deed("help", "question_mark,f1", "help", "help", "all keys", "leave", 11),
)
APP_DEEDS = (
    Deed("palette", "ctrl+p", "command_palette", "", "every action by name", "leave"),
    Deed("leave", "q", "leave", "leave", "leave, finish or stop", "leave", 12),
)
SIGNAL_DEEDS = (Deed("leave-anywhere", "ctrl+c,ctrl+q", "leave", "", "the same, from anywhere", "leave"),)
"""What works while something is typed, too."""
ALL_DEEDS = (*DEEDS, *APP_DEEDS, *SIGNAL_DEEDS)
IDS = frozenset(deed.id for deed in ALL_DEEDS)
"""What a keymap may name."""


def bindings_of(deeds: tuple[Deed, ...], *, are_first: bool = False) -> list[Binding]:
    """Return the bindings; `are_first` puts them before those of any widget, for keys that never type."""
    return [
        Binding(deed.keys, deed.action, deed.meaning, id=deed.id, show=False, priority=are_first)
        for deed in deeds
    ]
