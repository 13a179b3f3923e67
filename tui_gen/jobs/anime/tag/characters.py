"""The name of a character in metadata: "name|appearance|outfit+outfit|accessory+...|object+...|more".

An appearance that begins with "_" is part of the name of the embedding; "none" leaves a part out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOT_IN_PATHS = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Character:
    """A character in one of its appearances."""

    name: str
    appearance: str = ""
    extras: tuple[tuple[str, ...], ...] = ()  # outfit, accessories, objects, further features

    @property
    def embedding(self) -> str:
        """The name of the embedding: one word."""
        joined = f"{self.name}{self.appearance}" if self.appearance.startswith("_") else self.name
        return "_".join(joined.split())

    def in_caption(self, *, inner_sep: str = " ", outer_sep: str = ", ") -> str:
        """Return how a caption names the character."""
        if self.appearance.startswith("_"):
            name = self.embedding
        else:
            name = inner_sep.join(part for part in (self.name, self.appearance) if part)
        return outer_sep.join([name, *(inner_sep.join(extra) for extra in self.extras if extra)])


def character_of(text: str) -> Character:
    """Read the name of a character. Characters that paths cannot hold become "_"."""
    name, *others = text.split("|")
    appearance, *extras = others or [""]
    return Character(
        without_path_characters(name),
        "" if appearance.lower() == "none" else without_path_characters(appearance),
        tuple(_parts(extra) for extra in extras),
    )


def without_path_characters(text: str) -> str:
    r"""Return a text that can name a folder anywhere: `<>:"/\|?*` and control characters become "_"."""
    return _NOT_IN_PATHS.sub("_", text)


def _parts(text: str) -> tuple[str, ...]:
    if text.lower() in ("", "none"):
        return ()
    return tuple(without_path_characters(part) for part in text.split("+") if part)
