"""Core tags: the tags that a character's images have again and again, and what becomes of them.

kept       stay in captions          dropped    leave the captions: the character's name stands for them
emb_init   leave the captions and describe the embedding of the character at its start
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tui_gen.jobs.anime.tag.character_text import embedding_of
from tui_gen.jobs.anime.tag.lists import CharacterWords, TagPattern
from tui_gen.jobs.anime.tag.options import TagOptions
from tui_gen.jobs.anime.tag.scene_words import SCENE_WORDS
from tui_gen.jobs.anime.tag.words import is_count, words_of

_HARDEST = 1_000
"""Above every difficulty: a list has a few."""


@dataclass(frozen=True, slots=True)
class CoreTags:
    """The core tags of one character, the most frequent first."""

    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    emb_init: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CharacterTags:
    """Which tags are dropped and which describe an embedding, by the options."""

    drop: TagPattern
    emb_init: TagPattern
    any_difficulty: TagPattern
    drop_all: bool = False
    emb_init_all: bool = False

    def is_dropped(self, tag: str) -> bool:
        """Return whether a character tag leaves the captions."""
        return self.drop_all or self.drop.fits(tag)

    def is_emb_init(self, tag: str) -> bool:
        """Return whether a character tag describes the embedding."""
        return self.emb_init_all or self.emb_init.fits(tag)

    def is_scene(self, tag: str) -> bool:
        """Return whether a tag describes the picture and not the character.

        A tag of a character counts as such with words of a scene: "dark skin", "mole under mouth".
        """
        if is_count(tag):
            return True
        return not self.any_difficulty.fits(tag) and not SCENE_WORDS.isdisjoint(words_of(tag))


def character_tags(options: TagOptions, words: CharacterWords) -> CharacterTags:
    """Return the patterns of the options."""
    return CharacterTags(
        words.between(0, options.drop_difficulty),
        words.between(options.emb_min_difficulty, options.emb_max_difficulty),
        words.between(0, _HARDEST),
        options.drop_all_core,
        options.emb_init_all_core,
    )


def frequent_tags(
    images: Iterable[tuple[Sequence[str], Iterable[str]]], threshold: float, patterns: CharacterTags
) -> dict[str, tuple[str, ...]]:
    """Return the core tags of each character: the most frequent first, ties by name.

    `images`: the characters and the tags of each. An image counts if it shows one character alone. A tag is
    a core tag if at least `threshold` of the character's images have it and it does not describe the scene.
    """
    numbers: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    for characters, tags in images:
        if len(set(characters)) == 1:
            numbers[characters[0]] += 1
            counts.setdefault(characters[0], Counter()).update(set(tags))
    share = Fraction(str(threshold))  # 0.4 of 5 images are 2, not 2.0000000000000001
    return {
        character: tuple(
            tag
            for tag, count in sorted(counts[character].items(), key=lambda pair: (-pair[1], pair[0]))
            if count >= share * numbers[character] and not patterns.is_scene(tag)
        )
        for character in sorted(counts)
    }


def categorised(frequent: Mapping[str, Sequence[str]], patterns: CharacterTags) -> dict[str, CoreTags]:
    """Divide the core tags of each character.

    Appearances of a character share an embedding: its tags are those that all of them have. A tag that
    describes the embedding is kept nowhere.
    """
    shared: dict[str, set[str]] = {}
    for character, tags in frequent.items():
        mine = {tag for tag in tags if patterns.is_emb_init(tag)}
        embedding = embedding_of(character)
        shared[embedding] = shared.get(embedding, mine) & mine
    return {
        character: CoreTags(
            kept=tuple(
                tag
                for tag in tags
                if not patterns.is_dropped(tag) and tag not in shared[embedding_of(character)]
            ),
            dropped=tuple(tag for tag in tags if patterns.is_dropped(tag)),
            emb_init=tuple(tag for tag in tags if tag in shared[embedding_of(character)]),
        )
        for character, tags in frequent.items()
    }


def embeddings(core: Mapping[str, CoreTags]) -> dict[str, tuple[str, ...]]:
    """Return the tags that describe each embedding at its start."""
    found: dict[str, tuple[str, ...]] = {}
    for character, tags in core.items():
        found.setdefault(embedding_of(character), tags.emb_init)
    return found


def tags_to_drop(characters: Iterable[str], core: Mapping[str, CoreTags]) -> frozenset[str]:
    """Return the tags that the characters of an image stand for."""
    mine = (core[character] for character in characters if character in core)
    return frozenset(tag for tags in mine for tag in (*tags.dropped, *tags.emb_init))
