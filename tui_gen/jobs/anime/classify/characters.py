"""Characters, and the folders and texts that name them.

    Frieren/cone hair bun/red dress+cape    a folder: name, appearance, outfit, accessories, objects, more
    Frieren|cone hair bun|red dress+cape    the same in the metadata of an image

"none" skips a level. A number before the name of a folder (`3_Frieren`, `-1_noise`) orders the folders and is
no part of the name. Folders whose name begins with "noise" hold what shall not become a character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\A-?\d+_(?=.)")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_NONE = "none"
_NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Character:
    """A character in one appearance. Equal characters are one group."""

    name: str
    appearance: str = ""  # "": not told
    features: tuple[
        tuple[str, ...], ...
    ] = ()  # a level each: outfit, accessories, objects, more; (): not told

    @property
    def levels(self) -> tuple[str, ...]:
        """The name and the further levels: "none" for one that is not told, no such levels at the end."""
        levels = [self.name, self.appearance or _NONE, *("+".join(each) or _NONE for each in self.features)]
        while len(levels) > 1 and levels[-1] == _NONE:
            levels.pop()
        return tuple(levels)

    @property
    def path(self) -> str:
        """The folder of the character, with forward slashes. `character_of` reads it back."""
        number = "0_" if _NUMBER.match(self.name) else ""  # else the name would lose its own number
        return number + "/".join(self.levels)

    @property
    def text(self) -> str:
        """The character as metadata name it."""
        return "|".join(self.levels)


def character_of(folder: str) -> Character | None:
    """Return the character of a folder's path (forward slashes), or None for noise and the empty path."""
    levels = folder.strip("/").split("/")
    return None if is_noise(folder) else _character([_NUMBER.sub("", levels[0], count=1), *levels[1:]])


def character_named(text: str) -> Character | None:
    """Return the character that metadata name, or None where the text names none."""
    character = _character(text.split("|"))
    return None if character is None or character.name.lower().startswith(_NOISE) else character


def is_noise(folder: str) -> bool:
    """Return True for folders of crops that belong to no character: -1_noise, 0_noise, Noise extras."""
    return _NUMBER.sub("", folder.strip("/"), count=1).lower().startswith(_NOISE)


def embedding_name(character: Character) -> str:
    """Return the word that is trained for the character.

    An appearance that begins with `_` has a word of its own: Terakomari/_cone hair bun gives
    Terakomari_cone_hair_bun. White space becomes `_`.
    """
    own = character.appearance if character.appearance.startswith("_") else ""
    return "_".join((character.name + own).split())


def are_compatible(one: Character, other: Character) -> bool:
    """Return True if both can be one character: the same name, and no level is told differently by them."""
    if one.name != other.name:
        return False
    pairs = zip(one.levels[1:], other.levels[1:], strict=False)
    return all(mine == theirs or _NONE in (mine, theirs) for mine, theirs in pairs)


def name_problem(character: Character) -> str | None:
    """Return what is wrong with the name of a character, or None."""
    if "," not in character.path:
        return None
    return (
        f"the character {character.path} has a comma in its name: captions and lists of characters are"
        " divided at commas, so that it reads as several; rename its folder"
    )


def _character(levels: Sequence[str]) -> Character | None:
    """Return the character of a name and further levels, or None without a name."""
    name, *others = [_sanitized(each) for each in levels]
    if not name:
        return None
    appearance, *lists = [*others, ""]
    features = [_items(each) for each in lists]
    while features and not features[-1]:
        features.pop()
    return Character(name, _told(appearance), tuple(features))


def _items(level: str) -> tuple[str, ...]:
    """Return the items of a level like "dress+cape"."""
    items = [item.strip() for item in level.split("+") if item.strip()]
    told = _told(_sanitized("+".join(items)))
    return tuple(told.split("+")) if told else ()


def _told(level: str) -> str:
    return "" if level.lower() == _NONE else level


def _sanitized(level: str) -> str:
    """Return a level as the name of a folder on every system. A name of dots alone would leave the folder."""
    name = _FORBIDDEN.sub("_", level.strip())
    return name if name.strip(".") else "_" * len(name)
