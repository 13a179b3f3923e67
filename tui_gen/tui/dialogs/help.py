"""The keys in words: the selection in the last line, and the page that lists all keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from textual.app import App

from tui_gen.base.nouns import Nouns
from tui_gen.tui.action_rules import STEERING
from tui_gen.tui.actions import ACTIONS, ALL_ACTIONS, APP_ACTIONS, Action, Group
from tui_gen.tui.dialogs.palette import keys_of

_GROUPS: dict[Group, str] = {
    "replay": "The replay",
    "work": "The work",
    "source": "The {source} under the cursor",
    "look": "Looking",
    "move": "Moving",
    "leave": "Leaving",
}
_KEY_CELLS = 14


def offered_keys(
    app: App[Any], can_do: Callable[[Action], bool], *, is_paused: bool
) -> list[tuple[str, str]]:
    """Return the keys of the last line with their words: those of actions that are possible now."""
    offered: list[tuple[str, str]] = []
    shown = sorted(
        (action for action in (*ACTIONS, *APP_ACTIONS) if action.shown), key=lambda action: action.shown
    )
    for action in shown:
        if action in ACTIONS and not can_do(action):
            continue
        key = keys_of(app, action)[0]
        if action.id == "more-workers":
            fewer = next(other for other in ACTIONS if other.id == "fewer-workers")
            key = f"{key}/{keys_of(app, fewer)[0]}"
        words = "go on" if action.id == "pause" and is_paused else action.words
        offered.append((key, words))
    return offered


def key_page(
    titles: Mapping[Group, str],
    actions: Sequence[Action],
    nouns: Nouns,
    keys: Callable[[Action], list[str]],
) -> list[str]:
    """Return the keys and their meanings, group by group, with an empty line after each group."""
    lines: list[str] = []
    for group, title in titles.items():
        in_group = [action for action in actions if action.group == group]
        if not in_group:
            continue
        image, source = nouns.image, nouns.source
        lines.append(title.format(source=source.one, sources=source.many, image=image.one, images=image.many))
        lines += [
            f"  {' '.join(keys(action)):<{_KEY_CELLS}}{action.meaning_with(nouns)}" for action in in_group
        ]
        lines.append("")
    return lines


def more_keys(app: App[Any], actions: Sequence[Action]) -> list[tuple[str, str]]:
    """Return the keys of an app's own actions with their words for the last line."""
    return [(keys_of(app, action)[0], action.words) for action in actions if action.words]


def help_lines(
    app: App[Any], nouns: Nouns, *, is_read_only: bool = False, more: Sequence[Action] = ()
) -> list[str]:
    """Return the page of all keys; of a screen that only watches, the keys that it obeys.

    `more` are the app's own actions, which come first.
    """
    obeyed = list(more)
    for action in ALL_ACTIONS:
        if not is_read_only:
            obeyed.append(action)
        elif action.id == "leave":
            obeyed.append(replace(action, meaning="leave"))
        elif action.name not in STEERING:
            obeyed.append(action)
    return [
        *key_page(_GROUPS, obeyed, nouns, partial(keys_of, app)),
        "What cannot be done now is not offered. Keys are changed by id in the",
        'configuration: "keymap": {"pause": "f5"}.',
    ]
