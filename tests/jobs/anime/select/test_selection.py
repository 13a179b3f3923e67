"""Which frames and crops go into the training set."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.select.options import SelectOptions
from tui_gen.jobs.anime.select.selection import REASONS, FrameWithCrops, SortedCrop, selection, summary

OPTIONS = SelectOptions()


def metadata(
    image: str, size: tuple[int, int], faces: int = 1, characters: Sequence[str] = ()
) -> ImageMetadata:
    return ImageMetadata(
        image, "", "", f"{image}.png", image, size, "screenshots", n_faces=faces, characters=tuple(characters)
    )


def crop(image: str, folder: str | None, *, size: tuple[int, int] = (50, 50), faces: int = 1) -> SortedCrop:
    return SortedCrop(metadata(image, size, faces), folder)


def frame(image: str, *crops: SortedCrop, faces: int = 1, characters: Sequence[str] = ()) -> FrameWithCrops:
    return FrameWithCrops(metadata(image, (100, 100), faces, characters), crops)


def test_crops_show_the_character_of_their_folder_and_frames_all_of_them() -> None:
    found = selection(
        [
            frame(
                "f",
                crop("f_0", "3_Fern/hat"),
                crop("f_1", "Stark"),
                crop("f_2", "-1_noise"),
                crop("f_3", None),
            )
        ],
        OPTIONS,
    )
    assert found.images == {"f": ("Fern|hat", "Stark"), "f_0": ("Fern|hat",), "f_1": ("Stark",)}
    assert found.left_out == {"f_2": "no_character", "f_3": "no_character"}
    assert found.regularization == ()


def test_a_character_in_two_crops_is_named_once() -> None:
    found = selection([frame("f", crop("f_0", "Fern"), crop("f_1", "0_Fern"))], OPTIONS)
    assert found.images["f"] == ("Fern",)


@pytest.mark.parametrize(("size", "is_large"), [((100, 50), False), ((100, 51), True)])
def test_the_frame_replaces_a_crop_of_more_than_half_of_it(size: tuple[int, int], *, is_large: bool) -> None:
    frames = [frame("f", crop("f_0", "Fern", size=size), crop("f_1", "Stark"))]
    found = selection(frames, OPTIONS)
    assert ("f_0" not in found.images) == is_large
    assert found.images["f"] == ("Fern", "Stark")
    without_frames = selection(frames, replace(OPTIONS, original_in_dataset=False))
    assert ("f" in without_frames.images) == ("f_0" not in without_frames.images) == is_large
    assert "f_1" in without_frames.images
    assert (without_frames.left_out.get("f_0") == "frame_instead") == is_large


def test_the_frame_replaces_no_crop_if_it_is_not_taken() -> None:
    frames = [frame("f", crop("f_0", "Fern", size=(100, 80)), faces=3)]
    found = selection(frames, replace(OPTIONS, max_face_number=2))
    assert found.images == {"f_0": ("Fern",)}
    assert found.left_out == {"f": "faces"}


def test_crops_without_a_frame_stand_for_themselves() -> None:
    alone = FrameWithCrops(None, (crop("f_0", "Fern", size=(900, 900)), crop("f_1", None)))
    for options in (OPTIONS, replace(OPTIONS, is_booru=True), replace(OPTIONS, original_in_dataset=False)):
        found = selection([alone], options)
        assert found.images == {"f_0": ("Fern",)}
        assert found.left_out == {"f_1": "no_character"}
        assert found.regularization == ()


def test_crops_and_frames_can_be_unwanted() -> None:
    frames = [frame("f", crop("f_0", "Fern")), frame("g")]
    crops = selection(frames, replace(OPTIONS, original_in_dataset=False))
    assert crops.images == {"f_0": ("Fern",)}
    assert crops.left_out == {"f": "frames_unwanted", "g": "frames_unwanted"}
    whole = selection(frames, replace(OPTIONS, cropped_in_dataset=False))
    assert whole.images == {"f": ("Fern",)}
    assert whole.regularization == ("g",)
    assert whole.left_out == {"f_0": "crops_unwanted"}


def test_frames_without_characters_are_drawn_by_the_seed_alone() -> None:
    frames = [frame(f"f{number}", crop(f"f{number}_0", "noise")) for number in range(40)]
    drawn = selection(frames, replace(OPTIONS, n_anime_reg=10))
    assert len(drawn.regularization) == 10
    assert sum(reason == "not_drawn" for reason in drawn.left_out.values()) == 30
    more = selection(
        [*frames[5:], *(frame(f"g{number}") for number in range(5))], replace(OPTIONS, n_anime_reg=10)
    )
    assert len(set(drawn.regularization) & set(more.regularization)) >= 10 - 5 - 5 + 2
    other = selection(frames, replace(OPTIONS, n_anime_reg=10, seed=1))
    assert other.regularization != drawn.regularization
    everything = selection(frames, OPTIONS)
    assert set(everything.regularization) == {f"f{number}" for number in range(40)}
    assert set(selection(frames, replace(OPTIONS, n_anime_reg=11)).regularization) > set(drawn.regularization)


def test_a_booru_has_no_regularization_images() -> None:
    found = selection([frame("f")], replace(OPTIONS, is_booru=True))
    assert found.regularization == ()
    assert found.left_out == {"f": "no_character"}


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        (replace(OPTIONS, min_face_number=1), {"f1", "f2", "f1_0", "f2_0"}),
        (replace(OPTIONS, max_face_number=1), {"f0", "f1", "f0_0", "f1_0"}),
        (replace(OPTIONS, min_face_number=1, max_face_number=1), {"f1", "f1_0"}),
        (replace(OPTIONS, min_face_number=0, max_face_number=0), {"f0", "f0_0"}),
    ],
)
def test_the_number_of_faces_is_limited(options: SelectOptions, taken: set[str]) -> None:
    frames = [frame(f"f{faces}", crop(f"f{faces}_0", "Fern", faces=faces), faces=faces) for faces in range(3)]
    found = selection(frames, options)
    assert set(found.images) == taken
    assert set(found.left_out.values()) == {"faces"}


def test_frames_without_characters_are_held_to_the_number_of_faces() -> None:
    found = selection([frame("f", faces=0), frame("g", faces=1)], replace(OPTIONS, min_face_number=1))
    assert found.regularization == ("g",)


# ------------------------------------------------------------------ what metadata of frames tell

TOLD = [
    frame("f", crop("f_0", "Fern/hat"), characters=["Fern", "Himmel"]),
    frame("g", crop("g_0", "Stark")),
    frame("h", crop("h_0", "Stark"), characters=["Fern"]),
]


def characters_of_frames(options: SelectOptions) -> list[tuple[str, ...]]:
    found = selection(TOLD, options)
    return [found.images[image] for image in "fgh"]


def test_frames_of_episodes_show_what_their_crops_show() -> None:
    assert characters_of_frames(OPTIONS) == [("Fern|hat",), ("Stark",), ("Stark",)]


def test_a_booru_tells_the_characters_and_crops_make_them_precise() -> None:
    assert characters_of_frames(replace(OPTIONS, is_booru=True)) == [
        ("Fern|hat", "Himmel"),
        ("Stark",),
        ("Fern",),
    ]


def test_crops_can_replace_what_a_booru_tells() -> None:
    options = replace(OPTIONS, is_booru=True, character_overwrite_uncropped=True)
    assert characters_of_frames(options) == [("Fern|hat",), ("Stark",), ("Stark",)]


def test_characters_of_a_booru_without_a_folder_can_be_removed() -> None:
    options = replace(OPTIONS, is_booru=True, character_remove_unclassified=True)
    assert characters_of_frames(options) == [("Fern|hat",), ("Stark",), ("Fern",)]


def test_a_frame_without_characters_replaces_no_crop() -> None:
    frames = [frame("f", crop("f_0", "Stark", size=(100, 90)), characters=["Himmel"])]
    options = replace(OPTIONS, is_booru=True, character_remove_unclassified=True)
    found = selection(frames, options)
    assert found.images == {"f_0": ("Stark",)}
    assert found.left_out == {"f": "no_character"}


# ------------------------------------------------------------------ near duplicates, order, reasons


def test_near_duplicates_are_left_out_among_crops_frames_and_others_each() -> None:
    frames = [
        frame("f", crop("f_0", "Fern"), crop("f_1", "Fern")),
        frame("g", crop("g_0", "Fern")),
        frame("x"),
        frame("y"),
    ]
    asked: list[list[str]] = []

    def all_but_the_first(images: Sequence[str]) -> Sequence[str]:
        asked.append(list(images))
        return images[1:]

    found = selection(frames, replace(OPTIONS, filter_again=True), all_but_the_first)
    assert asked == [["f_0", "f_1", "g_0"], ["f", "g"], ["x", "y"]]
    assert set(found.images) == {"f", "f_0"}
    assert found.regularization == ("x",)
    assert found.left_out == dict.fromkeys(["f_1", "g", "g_0", "y"], "near_duplicate")
    asked.clear()
    assert len(selection(frames, OPTIONS, all_but_the_first).images) == 5
    assert not asked


def test_the_order_of_frames_and_crops_decides_nothing() -> None:
    shuffle = random.Random(0)
    folders = ["Fern", "Stark/hat", None, "-1_noise", "2_qwerty"]
    frames = [
        frame(
            f"f{number}",
            *(crop(f"f{number}_{k}", shuffle.choice(folders), size=(80, 90 if k else 10)) for k in range(3)),
        )
        for number in range(30)
    ]
    options = replace(OPTIONS, n_anime_reg=2, original_in_dataset=True)
    expected = selection(frames, options)
    shuffled = [replace(each, crops=shuffle.sample(each.crops, len(each.crops))) for each in frames]
    shuffle.shuffle(shuffled)
    found = selection(shuffled, options)
    assert found == expected
    assert list(found.images) == sorted(found.images)
    assert list(found.left_out) == sorted(found.left_out)


def test_every_image_is_selected_or_has_a_reason() -> None:
    frames = [
        frame(f"f{number}", crop(f"f{number}_0", "Fern" if number % 2 else None)) for number in range(9)
    ]
    found = selection(frames, replace(OPTIONS, n_anime_reg=2))
    images = {image for number in range(9) for image in (f"f{number}", f"f{number}_0")}
    sets = [set(found.images), set(found.regularization), set(found.left_out)]
    assert set.union(*sets) == images
    assert sum(map(len, sets)) == len(images)
    assert summary(found) == {"no_character": 5, "not_drawn": 3}
    assert set(found.left_out.values()) <= set(REASONS)
