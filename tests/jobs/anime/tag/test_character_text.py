"""What captions and embeddings call a character."""

from __future__ import annotations

import pytest

from tui_gen.jobs.anime.tag.character_text import embedding_of, in_caption, name_of


@pytest.mark.parametrize(
    ("text", "name", "embedding", "caption"),
    [
        ("Frieren", "Frieren", "Frieren", "Frieren"),
        ("Aoi Yukimura", "Aoi Yukimura", "Aoi_Yukimura", "Aoi Yukimura"),
        ("Aoi|twintails", "Aoi", "Aoi", "Aoi twintails"),
        ("Aoi|_young", "Aoi", "Aoi_young", "Aoi_young"),
        ("Aoi|none|uniform+hat", "Aoi", "Aoi", "Aoi, uniform hat"),
        ("Aoi|_young|uniform|none|book", "Aoi", "Aoi_young", "Aoi_young, uniform, book"),
        ("a/b:c", "a_b_c", "a_b_c", "a_b_c"),
        ("", "", "", ""),
        ("unknown", "", "", ""),
        ("noise", "", "", ""),
    ],
)
def test_a_character_has_a_name_an_embedding_and_a_caption(
    text: str, name: str, embedding: str, caption: str
) -> None:
    assert (name_of(text), embedding_of(text), in_caption(text)) == (name, embedding, caption)


def test_the_separators_stand_between_the_parts() -> None:
    text = "Aoi|twintails|uniform+hat|none|book"
    assert in_caption(text, inner_sep="-", outer_sep=" / ") == "Aoi-twintails / uniform-hat / book"
