"""The table of all actions: id in a keymap, keys, and descriptions.

The bindings, the key line, the help and the palette are generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

from tui_gen.base.nouns import USUAL_NOUNS, Nouns

Group = Literal["replay", "work", "source", "look", "move", "leave"]


@dataclass(frozen=True, slots=True)
class Action:
    """One action."""

    id: str
    keys: str
    action: str
    words: str  # in the key line
    meaning: str  # in the help and the palette; nouns of the job are in braces
    group: Group
    shown: int = 0  # position in the key line, 0 if it is not in the key line

    @property
    def name(self) -> str:
        """The action without its number."""
        return self.action.partition("(")[0]

    @property
    def is_steering(self) -> bool:
        """Whether it changes the run, or would start another."""
        return self.group in {"work", "source"} and self.id != "filter"

    def meaning_with(self, nouns: Nouns) -> str:
        """Return the meaning with the nouns of a job."""
        source, image = nouns.source, nouns.image
        return self.meaning.format(
            source=source.one,
            sources=source.many,
            clips=nouns.clip.many,
            patches=nouns.patch.many,
            image=image.one,
            images=image.many,
        )


ACTIONS = (
    Action("pause", "space", "pause", "pause", "pause, or go on", "work", 1),
    Action("more-workers", "plus,equals_sign", "workers(1)", "workers", "one worker more", "work", 2),
    Action("fewer-workers", "minus,underscore", "workers(-1)", "", "one worker fewer", "work"),
    Action("set-workers", "w", "set_workers", "", "type the number of workers", "work"),
    Action("retry", "r", "retry", "retry", "try again all that failed", "work", 5),
    Action("restart", "a", "restart", "start again", "start the engine again", "work", 1),
    Action("skip", "s", "skip", "skip", "leave this {source} out", "source", 3),
    Action("unskip", "u", "unskip", "un-skip", "take this {source} back in", "source", 4),
    Action("retry-this", "R", "retry_this", "", "try again what failed of this {source}", "source"),
    Action("raise-priority", "left_square_bracket", "priority(-1)", "", "this {source} earlier", "source"),
    Action("lower-priority", "right_square_bracket", "priority(1)", "", "this {source} later", "source"),
    Action("filter", "slash", "filter", "find", "show only {sources} that match", "source", 6),
    Action("room-1", "1", "room(1)", "", "categories", "look"),
    Action("room-2", "2", "room(2)", "", "what the workers do now", "look"),
    Action("room-3", "3", "room(3)", "", "{sources}", "look"),
    Action("room-4", "4", "room(4)", "", "disk", "look"),
    Action("room-5", "5", "room(5)", "", "system", "look"),
    Action("room-6", "6", "room(6)", "", "problems", "look"),
    Action("room-7", "7", "room(7)", "", "the machines of a cluster", "look"),
    Action("next-room", "tab", "next_room(1)", "", "next pane", "look"),
    Action("previous-room", "shift+tab", "next_room(-1)", "", "previous pane", "look"),
    Action("zoom", "z", "zoom", "zoom", "this pane alone, or all", "look", 8),
    Action("details", "enter", "details", "details", "all about the chosen line", "look", 9),
    Action("preview", "p", "preview", "preview", "the newest {patches} as pictures", "look", 7),
    Action("log", "l", "log", "log", "what happened last", "look", 10),
    Action(
        "history",
        "h",
        "history",
        "history",
        "pace, load and disk as curves; again: 1 h, 24 h",
        "look",
        11,
    ),
    Action("log-clips", "c", "log_clips", "clips", "{clips} in the log, or only messages", "look", 7),
    Action("copy", "y", "copy", "copy", "copy the path or the problem", "look"),
    Action("theme", "t", "app.theme", "theme", "dark or light", "look"),
    Action("mouse", "m", "app.mouse", "mouse", "mouse off, to select text, or on again", "look"),
    Action("repaint", "ctrl+l", "app.repaint", "", "paint the screen again", "look"),
    Action("back", "escape", "back", "back", "back to all panes", "look", 1),
    Action("up", "up,k", "move(-1)", "", "up", "move"),
    Action("down", "down,j", "move(1)", "", "down", "move"),
    Action("page-up", "pageup", "page(-1)", "", "a page up", "move"),
    Action("page-down", "pagedown", "page(1)", "", "a page down", "move"),
    Action("first", "home,g", "move(-1000000)", "", "to the first line", "move"),
    Action("last", "end,G", "move(1000000)", "", "to the last line", "move"),
    Action("help", "question_mark,f1", "help", "help", "all keys", "leave", 12),
)
APP_ACTIONS = (
    Action("palette", "ctrl+p", "command_palette", "", "every action by name", "leave"),
    Action("leave", "q", "leave", "leave", "leave, finish or stop", "leave", 13),
)
SIGNAL_ACTIONS = (Action("leave-anywhere", "ctrl+c,ctrl+q", "leave", "", "the same, from anywhere", "leave"),)
"""The actions that also work while text is typed."""
ALL_ACTIONS = (*ACTIONS, *APP_ACTIONS, *SIGNAL_ACTIONS)
IDS = frozenset(action.id for action in ALL_ACTIONS)
"""The ids that a keymap may contain."""


def bindings_of(actions: tuple[Action, ...], *, are_first: bool = False) -> list[Binding]:
    """Return the bindings. `are_first` puts them before those of widgets, for keys that type no character."""
    return [
        Binding(
            action.keys,
            action.action,
            action.meaning_with(USUAL_NOUNS),
            id=action.id,
            show=False,
            priority=are_first,
        )
        for action in actions
    ]
