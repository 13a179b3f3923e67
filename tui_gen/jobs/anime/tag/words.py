"""Tags as words: "long_hair" and "long hair" are the same two words.

Invariant: everything in this room compares tags with spaces; a tagger's names have underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

KAOMOJI = frozenset(
    {
        "0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9",
        ">_o", "@_@", "^_^", "o_o", "u_u", "x_x", "|_|", "||_||", "._o", "-_-", ";_;", "t_t", "n_n",
    }
)  # fmt: skip
"""Faces drawn with characters: their underscore is a mouth."""
_SHORTEST_WITH_SPACE = 4
_COUNT = re.compile(r"(?:\d+\+?|multiple )(?:girl|boy|other)s?", re.IGNORECASE)
_IRREGULAR = {"man": "men", "woman": "women", "wolf": "wolves", "scarf": "scarves", "foot": "feet"}
_SINGULAR = {plural: singular for singular, plural in _IRREGULAR.items()}
_HISSING = ("s", "x", "z", "ch", "sh")
_VOWELS = "aeiou"


def with_spaces(tag: str) -> str:
    """Return a tag with spaces for underscores; up to three letters and faces keep theirs.

    The limit of three letters is that of sd-scripts' finetune/tag_images_by_wd14_tagger.py.
    """
    if len(tag) < _SHORTEST_WITH_SPACE or tag.lower() in KAOMOJI:
        return tag
    return tag.replace("_", " ")


def words_of(tag: str) -> tuple[str, ...]:
    """Return the words of a tag in lower case. A face of characters is one word."""
    return tuple(with_spaces(tag).lower().split())


def is_count(tag: str) -> bool:
    """Return whether a tag counts people: "1girl", "6+boys", "multiple girls"."""
    return _COUNT.fullmatch(with_spaces(tag)) is not None


def parts_of(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of words that stand side by side in longer words, without the whole."""
    for size in range(1, len(words)):
        for start in range(len(words) - size + 1):
            yield words[start : start + size]


def with_forms(phrases: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Return the words of each phrase, its last word as it is, in the singular and in the plural."""
    found: set[tuple[str, ...]] = set()
    for phrase in phrases:
        words = words_of(phrase)
        if words:
            *before, last = words
            found |= {(*before, form) for form in (last, _singular(last), _plural(last))}
    return frozenset(found)


def _singular(word: str) -> str:
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word.endswith("ies") and len(word) > len("ties"):
        return f"{word[:-3]}y"
    if word.endswith("es") and word[:-2].endswith(_HISSING):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _plural(word: str) -> str:
    if word in _SINGULAR or _singular(word) != word:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(_HISSING):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"
