"""Tags as words: spaces, faces, singular and plural, counts of people."""

from __future__ import annotations

import pytest

from tui_gen.jobs.anime.tag.words import is_count, parts_of, with_forms, with_spaces, words_of


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("long_hair", "long hair"),
        ("hair_between_eyes", "hair between eyes"),
        ("^_^", "^_^"),
        ("x_x", "x_x"),
        ("o_o", "o_o"),
        ("a_b", "a_b"),  # three letters
        ("a_bc", "a bc"),
        ("||_||", "||_||"),
        ("<o>_<o>", "<o>_<o>"),
        ("solo", "solo"),
        ("long hair", "long hair"),
    ],
)
def test_underscores_become_spaces_but_in_faces_and_up_to_three_letters(tag: str, name: str) -> None:
    assert with_spaces(tag) == name


def test_words_are_the_same_with_spaces_and_underscores() -> None:
    assert words_of("Very_Long hair") == ("very", "long", "hair") == words_of("very long hair")
    assert words_of("^_^") == ("^_^",)


@pytest.mark.parametrize(
    "tag",
    ["1girl", "2girls", "6+girls", "1boy", "5boys", "6+boys", "1other", "multiple girls", "multiple_boys"],
)
def test_counts_of_people_are_known(tag: str) -> None:
    assert is_count(tag)


@pytest.mark.parametrize("tag", ["solo", "girl", "magical girl", "girls", "1girl sitting", "cat girl", "9s"])
def test_other_tags_count_nobody(tag: str) -> None:
    assert not is_count(tag)


@pytest.mark.parametrize(
    ("phrase", "forms"),
    [
        ("horn", {"horn", "horns"}),
        ("eyes", {"eye", "eyes"}),
        ("glass", {"glass", "glasses"}),
        ("body", {"body", "bodies"}),
        ("boy", {"boy", "boys"}),
        ("woman", {"woman", "women"}),
        ("short hair", {"short hair", "short hairs"}),
        ("brush", {"brush", "brushes"}),
        ("halos", {"halo", "halos"}),
        ("women", {"woman", "women"}),
        ("dress", {"dress", "dresses"}),
    ],
)
def test_a_word_stands_for_its_singular_and_its_plural(phrase: str, forms: set[str]) -> None:
    assert with_forms([phrase]) == {words_of(form) for form in forms}


def test_parts_of_a_tag_are_the_words_that_stand_side_by_side() -> None:
    assert set(parts_of(("very", "long", "hair"))) == {
        ("very",),
        ("long",),
        ("hair",),
        ("very", "long"),
        ("long", "hair"),
    }
    assert not set(parts_of(("hair",)))
