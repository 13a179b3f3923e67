"""What captions, folders and embeddings call a character of the metadata: "name|appearance|outfit+...|...".

Invariant: texts that name nobody ("unknown", noise, "") give nothing.
"""

from __future__ import annotations

import re

from tui_gen.jobs.anime.classify.characters import Character, character_named, embedding_name

NOBODY = frozenset({"", "unknown", "anonymous", "ood"})
"""What other programs write where they know nobody; ood: out of the domain."""
_NOT_IN_PATHS = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def known(text: str) -> Character | None:
    """Return the character that a text names, or None for nobody."""
    return None if text in NOBODY else character_named(text)


def name_of(text: str) -> str:
    """Return the character's name without appearance and outfit; "" for nobody."""
    character = known(text)
    return character.name if character else ""


def embedding_of(text: str) -> str:
    """Return the word that is trained for the character; "" for nobody."""
    character = known(text)
    return embedding_name(character) if character else ""


def in_caption(text: str, *, inner_sep: str = " ", outer_sep: str = ", ") -> str:
    """Return how a caption names the character: its name and appearance, then its features; "" for nobody.

    An appearance that begins with "_" is part of the embedding's word.
    """
    character = known(text)
    if character is None:
        return ""
    if character.appearance.startswith("_"):
        name = embedding_name(character)
    else:
        name = inner_sep.join(part for part in (character.name, character.appearance) if part)
    return outer_sep.join([name, *(inner_sep.join(each) for each in character.features if each)])


def without_path_characters(text: str) -> str:
    r"""Return a text that can name a folder anywhere: `<>:"/\|?*` and control characters become "_"."""
    return _NOT_IN_PATHS.sub("_", text)
