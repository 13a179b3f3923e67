"""What an export keeps apart: films, groups, near frames and near duplicates never lie on both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.superres.config.settings import Video
from tui_gen.jobs.superres.dataset.export.division import Divided, divide
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.split import Split
from tui_gen.jobs.superres.dataset.split_leakage import NEAR_BITS

PLAIN = Sample("aa", 0, "general", "train", "tiny", 96, 96, "G/Patches/GT/a.png", ("gt",), 0, 1, None, 0, 0)


def sample(
    index: int,
    start: float = 0.0,
    split: Split = "train",
    source: str = "aa",
    perceptual_hash: int | None = None,
) -> Sample:
    return replace(
        PLAIN,
        source=source,
        index=index,
        split=split,
        start_seconds=start,
        end_seconds=start + 0.3,
        perceptual_hash=perceptual_hash,
    )


def film(source: str = "aa", split: Split = "train", group: str | None = None) -> tuple[str, Video]:
    return source, Video(source, f"/{source}.mkv", (), split=split, group=group)


def parts(divided: Divided) -> dict[tuple[str, int], str]:
    return {
        (each.source, each.index): "-" if each in divided.left_out else split for each, split in divided.parts
    }


def test_the_part_of_a_film_comes_before_that_of_its_patches_and_those_moved_by_hand() -> None:
    made = [sample(0), sample(1, split="val", source="bb"), sample(2, source="cc"), sample(3, source="gone")]
    films = (film("aa", "test"), film("bb"), film("cc"))
    divided = divide(made, films, moved={made[2]: "val"}, duplicates={})
    assert parts(divided) == {("aa", 0): "test", ("bb", 1): "val", ("cc", 2): "val", ("gone", 3): "train"}
    assert divided.left_out == {}


@given(st.lists(st.tuples(st.floats(0, 300), st.booleans()), max_size=40))
def test_no_training_patch_is_exported_within_ten_seconds_of_one_kept_aside(
    places: list[tuple[float, bool]],
) -> None:
    made = [sample(k, start, "val" if held_out else "train") for k, (start, held_out) in enumerate(places)]
    divided = divide(made, (film(),), moved={}, duplicates={})
    held_out = [each for each in made if each.split == "val"]
    for each in made:
        gaps = [max(b.start_seconds - each.end_seconds, each.start_seconds - b.end_seconds) for b in held_out]
        is_near = each.split == "train" and min(gaps, default=99) < 10
        assert (each in divided.left_out) == is_near


def test_patches_of_another_film_are_no_neighbours() -> None:
    made = [sample(0, 5.0), sample(1, 5.0, "val", "bb")]
    assert divide(made, (film(), film("bb")), moved={}, duplicates={}).left_out == {}


@pytest.mark.parametrize(("bits", "is_left_out"), [(0, True), (NEAR_BITS, True), (NEAR_BITS + 1, False)])
def test_a_training_patch_that_looks_like_one_kept_aside_is_left_out(bits: int, *, is_left_out: bool) -> None:
    alike = 0x0123456789ABCDEF
    made = [
        sample(0, source="aa", perceptual_hash=alike ^ ((1 << bits) - 1) << 20),
        sample(1, source="bb", perceptual_hash=alike, split="test"),
        *(sample(k, source="cc", perceptual_hash=alike ^ (0xFFFF << k), split="val") for k in range(2, 30)),
    ]
    divided = divide(made, (film(), film("bb", "test"), film("cc")), moved={}, duplicates={})
    assert (made[0] in divided.left_out) == is_left_out
    if is_left_out:
        assert divided.left_out[made[0]].endswith(made[1].key)
    assert divided.has_hashes


def test_a_divided_film_whose_group_is_for_training_gives_no_validation() -> None:
    made = [sample(0, 0.0), sample(1, 100.0, "val"), sample(2, source="bb")]
    divided = divide(made, (film(group="Dune"), film("bb", group="Dune")), moved={}, duplicates={})
    assert parts(divided) == {("aa", 0): "train", ("aa", 1): "-", ("bb", 2): "train"}
    assert divided.reasons == {"its group is for training": 1}


def test_near_duplicates_that_gave_up_their_seats_are_left_out() -> None:
    made = [sample(0), sample(1, 50.0)]
    divided = divide(made, (film(),), moved={}, duplicates={"general": {"aa": 0b10}})
    assert parts(divided) == {("aa", 0): "train", ("aa", 1): "-"}
