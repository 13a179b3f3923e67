"""The keys in words: the last line's choice of them, and the page that lists them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from textual.app import App

from tui_gen.tui.actions import ALL_DEEDS, APP_DEEDS, DEEDS, Deed, Group
from tui_gen.tui.dialogs.palette import keys_of

_GROUPS: dict[Group, str] = {
    "work": "The work",
    "videos": "The video under the cursor",
    "look": "Looking",
    "move": "Moving",
    "leave": "Leaving",
}
_KEY_CELLS = 14


def offered_keys(app: App[Any], can_do: Callable[[Deed], bool], *, is_paused: bool) -> list[tuple[str, str]]:
    """Return the keys of the last line with their words: those that do something now."""
    offered: list[tuple[str, str]] = []
    shown = sorted((deed for deed in (*DEEDS, *APP_DEEDS) if deed.shown), key=lambda deed: deed.shown)
    for deed in shown:
        if deed in DEEDS and not can_do(deed):
            continue
        key = keys_of(app, deed)[0]
        if deed.id == "more-workers":
            fewer = next(other for other in DEEDS if other.id == "fewer-workers")
            key = f"{key}/{keys_of(app, fewer)[0]}"
        words = "go on" if deed.id == "pause" and is_paused else deed.words
        offered.append((key, words))
    return offered


def key_page(
    titles: Mapping[Group, str], deeds: Sequence[Deed], keys: Callable[[Deed], list[str]]
) -> list[str]:
    """Return the keys and what they do, group by group, an empty line behind each."""
    lines: list[str] = []
    for group, title in titles.items():
        lines.append(title)
        lines += [
            f"  {' '.join(keys(deed)):<{_KEY_CELLS}}{deed.meaning}" for deed in deeds if deed.group == group
        ]
        lines.append("")
    return lines


def help_lines(app: App[Any]) -> list[str]:
    """Return the page of all keys."""
    return [
        *key_page(_GROUPS, ALL_DEEDS, partial(keys_of, app)),
        "What cannot be done now is not offered. Keys are changed by id in the",
        'configuration: "keymap": {"pause": "f5"}.',
    ]
