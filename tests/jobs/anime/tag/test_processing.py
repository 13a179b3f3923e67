"""All images at once: the modes of pruning, what is dropped, order and number of tags."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.jobs.anime.images_of_tests import image
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.model import ImageTags
from tui_gen.jobs.anime.tag.core import CoreTags
from tui_gen.jobs.anime.tag.lists import TagLists
from tui_gen.jobs.anime.tag.options import TagOptions
from tui_gen.jobs.anime.tag.processing import needs_tags, processed, tagged

TAGS = {
    "1girl": 0.99, "solo": 0.98, "long_hair": 0.9, "very_long_hair": 0.8, "purple_eyes": 0.7,
    "demon_horns": 0.65, "smile": 0.6, "highres": 0.5, "cloak": 0.45, "cat_ears": 0.4,
}  # fmt: skip
LISTS = TagLists()


def fern(number: int, *, missing: str = "", **known: object) -> ImageMetadata:
    tags = {tag: score for tag, score in TAGS.items() if tag != missing}
    return image(f"EP1_{number:06d}", characters=("Fern",), tags=tags, **known)


def tags_of(metadata: ImageMetadata, options: TagOptions, **known: object) -> tuple[str, ...]:
    return processed([replace(metadata, **known)], options, LISTS, seed=0).images[0].processed_tags  # type: ignore[arg-type]


def test_core_tags_leave_the_captions_of_their_character() -> None:
    done = processed(
        [fern(1), fern(2, missing="cat_ears"), fern(3, missing="cat_ears")], TagOptions(), LISTS, seed=0
    )
    assert done.core == {
        "Fern": CoreTags(
            kept=("cloak",),
            dropped=("demon horns", "purple eyes", "very long hair"),
            emb_init=("demon horns",),
        )
    }
    first = done.images[0]
    assert first.processed_tags == (
        "solo",
        "1girl",
        "smile",
        "cloak",
        "cat ears",
    )  # 1 of 3 has the ears: below 0.4
    assert first.dropped_character_tags == ("very long hair", "purple eyes", "demon horns")
    assert first.n_people == 1
    assert first.tags == TAGS


def test_tags_of_an_image_without_its_character_stay() -> None:
    other = image("EP1_000009", characters=("Stark",), tags={"demon_horns": 0.9, "1boy": 0.8, "smile": 0.5})
    nobody = image("EP1_000010", tags={"demon_horns": 0.9, "smile": 0.5})
    core = {"Fern": CoreTags((), ("demon horns",), ())}
    done = processed([other, nobody], TagOptions(), LISTS, seed=0, core=core)
    assert [each.processed_tags for each in done.images] == [
        ("1boy", "demon horns", "smile"),
        ("demon horns", "smile"),
    ]
    assert [each.dropped_character_tags for each in done.images] == [(), ()]
    assert done.core == core


def test_character_tags_of_every_difficulty_below_the_limit_go() -> None:
    options = TagOptions(prune_mode="character")
    assert tags_of(fern(1), options) == ("solo", "1girl", "smile", "cloak")
    assert tags_of(fern(1), replace(options, drop_difficulty=1)) == (
        "solo", "1girl", "demon horns", "smile", "cloak", "cat ears",
    )  # fmt: skip
    # of images without a character nothing goes
    assert "demon horns" in tags_of(fern(1), options, characters=())
    # "all core tags" are not all tags
    assert tags_of(fern(1), replace(options, drop_all_core=True)) == ("solo", "1girl", "smile", "cloak")


def test_minimal_pruning_knows_no_characters_and_none_prunes_nothing() -> None:
    assert tags_of(fern(1), TagOptions(prune_mode="minimal")) == (
        "solo", "1girl", "very long hair", "purple eyes", "demon horns", "smile", "cloak", "cat ears",
    )  # fmt: skip
    assert tags_of(fern(1), TagOptions(prune_mode="none")) == (
        "solo", "1girl", "long hair", "very long hair", "purple eyes", "demon horns", "smile", "highres",
        "cloak", "cat ears",
    )  # fmt: skip


def test_longer_tags_stay_beside_their_parts_where_the_switch_is_off() -> None:
    own = replace(LISTS, overlaps={})
    options = TagOptions(prune_mode="minimal", drop_contained_tags=False)
    (done,) = processed([fern(1)], options, own, seed=0).images
    assert {"long hair", "very long hair"} <= set(done.processed_tags)


def test_dropped_tags_can_be_appended_and_the_number_is_limited() -> None:
    options = TagOptions(append_dropped_character_tags=True)
    everything = ("solo", "1girl", "smile", "very long hair", "purple eyes", "demon horns")
    core = {"Fern": CoreTags((), ("very long hair", "purple eyes", "cloak"), ("demon horns", "cat ears"))}
    (done,) = processed([fern(1)], options, LISTS, seed=0, core=core).images
    assert done.processed_tags == (*everything, "cloak", "cat ears")
    (done,) = processed([fern(1)], replace(options, max_tag_number=4), LISTS, seed=0, core=core).images
    assert done.processed_tags == everything[:4]
    many = {f"thing {number}": 0.9 - number / 100 for number in range(40)}
    assert len(tags_of(image(tags=many), TagOptions())) == 15
    assert len(tags_of(image(tags=many), TagOptions(max_tag_number=None))) == 40


def test_tags_processed_before_are_the_start_unless_the_options_say_otherwise() -> None:
    edited = fern(1, processed_tags=("hat", "cloak", "1girl"))
    options = TagOptions(prune_mode="minimal")
    assert tags_of(edited, options) == ("1girl", "cloak", "hat")
    assert "hat" not in tags_of(edited, replace(options, process_from_original_tags=True))
    assert "hat" not in tags_of(edited, replace(options, overwrite_tags=True))


def test_hair_eyes_and_outfit_go_where_the_options_say() -> None:
    tags = {"1girl": 0.9, "long_hair": 0.8, "twintails": 0.75, "hair_ornament": 0.7, "blue_eyes": 0.6,
            "school_uniform": 0.5, "smile": 0.4}  # fmt: skip
    own = image(tags=tags)
    options = TagOptions(prune_mode="minimal")
    everything = ("1girl", "long hair", "twintails", "hair ornament", "blue eyes", "school uniform", "smile")
    assert tags_of(own, options) == everything
    assert set(everything) - set(tags_of(own, replace(options, drop_hair_tag=True))) == {
        "long hair",
        "twintails",
    }
    assert set(everything) - set(tags_of(own, replace(options, drop_eye_tag=True))) == {"blue eyes"}
    assert set(everything) - set(tags_of(own, replace(options, drop_outfit_tag=True))) == {
        "hair ornament",
        "school uniform",
    }


def test_a_taggers_tags_are_taken_once_and_again_only_to_overwrite() -> None:
    found = ImageTags({"general": 0.8, "explicit": 0.1}, {"2girls": 0.9, "1boy": 0.5, "hat": 0.35}, {})
    first = tagged(image(), found, TagOptions())
    assert (first.tags, first.rating, first.n_people) == ({"2girls": 0.9, "1boy": 0.5}, "general", 3)
    assert not needs_tags(first, TagOptions())
    assert needs_tags(first, TagOptions(overwrite_tags=True))
    assert needs_tags(image(), TagOptions())
    known = image(rating="explicit", processed_tags=("hat",))
    assert tagged(known, found, TagOptions()).rating == "explicit"
    again = tagged(known, found, TagOptions(overwrite_tags=True))
    assert (again.rating, again.processed_tags) == ("general", ())


def test_neither_the_order_of_images_nor_of_tags_changes_anything() -> None:
    images = [fern(number, missing=random.Random(number).choice(sorted(TAGS))) for number in range(30)]
    options = TagOptions(sort_mode="shuffle")
    once = processed(images, options, LISTS, seed=3)
    mixed = [replace(each, tags=dict(sorted(each.tags.items()))) for each in reversed(images)]
    again = processed(mixed, options, LISTS, seed=3)
    assert again.core == once.core
    assert {each.id: each.processed_tags for each in again.images} == {
        each.id: each.processed_tags for each in once.images
    }
