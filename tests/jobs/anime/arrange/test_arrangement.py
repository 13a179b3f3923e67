"""Where each image goes: every component, small combinations, images that the user moved."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.jobs.anime.images_of_tests import image
from tui_gen.jobs.anime.arrange.arrangement import ArrangeOptions, arranged, components_of, source_folder
from tui_gen.jobs.anime.balance.multiply import BalanceOptions, balanced
from tui_gen.jobs.anime.balance.weights import WeightTable
from tui_gen.jobs.anime.images.metadata import ImageMetadata

NO_MINIMUM = ArrangeOptions(min_images_per_combination=1)


def folder_of(arrange_format: str, **known: Any) -> str:  # noqa: ANN401 - any field
    (folder,) = arranged([image(**known)], replace(NO_MINIMUM, arrange_format=arrange_format)).values()
    return folder


@pytest.mark.parametrize(
    ("characters", "folder"),
    [
        ((), "0_characters"),
        (("A",), "1_character"),
        (("A", "B"), "2_characters"),
        (("A", "A|twintails"), "1_character"),  # two appearances of one character
        (("A", "A"), "1_character"),
        (("unknown", "ood"), "0_characters"),
        (tuple("ABCDE"), "5_characters"),
        (tuple("ABCDEF"), "6+_characters"),
        (tuple("ABCDEFGH"), "6+_characters"),
    ],
)
def test_the_number_of_characters(characters: tuple[str, ...], folder: str) -> None:
    assert folder_of("n_characters", characters=characters) == folder


@pytest.mark.parametrize(
    ("characters", "folder"),
    [
        ((), "character_others"),
        (("Fern",), "Fern"),
        (("Fern", "Aoi"), "Aoi+Fern"),
        (("Fern|young", "Fern", "Aoi"), "Aoi+Fern"),
        (("Mr. X.",), "Mr X"),
        (('a<b>c:d"e/f\\g?h*i',), "a_b_c_d_e_f_g_h_i"),
        (("フリーレン",), "フリーレン"),
        (("...",), "___"),  # dots alone are no name
        (("noise", "unknown"), "character_others"),
        (("x" * 99,), "x" * 99),
        (("x" * 100,), "character_others"),
        (("x" * 49, "y" * 49), "x" * 49 + "+" + "y" * 49),
        (("x" * 49, "y" * 50), "character_others"),
        (("フ" * 90,), "character_others"),  # 270 bytes are no file name
    ],
)
def test_the_combination_of_characters(characters: tuple[str, ...], folder: str) -> None:
    assert folder_of("character", characters=characters) == folder


def test_the_string_of_characters_tells_appearance_and_outfit() -> None:
    characters = ("Fern|young|cloak+hat", "Aoi")
    assert folder_of("character_string", characters=characters) == "Aoi+Fern_young_cloak+hat"


@pytest.mark.parametrize(
    ("ratio", "size", "folder"),
    [
        (0.0, 25, "0-25"),
        (0.2499, 25, "0-25"),
        (0.25, 25, "25-50"),
        (0.39166666666666666, 25, "25-50"),
        (0.99, 25, "75-100"),
        (1.0, 25, "75-100"),
        (1.2, 25, "75-100"),
        (0.5, 30, "30-60"),
        (0.95, 30, "90-120"),
    ],
)
def test_the_height_of_the_tallest_face(ratio: float, size: int, folder: str) -> None:
    options = ArrangeOptions("fh_ratio", face_ratio_folder_range=size)
    assert list(arranged([image(fh_ratio=ratio)], options).values()) == [f"face_height_ratio_{folder}"]


@pytest.mark.parametrize(
    ("component", "known", "folder"),
    [
        ("n_faces", {"n_faces": 0}, "0_faces"),
        ("n_faces", {"n_faces": 1}, "1_face"),
        ("n_faces", {"n_faces": 12}, "12_faces"),
        ("n_people", {"n_people": None}, "none"),
        ("n_people", {"n_people": 0}, "0_people"),
        ("n_people", {"n_people": 1}, "1_person"),
        ("n_people", {"n_people": 5}, "5_people"),
        ("n_people", {"n_people": 6}, "many_people"),
        ("image_type", {"type": "screenshots"}, "screenshots"),
        ("image_type", {"type": ""}, "none"),
    ],
)
def test_the_other_components(component: str, known: dict[str, object], folder: str) -> None:
    assert folder_of(component, **known) == folder


def test_components_are_levels_and_no_format_is_one_folder() -> None:
    known = {"characters": ("Fern",), "fh_ratio": 0.3}
    assert folder_of("n_characters/character/fh_ratio", **known) == "1_character/Fern/face_height_ratio_25-50"
    assert folder_of("", **known) == ""


@pytest.mark.parametrize(
    "text", ["n_characters/colour", "colour", "n_characters/", "/character", "character//fh_ratio"]
)
def test_a_component_that_does_not_exist_is_told(text: str) -> None:
    with pytest.raises(
        ValueError, match="is no component of arrange_format; there are n_characters, n_faces"
    ):
        components_of(text)


def images_of(numbers: dict[tuple[str, ...], int]) -> list[ImageMetadata]:
    return [
        image(f"EP1_{'+'.join(characters)}_{number}", characters=characters, fh_ratio=number % 2 / 2)
        for characters, count in numbers.items()
        for number in range(count)
    ]


def test_a_combination_with_too_few_images_is_with_the_others_and_keeps_its_other_levels() -> None:
    images = images_of({("Fern",): 10, ("Stark",): 9, ("Fern", "Stark"): 10})
    folders = arranged(images, ArrangeOptions())
    assert {folders[each.id] for each in images} == {
        "1_character/Fern/face_height_ratio_0-25",
        "1_character/Fern/face_height_ratio_50-75",
        "1_character/character_others/face_height_ratio_0-25",
        "1_character/character_others/face_height_ratio_50-75",
        "2_characters/Fern+Stark/face_height_ratio_0-25",
        "2_characters/Fern+Stark/face_height_ratio_50-75",
    }
    assert {folders[each.id].split("/")[1] for each in images if each.characters == ("Stark",)} == {
        "character_others"
    }


def test_a_name_that_another_level_has_too_is_not_replaced_there() -> None:
    images = [image("EP1_000001", characters=("1_character",))]
    assert arranged(images, ArrangeOptions("n_characters/character")) == {
        "EP1_000001": "1_character/character_others"
    }


def test_an_image_that_the_user_moved_stays_and_counts_where_it_is() -> None:
    images = images_of({("Stark",): 9, ("Fern",): 10})
    moved = "EP1_Fern_0"
    folders = arranged(images, ArrangeOptions(), pinned={moved: "1_character/Stark"})
    assert folders[moved] == "1_character/Stark"
    for number in range(9):
        height = "50-75" if number % 2 else "0-25"
        assert folders[f"EP1_Stark_{number}"] == f"1_character/Stark/face_height_ratio_{height}"
    # of Fern's ten images one is away: nine are too few
    assert {folders[f"EP1_Fern_{number}"].split("/")[1] for number in range(1, 10)} == {"character_others"}


def test_a_pin_of_an_image_that_is_not_there_changes_nothing() -> None:
    images = images_of({("Stark",): 9})
    assert set(arranged(images, ArrangeOptions("character"), pinned={"gone": "Stark"}).values()) == {
        "character_others"
    }


def test_the_order_of_images_and_names_changes_nothing() -> None:
    images = images_of({("Fern",): 10, ("Stark",): 3, ("Fern", "Stark"): 11})
    once = arranged(images, ArrangeOptions())
    mixed = [replace(each, characters=tuple(reversed(each.characters))) for each in images]
    random.Random(1).shuffle(mixed)
    assert arranged(mixed, ArrangeOptions()) == once


@pytest.mark.parametrize(
    ("folder", "up", "source"),
    [
        ("training/screenshots", 0, "training/screenshots"),
        ("training/screenshots", 1, "training"),
        ("training/screenshots", 9, "training"),
        ("training/extra/screenshots", 1, "training/extra"),
        ("training/extra/screenshots", 2, "training"),
    ],
)
def test_levels_lead_up_to_the_training_folder_and_no_further(folder: str, up: int, source: str) -> None:
    assert source_folder("training", folder, up) == source


def test_five_thousand_images_take_well_under_a_second() -> None:
    names = [f"Character {number}" for number in range(60)]
    chance = random.Random(0)
    images = [
        image(
            f"EP{number % 12}_{number:06d}",
            characters=tuple(chance.sample(names, chance.choice((0, 1, 1, 1, 2, 3)))),
            fh_ratio=chance.random(),
        )
        for number in range(5_000)
    ]
    start = time.process_time()
    folders = arranged(images, ArrangeOptions())
    numbers: dict[str, int] = {}
    for folder in folders.values():
        numbers[folder] = numbers.get(folder, 0) + 1
    balance = balanced(numbers, "training/screenshots", WeightTable(), BalanceOptions())
    assert time.process_time() - start < 0.7
    assert sum(each.images for each in balance) == 5_000
    assert sum(each.probability for each in balance) == 1
