"""Captions, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.jobs.anime.images_of_tests import image
from tui_gen.jobs.anime.images.metadata import CropInfo
from tui_gen.jobs.anime.tag.captions import CaptionOptions, caption_of, order_of

ALL = CaptionOptions(
    use_npeople_prob=1,
    use_copyright_prob=1,
    use_artist_prob=1,
    use_facepos_prob=1,
    general_description="aniscreen",
)
WHOLE = image(
    characters=("Frieren", "Fern|twintails|cloak+hat"),
    n_people=2,
    copyright="sousou no frieren",
    artist="someone",
    rating="explicit",
    crop=CropInfo("halfbody", 0.9),
    facepos=((0.1, 0.2, 0.3, 0.4), (0.4, 0.2, 0.7, 0.6), (0.7, 0, 0.9, 0.3)),
    processed_tags=("1girl", "smile"),
)


def test_the_default_caption() -> None:
    assert caption_of(WHOLE, CaptionOptions(), 0) == (
        "Frieren, Fern twintails, cloak hat, screenshots, explicit, halfbody cropped, 1girl, smile"
    )


def test_a_caption_with_every_part() -> None:
    assert caption_of(WHOLE, ALL, 0) == (
        "2people, Frieren, Fern twintails, cloak hat, from sousou no frieren, aniscreen, screenshots,"
        " by someone, explicit, halfbody cropped, at left in the middle at right, 1girl, smile"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1person"), (2, "2people"), (5, "5people"), (6, "manypeople"), (0, ""), (None, "")],
)
def test_the_number_of_people(number: int | None, text: str) -> None:
    options = CaptionOptions(caption_ordering=("npeople",), use_npeople_prob=1)
    assert caption_of(image(n_people=number), options, 0) == text


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (0.0, 0.74, "at left"),
        (0.0, 0.76, "in the middle"),  # .38 itself
        (0.5, 0.74, "at right"),  # .62 itself
        (0.5, 0.72, "in the middle"),
        (0.9, 1.0, "at right"),
    ],
)
def test_the_place_of_a_face(left: float, right: float, text: str) -> None:
    options = CaptionOptions(caption_ordering=("facepos",), use_facepos_prob=1)
    assert caption_of(image(facepos=((left, 0, right, 1),)), options, 0) == text


@pytest.mark.parametrize(
    ("rating", "text"), [("explicit", "explicit"), ("e", "explicit"), ("general", ""), ("", "")]
)
def test_only_explicit_is_told_of_the_ratings(rating: str, text: str) -> None:
    assert caption_of(image(rating=rating), CaptionOptions(caption_ordering=("rating",)), 0) == text


@pytest.mark.parametrize("name", ["", "unknown", "anonymous"])
def test_nobody_is_told_of(name: str) -> None:
    nobody = image(copyright=name, artist=name, characters=(name,), type="")
    assert caption_of(nobody, replace(ALL, general_description=None), 0) == ""


def test_several_names_of_other_programs_are_read() -> None:
    listed = image(copyright=["a", "unknown", "b"], artist=["c"])
    options = CaptionOptions(
        caption_ordering=("copyright", "artist"), use_copyright_prob=1, use_artist_prob=1
    )
    assert caption_of(listed, options, 0) == "from a, b, by c"


def test_the_separators_stand_where_they_belong() -> None:
    options = CaptionOptions(
        caption_inner_sep="; ",
        caption_outer_sep=" / ",
        character_sep=" & ",
        character_inner_sep="-",
        character_outer_sep=" in ",
        keep_tokens_sep=" ||| ",
    )
    assert caption_of(WHOLE, options, 0) == (
        "Frieren & Fern-twintails in cloak-hat / screenshots / explicit / halfbody cropped ||| 1girl; smile"
    )


def test_without_a_separator_of_its_own_the_kept_part_ends_with_that_of_characters() -> None:
    options = CaptionOptions(character_outer_sep=" in ", keep_tokens_before="crop")
    assert caption_of(WHOLE, options, 0).endswith("explicit in halfbody cropped, 1girl, smile")


def test_nothing_stands_before_the_first_part() -> None:
    options = CaptionOptions(caption_ordering=("tags",), keep_tokens_sep="|||")
    assert caption_of(WHOLE, options, 0) == "1girl, smile"


def test_a_taggers_tags_stand_in_for_processed_ones() -> None:
    options = CaptionOptions(caption_ordering=("tags",))
    assert caption_of(image(tags={"hat": 0.9, "bow": 0.5}), options, 0) == "hat, bow"


def test_only_characters_that_are_known_are_named() -> None:
    options = CaptionOptions(caption_ordering=("character",))
    assert caption_of(WHOLE, options, 0, characters={"Frieren"}) == "Frieren"
    assert caption_of(WHOLE, options, 0, characters=()) == ""


def test_the_ordering_takes_the_names_of_either_program_and_no_others() -> None:
    options = CaptionOptions(caption_ordering=("tag", "characters", "type"))
    assert order_of(options) == ("facepos", "tags", "character", "general", "image_type")
    with pytest.raises(ValueError, match='"colour" is no part of a caption; there are npeople, character'):
        caption_of(WHOLE, CaptionOptions(caption_ordering=("colour",)), 0)


def test_chances_are_decided_by_seed_and_image_alone() -> None:
    half = CaptionOptions(
        use_npeople_prob=0.5,
        use_character_prob=0.5,
        use_image_type_prob=0.5,
        use_rating_prob=0.5,
        use_crop_info_prob=0.5,
        use_tags_prob=0.5,
    )
    images = [replace(WHOLE, id=f"EP1_{number:06d}") for number in range(400)]
    captions = [caption_of(each, half, 7) for each in images]
    assert captions == [caption_of(each, half, 7) for each in images]
    assert captions != [caption_of(each, half, 8) for each in images]
    for text in ("2people", "Frieren", "screenshots", "explicit", "halfbody cropped", "smile"):
        assert 150 < sum(text in caption for caption in captions) < 250
    # the parts are decided one by one
    assert 60 < sum("2people" in caption and "explicit" not in caption for caption in captions) < 140
    # another order, and other chances elsewhere, leave each part where it was
    other = replace(half, caption_ordering=tuple(reversed(half.caption_ordering)), use_tags_prob=0)
    for before, each in zip(captions, images, strict=True):
        assert ("explicit" in before) == ("explicit" in caption_of(each, other, 7))


def test_a_chance_of_0_is_never_and_of_1_always() -> None:
    for number in range(200):
        each = replace(WHOLE, id=str(number))
        assert caption_of(each, replace(ALL, use_tags_prob=0), 0).endswith("at right")
        assert caption_of(each, ALL, 0) == caption_of(WHOLE, ALL, 0)
