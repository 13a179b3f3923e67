"""Names of characters: folders, metadata, embeddings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.anime.classify.characters import (
    Character,
    are_compatible,
    character_named,
    character_of,
    embedding_name,
    is_noise,
    name_problem,
)

KAREN = Character("Karen")


@pytest.mark.parametrize(
    ("folder", "character"),
    [
        ("Karen", KAREN),
        ("3_Karen", KAREN),
        ("-2_Karen", KAREN),
        ("0_qwerty", Character("qwerty")),
        ("3_", Character("3_")),
        ("2B", Character("2B")),
        ("Karen/none", KAREN),
        ("Karen/None/none/NONE", KAREN),
        ("Karen/hair bun", Character("Karen", "hair bun")),
        ("Karen/1_hair bun", Character("Karen", "1_hair bun")),
        ("Karen/none/dress+cape", Character("Karen", "", (("dress", "cape"),))),
        ("Karen/_bun/none/ribbon+/staff", Character("Karen", "_bun", ((), ("ribbon",), ("staff",)))),
        ("Ka:ren?", Character("Ka_ren_")),
        ("../x", Character("__", "x")),
    ],
)
def test_a_folder_names_a_character(folder: str, character: Character) -> None:
    assert character_of(folder) == character


@pytest.mark.parametrize("folder", ["-1_noise", "0_noise", "noise", "Noise passers-by", "-1_noise/old"])
def test_folders_of_noise_name_none(folder: str) -> None:
    assert is_noise(folder)
    assert character_of(folder) is None


@pytest.mark.parametrize("folder", ["", "Karen/noise", "anoise", "noi"])
def test_other_folders_are_no_noise(folder: str) -> None:
    assert not is_noise(folder)


def test_the_folder_of_all_folders_names_no_character() -> None:
    assert character_of("") is None


LEVEL = st.text("a.+ _-0?/|", min_size=1, max_size=6) | st.sampled_from(["none", "None+", "noise", "+", ".."])


@given(st.lists(LEVEL, min_size=1, max_size=5))
def test_a_character_is_read_back_from_its_folder_and_from_its_text(levels: list[str]) -> None:
    character = character_named("|".join(levels))
    if character is not None:
        assert character_of(character.path) == character
        assert character_named(character.text) == character
        assert ".." not in character.path.split("/")


def test_a_name_that_begins_with_a_number_keeps_it() -> None:
    assert character_named("18_(dragon)") == Character("18_(dragon)")
    assert Character("18_(dragon)").path == "0_18_(dragon)"


@pytest.mark.parametrize("text", ["", " ", "|hat", "noise", "Noise crowd|hat"])
def test_metadata_without_a_name_name_no_character(text: str) -> None:
    assert character_named(text) is None


def test_slashes_in_the_metadata_of_other_programs_are_no_levels() -> None:
    assert character_named("saber_(fate/stay)|armour") == Character("saber_(fate_stay)", "armour")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Terakomari/_cone hair bun", "Terakomari_cone_hair_bun"),
        ("Terakomari/cone hair bun", "Terakomari"),
        ("3_Komari  Gandes", "Komari_Gandes"),
    ],
)
def test_an_embedding_has_the_name_and_an_appearance_of_its_own(folder: str, name: str) -> None:
    character = character_of(folder)
    assert character is not None
    assert embedding_name(character) == name


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("Karen", "Karen/hat", True),
        ("Karen/none/dress", "Karen/hat", True),
        ("Karen/cap", "Karen/hat", False),
        ("Karen/cap/dress", "Karen/cap/coat", False),
        ("Karen", "Komari", False),
    ],
)
def test_characters_are_compatible_where_nothing_contradicts(one: str, other: str, *, are: bool) -> None:
    first, second = character_of(one), character_of(other)
    assert first is not None
    assert second is not None
    assert are_compatible(first, second) == are_compatible(second, first) == are


def test_a_comma_is_a_problem() -> None:
    assert "a, b" in (name_problem(Character("a, b")) or "")
    assert "hat,cap" in (name_problem(Character("a", "hat,cap")) or "")
    assert name_problem(KAREN) is None
