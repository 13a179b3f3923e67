"""The tags of one image: threshold, blacklist, overlaps, counts of people, order."""

from __future__ import annotations

import random

import pytest

from tui_gen.jobs.anime.model import ImageTags
from tui_gen.jobs.anime.tag.filters import (
    best_rating,
    n_people,
    ordered,
    spaced,
    thresholded,
    without_blacklisted,
    without_overlaps,
)
from tui_gen.jobs.anime.tag.lists import TagLists


def test_a_tag_is_taken_if_its_score_is_above_the_threshold_and_the_best_comes_first() -> None:
    tags = ImageTags(
        {}, {"smile": 0.35, "long_hair": 0.36, "hat": 0.9, "bow": 0.36, "sky": 0.1}, {"frieren": 1}
    )
    assert list(thresholded(tags, 0.35).items()) == [("hat", 0.9), ("bow", 0.36), ("long_hair", 0.36)]


def test_the_rating_is_the_one_with_the_largest_score() -> None:
    assert best_rating(ImageTags({"general": 0.2, "explicit": 0.7, "sensitive": 0.7}, {}, {})) == "explicit"
    assert best_rating(ImageTags({}, {}, {})) == ""


def test_of_tags_that_become_the_same_the_larger_score_stays() -> None:
    assert spaced({"long_hair": 0.4, "long hair": 0.6, "hat": 0.5}) == {"long hair": 0.6, "hat": 0.5}


def test_a_blacklisted_tag_goes_with_spaces_and_with_underscores() -> None:
    assert without_blacklisted(["official_art", "hat", "official art"], {"official art"}) == ["hat"]


def test_a_key_goes_where_one_of_its_overlaps_is() -> None:
    overlaps = {"long hair": frozenset({"very long hair", "low-tied long hair"}), "hat": frozenset({"beret"})}
    assert without_overlaps(["hat", "beret", "sky"], overlaps, contained=False) == ["beret", "sky"]
    assert without_overlaps(["long_hair", "very_long_hair"], overlaps, contained=False) == ["very_long_hair"]
    assert without_overlaps(["long hair", "sky"], overlaps, contained=False) == ["long hair", "sky"]


def test_a_tag_that_is_part_of_a_longer_one_goes_and_can_stay() -> None:
    tags = [
        "hair",
        "long hair",
        "very long hair",
        "hat",
        "top hat",
        "bow",
        "elbow gloves",
        "ears",
        "earrings",
    ]
    assert without_overlaps(tags, {}) == [
        "very long hair",
        "top hat",
        "bow",
        "elbow gloves",
        "ears",
        "earrings",
    ]
    assert without_overlaps(tags, {}, contained=False) == tags


def test_what_goes_does_not_depend_on_the_order() -> None:
    overlaps = {"a": frozenset({"b"}), "b": frozenset({"c"})}
    tags = ["a", "b", "c", "c d"]
    for _ in range(10):
        random.Random(7).shuffle(tags)
        assert set(without_overlaps(tags, overlaps)) == {"c d"}


def test_the_programs_own_lists_reduce_a_usual_image() -> None:
    lists = TagLists()
    tags = [
        *("1girl", "solo", "long hair", "very long hair", "smile", ":d", "open mouth", "hair ornament"),
        *("hairclip", "sky", "blue sky", "outdoors", "highres", "screencap", "bangs", "blunt bangs"),
    ]
    rest = without_overlaps(without_blacklisted(tags, lists.blacklist), lists.overlaps)
    assert rest == [
        "1girl",
        "solo",
        "very long hair",
        ":d",
        "hairclip",
        "blue sky",
        "outdoors",
        "blunt bangs",
    ]


@pytest.mark.parametrize(
    ("tags", "number"),
    [
        (["1girl"], 1),
        (["1girl", "1boy"], 2),
        (["2girls", "multiple girls", "3boys"], 5),
        (["1girl", "2girls"], 2),  # the largest
        (["4girls", "2boys"], 6),
        (["6+girls"], 6),
        (["6+girls", "6+boys"], 6),
        (["solo"], 1),
        (["no humans"], 0),
        (["no_humans"], 0),
        (["sky"], None),
        ([], None),
    ],
)
def test_people_are_the_largest_number_of_girls_and_that_of_boys(tags: list[str], number: int | None) -> None:
    assert n_people(tags) == number


SCORES = {"smile": 0.5, "hat": 0.9, "1boy": 0.4, "1girl": 0.8, "solo": 0.3, "bow": 0.5}


def test_solo_comes_first_then_the_people_then_the_best_tags() -> None:
    tags = ["smile", "1boy", "hat", "1girl", "solo", "bow"]
    assert ordered(tags, SCORES, "score", seed=0, image="a") == [
        "solo",
        "1girl",
        "1boy",
        "hat",
        "bow",
        "smile",
    ]


def test_tags_without_a_score_come_last_in_their_place() -> None:
    assert ordered(["z", "a", "hat"], SCORES, "score", seed=0, image="a") == ["hat", "z", "a"]


def test_the_original_order_stays_behind_the_people() -> None:
    tags = ["smile", "1boy", "hat", "1girl", "solo", "bow"]
    assert ordered(tags, SCORES, "original", seed=0, image="a") == [
        "solo",
        "1boy",
        "1girl",
        "smile",
        "hat",
        "bow",
    ]


def test_shuffling_depends_on_seed_and_image_alone() -> None:
    tags = [f"tag {number}" for number in range(12)]
    scores = dict.fromkeys(tags, 0.5)
    once = ordered(["1girl", *tags], scores, "shuffle", seed=1, image="a")
    assert once == ordered([*reversed(tags), "1girl"], scores, "shuffle", seed=1, image="a")
    assert once[0] == "1girl"
    assert set(once[1:]) == set(tags)
    assert once[1:] != tags
    assert once != ordered(["1girl", *tags], scores, "shuffle", seed=2, image="a")
    assert once != ordered(["1girl", *tags], scores, "shuffle", seed=1, image="b")
