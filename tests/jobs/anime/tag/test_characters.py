"""Names of characters: parts, embeddings, captions."""

from __future__ import annotations

import pytest

from tui_gen.jobs.anime.tag.characters import Character, character_of


@pytest.mark.parametrize(
    ("text", "embedding", "caption"),
    [
        ("Frieren", "Frieren", "Frieren"),
        ("Aoi Yukimura", "Aoi_Yukimura", "Aoi Yukimura"),
        ("Aoi|twintails", "Aoi", "Aoi twintails"),
        ("Aoi|_young", "Aoi_young", "Aoi_young"),
        ("Aoi|none|uniform+hat", "Aoi", "Aoi, uniform hat"),
        ("Aoi|_young|uniform|none|book", "Aoi_young", "Aoi_young, uniform, book"),
        ("a/b:c", "a_b_c", "a_b_c"),
    ],
)
def test_a_character_has_an_embedding_and_a_caption(text: str, embedding: str, caption: str) -> None:
    character = character_of(text)
    assert (character.embedding, character.in_caption()) == (embedding, caption)


def test_the_separators_stand_between_the_parts() -> None:
    character = Character("Aoi", "twintails", (("uniform", "hat"), (), ("book",)))
    assert character.in_caption(inner_sep="-", outer_sep=" / ") == "Aoi-twintails / uniform-hat / book"
