"""The palette: every action that is possible now, by name."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.tui.actions import ACTIONS, APP_ACTIONS, Action


class Actions(Provider):
    """Provides the actions of the table that are possible now."""

    async def discover(self) -> Hits:
        """Yield all possible actions."""
        for action in self._possible():
            yield DiscoveryHit(self._name(action), partial(self._carry_out, action), help=None)

    async def search(self, query: str) -> Hits:
        """Yield the possible actions that match."""
        matcher = self.matcher(query)
        for action in self._possible():
            name = self._name(action)
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, Content(name), partial(self._carry_out, action), text=name)

    def _possible(self) -> list[Action]:
        """Return all possible actions, each once."""
        on_screen = [action for action in ACTIONS if action.group != "move" and _can(self.screen, action)]
        return [*on_screen, *(action for action in APP_ACTIONS if action.id == "leave")]

    def _name(self, action: Action) -> str:
        key = keys_of(self.app, action)[0]
        meaning = action.meaning_with(_nouns(self.screen))
        return f"{meaning[:1].upper()}{meaning[1:]}  ({key})"

    async def _carry_out(self, action: Action) -> None:
        namespace = self.app if action in APP_ACTIONS else self.screen
        await self.app.run_action(action.action, namespace)


def _can(screen: object, action: Action) -> bool:
    check = getattr(screen, "can_do", None)
    return bool(check(action)) if check is not None else True


def _nouns(screen: object) -> Nouns:
    nouns = getattr(screen, "nouns", USUAL_NOUNS)
    return nouns if isinstance(nouns, Nouns) else USUAL_NOUNS


def keys_of(app: App[Any], action: Action) -> list[str]:
    """Return the keys of an action in readable form, with the keymap applied."""
    keys = app._keymap.get(action.id, action.keys)  # noqa: SLF001  (Textual has no public reading of it)
    return [shown_key(key) for key in keys.split(",")]


_SHOWN = {
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "underscore": "_",
    "slash": "/",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
}


def shown_key(key: str) -> str:
    """Return a key in readable form."""
    return _SHOWN.get(key, key)
