"""Core tags: what a character's own images have in common, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_gen.jobs.anime.tag.core import (
    CoreTags,
    categorised,
    character_tags,
    embeddings,
    frequent_tags,
    tags_to_drop,
)
from tui_gen.jobs.anime.tag.lists import CharacterWords
from tui_gen.jobs.anime.tag.options import TagOptions

WORDS = CharacterWords()
PATTERNS = character_tags(TagOptions(), WORDS)


def frequent(*images: tuple[list[str], list[str]], threshold: float = 0.4) -> dict[str, tuple[str, ...]]:
    return frequent_tags(images, threshold, PATTERNS)


def test_a_tag_of_enough_solo_images_is_a_core_tag_and_the_most_frequent_comes_first() -> None:
    found = frequent(
        (["Fern"], ["long hair", "book"]),
        (["Fern"], ["long hair", "purple eyes"]),
        (["Fern"], ["long hair", "purple eyes", "staff"]),
        (["Fern"], ["long hair", "staff", "cloak"]),
        (["Fern"], ["cloak"]),
    )
    assert found == {"Fern": ("long hair", "cloak", "purple eyes", "staff")}  # 4, 2, 2 and 2 of 5; book: 1


def test_the_threshold_itself_is_enough() -> None:
    images = [(["Fern"], ["hat"] if number < 3 else []) for number in range(10)]
    assert frequent(*images, threshold=0.3) == {
        "Fern": ("hat",)
    }  # 0.3 * 10 is 3.0000000000000004 in some sums
    assert frequent(*images, threshold=0.31) == {"Fern": ()}


def test_images_of_several_characters_do_not_count() -> None:
    assert frequent((["Fern", "Stark"], ["axe"]), (["Fern"], ["staff"]), ([], ["sky"])) == {
        "Fern": ("staff",)
    }


@pytest.mark.parametrize(
    "tag",
    ["1girl", "solo", "multiple girls", "white background", "smile", "open mouth", "looking at viewer",
     "night sky", "upper body", "closed eyes", "sitting", "anime coloring", "depth of field",
     "holding staff", ":d"] )  # fmt: skip
def test_what_describes_the_scene_is_no_core_tag(tag: str) -> None:
    assert frequent((["Fern"], [tag, "hat"])) == {"Fern": ("hat",)}


@pytest.mark.parametrize(
    "tag",
    ["dark skin", "mole under mouth", "gradient hair", "hair behind ear", "school uniform", "hair flower"],
)
def test_what_describes_the_character_is_one_also_with_a_word_of_scenes(tag: str) -> None:
    assert frequent((["Fern"], [tag])) == {"Fern": (tag,)}


FERN = {"Fern": ("long hair", "purple eyes", "demon horns", "cloak")}


def test_core_tags_are_divided_by_difficulty() -> None:
    assert categorised(FERN, PATTERNS) == {
        "Fern": CoreTags(
            kept=("cloak",),
            dropped=("long hair", "purple eyes", "demon horns"),
            emb_init=("demon horns",),
        )
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"drop_difficulty": 1}, CoreTags(("cloak",), ("long hair", "purple eyes"), ("demon horns",))),
        ({"drop_difficulty": 0}, CoreTags(("long hair", "purple eyes", "cloak"), (), ("demon horns",))),
        (
            {"drop_difficulty": 0, "emb_min_difficulty": 0},
            CoreTags(("cloak",), (), ("long hair", "purple eyes", "demon horns")),
        ),
        (
            {"drop_difficulty": 9, "emb_max_difficulty": 1},
            CoreTags(("cloak",), ("long hair", "purple eyes", "demon horns"), ()),
        ),
        ({"drop_all_core": True, "emb_max_difficulty": 1}, CoreTags((), FERN["Fern"], ())),
        (
            {"emb_init_all_core": True},
            CoreTags((), ("long hair", "purple eyes", "demon horns"), FERN["Fern"]),
        ),
    ],
)
def test_the_options_move_the_limits(change: dict[str, int], expected: CoreTags) -> None:
    patterns = character_tags(replace(TagOptions(), **change), WORDS)  # type: ignore[arg-type]
    assert categorised(FERN, patterns) == {"Fern": expected}


def test_appearances_share_what_describes_their_embedding() -> None:
    core = categorised(
        {
            "Aoi": ("horns", "cat tail", "hat"),
            "Aoi|hairdown": ("cat tail", "fang"),
            "Aoi|_young": ("fang",),
        },
        character_tags(replace(TagOptions(), drop_difficulty=0), WORDS),
    )
    assert core == {
        "Aoi": CoreTags(("horns", "hat"), (), ("cat tail",)),
        "Aoi|hairdown": CoreTags(("fang",), (), ("cat tail",)),
        "Aoi|_young": CoreTags((), (), ("fang",)),
    }
    assert embeddings(core) == {"Aoi": ("cat tail",), "Aoi_young": ("fang",)}


def test_the_tags_of_all_characters_of_an_image_are_dropped() -> None:
    core = {"A": CoreTags(("x",), ("a",), ("b",)), "B": CoreTags((), ("c",), ())}
    assert tags_to_drop(["A", "B", "C"], core) == {"a", "b", "c"}
    assert tags_to_drop([], core) == frozenset()
