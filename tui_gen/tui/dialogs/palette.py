"""The palette: every action that can be carried out now, by name."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui_gen.tui.actions import APP_DEEDS, DEEDS, Deed


class Deeds(Provider):
    """Offers what the table of actions holds, as far as it can be done now."""

    async def discover(self) -> Hits:
        """Offer everything."""
        for deed in self._possible():
            yield DiscoveryHit(self._name(deed), partial(self._carry_out, deed), help=None)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for deed in self._possible():
            name = self._name(deed)
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, Content(name), partial(self._carry_out, deed), text=name)

    def _possible(self) -> list[Deed]:
        """All that can be done, each once."""
        on_screen = [deed for deed in DEEDS if deed.group != "move" and _can(self.screen, deed)]
        return [*on_screen, *(deed for deed in APP_DEEDS if deed.id == "leave")]

    def _name(self, deed: Deed) -> str:
        key = keys_of(self.app, deed)[0]
        return f"{deed.meaning[:1].upper()}{deed.meaning[1:]}  ({key})"

    async def _carry_out(self, deed: Deed) -> None:
        namespace = self.app if deed in APP_DEEDS else self.screen
        await self.app.run_action(deed.action, namespace)


def _can(screen: object, deed: Deed) -> bool:
    check = getattr(screen, "can_do", None)
    return bool(check(deed)) if check is not None else True


def keys_of(app: App[Any], deed: Deed) -> list[str]:
    """Return the keys of an action as people write them, keymap heeded."""
    keys = app._keymap.get(deed.id, deed.keys)  # noqa: SLF001  (Textual has no public reading of it)
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
    """Return a key as people write it."""
    return _SHOWN.get(key, key)
