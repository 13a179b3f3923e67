"""The steps of the classification, each alone, with crops on a line (threshold 1)."""

from __future__ import annotations

import pytest

from tests.jobs.anime.classify.synthetic import by_id, labels_in, material_at, spread
from tui_gen.jobs.anime.classify import steps
from tui_gen.jobs.anime.classify.material import KEPT_AS_NOISE, NOISE

LIMITS = steps.Limits(share=0.6, count=20)

# ------------------------------------------------------------------ 1: clusters


def test_crops_are_clustered_together_with_those_pinned() -> None:
    points = spread("a", 0) | spread("b", 9)
    material = material_at(points, pinned={"b0": "Frieren"})
    found = by_id(material, steps.clustered(material, min_samples=5))
    assert found["b0"] == "Frieren"
    assert len({found[each] for each in spread("a", 0)}) == 1
    assert len({found[f"b{number}"] for number in range(1, 6)} - {NOISE}) == 1
    assert found["a0"] != found["b1"]


# ------------------------------------------------------------------ 2: noise


def extracted(
    points: dict[str, float], groups: dict[int, list[str]], **known: object
) -> dict[str, int | str]:
    material = material_at(points, **known)
    labels = labels_in(material, groups)
    return by_id(material, steps.extracted(material, labels, limits=LIMITS, with_references=True))


REFERENCE = {"references": {"ref": "Fern"}}
GROUP = spread("g", 0)


def test_noise_near_a_reference_gets_its_character() -> None:
    found = extracted(GROUP | {"x": 5.5, "ref": 5.0}, {0: list(GROUP)}, **REFERENCE)
    assert found["x"] == "Fern"


def test_noise_more_than_half_the_threshold_from_all_references_stays() -> None:
    found = extracted(GROUP | {"x": 5.6, "ref": 5.0}, {0: list(GROUP)}, **REFERENCE)
    assert found["x"] == NOISE


def test_noise_nearer_to_a_group_than_to_a_reference_goes_to_the_group() -> None:
    found = extracted(GROUP | {"x": 0.2, "ref": 0.6}, {0: list(GROUP)}, **REFERENCE)
    assert found["x"] == found["g0"]


def test_a_repelling_reference_keeps_noise_for_good() -> None:
    found = extracted(GROUP | {"x": 0.4, "ref": 0.5}, {0: list(GROUP)}, references={"ref": "noise/extras"})
    assert found["x"] == KEPT_AS_NOISE


def test_a_crop_that_was_put_to_noise_by_hand_repels() -> None:
    found = extracted(GROUP | {"x": 0.4, "y": 0.5}, {0: list(GROUP)}, pinned={"y": "0_noise"})
    assert found["x"] == found["y"] == KEPT_AS_NOISE


def test_a_crop_that_was_named_by_hand_is_a_reference() -> None:
    found = extracted(GROUP | {"x": 5.4, "y": 5.0}, {0: list(GROUP)}, pinned={"y": "3_Frieren"})
    assert found["x"] == found["y"] == "Frieren"


def test_a_crop_that_lies_above_all_folders_repels_nothing() -> None:
    found = extracted(GROUP | {"x": 0.4, "y": 0.5}, {0: list(GROUP)}, pinned={"y": ""})
    assert found["x"] == found["g0"]
    assert found["y"] == KEPT_AS_NOISE


SHARED = {"near0": 0.0, "near1": 0.1, "near2": 0.2}


@pytest.mark.parametrize(("far", "is_taken"), [(2, True), (3, False)])
def test_noise_goes_to_the_group_that_it_is_like_by_share(far: int, *, is_taken: bool) -> None:
    points = SHARED | {f"far{number}": -1.5 for number in range(far)}  # 3 of 5 or of 6 are within 1
    found = extracted(points | {"x": 0.1}, {0: list(points)})
    assert (found["x"] == found["near0"]) == is_taken


@pytest.mark.parametrize(("near", "is_taken"), [(19, False), (20, True)])
def test_noise_goes_to_the_group_that_it_is_like_by_count(near: int, *, is_taken: bool) -> None:
    points = {f"near{number}": 0.0 for number in range(near)} | {f"far{number}": 1.5 for number in range(40)}
    found = extracted(points | {"x": 0.1}, {0: list(points)})
    assert (found["x"] == found["near0"]) == is_taken


def test_only_the_group_with_the_smallest_mean_counts() -> None:
    tight, wide = {"t0": 1.05, "t1": 1.05}, {"w0": 0.0, "w1": 0.0, "w2": 0.0, "w3": -9.0}
    found = extracted(tight | wide | {"x": 0.0}, {0: list(tight), 1: list(wide)})
    assert found["x"] == NOISE  # like three of four of the second, but the first is nearer on average


def test_labels_at_the_beginning_decide() -> None:
    chain = {f"x{number}": 0.9 * (number + 1) for number in range(5)}  # each is like the one before
    found = extracted({"g0": 0.0} | chain, {0: ["g0"]})
    assert [found[each] == found["g0"] for each in chain] == [True, False, False, False, False]


def test_noise_gets_the_only_character_of_its_metadata() -> None:
    characters = {"x": ["Fern|hat"], "y": ["Fern", "Stark"], "z": ["Noise"]}
    found = extracted({"x": 0.0, "y": 9.0, "z": 19.0}, {}, characters=characters)
    assert found == {"x": "Fern/hat", "y": NOISE, "z": NOISE}


@pytest.mark.parametrize(
    ("named", "reference", "is_taken"),
    [
        ("Stark", "Fern", False),
        ("Fern", "Fern", True),
        ("Fern", "Fern/hat", True),
        ("Fern|cap", "Fern/hat", False),
    ],
)
def test_metadata_must_agree_with_the_label(named: str, reference: str, *, is_taken: bool) -> None:
    other = {"other": [named, "Himmel"]}  # two names: they alone decide nothing
    found = extracted({"other": 0.1, "ref": 0.0}, {}, references={"ref": reference}, characters=other)
    assert (found["other"] == reference) == is_taken


def test_metadata_must_agree_with_the_character_of_a_group() -> None:
    named = {f"n{number}": 0.7 for number in range(4)}  # within the threshold, not within half of it
    other = {"x": ["Stark", "Himmel"], "y": ["Fern", "Himmel"]}
    found = extracted(named | {"x": 0.0, "y": 0.0}, {}, pinned=dict.fromkeys(named, "Fern"), characters=other)
    assert (found["x"], found["y"]) == (NOISE, "Fern")


# ------------------------------------------------------------------ 3: clusters to references


def referenced(
    points: dict[str, float], groups: dict[int, list[str]], **known: object
) -> dict[str, int | str]:
    material = material_at(points, **known)
    return by_id(material, steps.referenced(material, labels_in(material, groups)))


def test_a_cluster_gets_the_character_of_the_nearest_reference() -> None:
    found = referenced(
        GROUP | {"r1": 0.9, "r2": -0.7}, {0: list(GROUP)}, references={"r1": "Fern", "r2": "Stark"}
    )
    assert {found[each] for each in GROUP} == {"Stark"}


def test_a_cluster_far_from_all_references_keeps_no_name() -> None:
    found = referenced(GROUP | {"r1": 1.2}, {0: list(GROUP)}, references={"r1": "Fern"})
    assert "Fern" not in found.values()


@pytest.mark.parametrize(("others", "is_taken"), [(99, True), (100, False)])
def test_one_percent_of_the_references_is_enough(others: int, *, is_taken: bool) -> None:
    points = GROUP | {"near": 0.5} | {f"far{number}": 50.0 + number for number in range(others)}
    references = {each: "Fern" for each in points if each not in GROUP}
    found = referenced(points, {0: list(GROUP)}, references=references)
    assert (found["g0"] == "Fern") == is_taken


def test_a_cluster_like_repelling_references_is_noise() -> None:
    found = referenced(GROUP | {"r1": 0.5}, {0: list(GROUP)}, references={"r1": "noise"})
    assert {found[each] for each in GROUP} == {KEPT_AS_NOISE}


@pytest.mark.parametrize(("by_hand", "follows"), [(1, False), (2, True)])
@pytest.mark.parametrize(("folder", "label"), [("3_Frieren", "Frieren"), ("-1_noise", KEPT_AS_NOISE)])
def test_a_cluster_follows_crops_sorted_by_hand_if_they_are_a_quarter_as_many(
    by_hand: int, folder: str, label: int | str, *, follows: bool
) -> None:
    sorted_out = {f"s{number}": 0.5 for number in range(by_hand)} | {"far": 9.0, "farther": 19.0}
    found = referenced(GROUP | sorted_out, {0: list(GROUP)}, pinned=dict.fromkeys(sorted_out, folder))
    assert ({found[each] for each in GROUP} == {label}) == follows


@pytest.mark.parametrize(("odd", "follows"), [(4, False), (5, True)])
def test_a_cluster_follows_a_group_named_by_hand_if_half_of_the_group_is_like_it(
    odd: int, *, follows: bool
) -> None:
    group = {f"m{number}": 0.5 if number < odd else 9.0 for number in range(10)}
    found = referenced(GROUP | group, {0: list(GROUP)}, pinned=dict.fromkeys(group, "Mizuki"))
    assert ({found[each] for each in GROUP} == {"Mizuki"}) == follows


def test_a_crop_sorted_by_hand_hides_no_reference() -> None:
    found = referenced(
        GROUP | {"s": 0.1, "ref": 0.9}, {0: list(GROUP)}, pinned={"s": "Stark"}, references={"ref": "Fern"}
    )
    assert {found[each] for each in GROUP} == {"Fern"}


def test_crops_sorted_by_hand_that_do_not_count_weaken_no_reference() -> None:
    by_hand = {f"s{number}": 50.0 for number in range(100)}
    found = referenced(
        GROUP | {"r": 0.5} | by_hand,
        {0: list(GROUP)},
        pinned=dict.fromkeys(by_hand, "Fern"),
        references={"r": "Fern"},
    )
    assert {found[each] for each in GROUP} == {"Fern"}


def test_a_reference_does_not_make_a_crop_sorted_by_hand_count() -> None:
    found = referenced(
        GROUP | {"s": 0.1, "r0": 0.9, "r1": 0.5},
        {0: list(GROUP)},
        pinned={"s": "Fern"},
        references={"r0": "Fern", "r1": "Stark"},
    )
    assert {found[each] for each in GROUP} == {"Stark"}


def test_crops_whose_metadata_speak_against_the_reference_stay_behind() -> None:
    found = referenced(
        GROUP | {"r": 0.5},
        {0: list(GROUP)},
        references={"r": "Fern"},
        characters={"g0": ["Stark"], "g1": ["Fern"]},
    )
    assert found["g1"] == found["g2"] == "Fern"
    assert isinstance(found["g0"], int)


# ------------------------------------------------------------------ 4: metadata


def mapped(
    characters: dict[str, list[str]], *, accept_multiple: bool = False
) -> tuple[dict[str, int | str], list[str]]:
    material = material_at(spread("g", 0, 5), characters=characters)
    labels = labels_in(material, {0: list(spread("g", 0, 5))})
    labels, problems = steps.metadata_mapped(material, labels, accept_multiple=accept_multiple)
    return by_id(material, labels), problems


@pytest.mark.parametrize(("named", "is_taken"), [(2, False), (3, True)])
def test_a_cluster_gets_the_name_that_60_percent_carry(named: int, *, is_taken: bool) -> None:
    found, _ = mapped({f"g{number}": ["Fern"] for number in range(named)})
    assert (found["g0"] == "Fern") == is_taken
    assert found["g0"] == found["g4"]  # without metadata it goes along


def test_a_crop_with_another_name_stays_behind() -> None:
    found, _ = mapped({"g0": ["Fern"], "g1": ["Fern"], "g2": ["Fern"], "g3": ["Stark"]})
    assert found["g2"] == "Fern"
    assert isinstance(found["g3"], int)


TWICE = {f"g{number}": ["Fern", "Stark"] for number in range(3)} | {"g3": ["Stark", "Himmel"], "g4": ["Fern"]}


def test_two_names_equally_often_are_a_problem() -> None:
    found, problems = mapped(TWICE)
    assert not {"Fern", "Stark"} & set(found.values())
    assert len(problems) == 1
    assert "a cluster of 5 crops, g0 among them" in problems[0]
    assert "Fern, Stark" in problems[0]


def test_two_names_equally_often_are_given_where_that_is_accepted() -> None:
    found, problems = mapped(TWICE, accept_multiple=True)
    assert [found[f"g{number}"] for number in range(5)] == ["Fern", "Fern", "Fern", "Stark", "Fern"]
    assert not problems


# ------------------------------------------------------------------ 5: merging


def merged(
    points: dict[str, float], groups: dict[int, list[str]], threshold: float = 0.85, **known: object
) -> dict[str, int | str]:
    material = material_at(points, **known)
    return by_id(material, steps.merged(material, labels_in(material, groups), threshold))


def test_cluster_0_is_merged() -> None:
    one, other = spread("a", 0), spread("b", 0.5)
    found = merged(one | other, {0: list(one), 1: list(other)})
    assert len(set(found.values())) == 1


@pytest.mark.parametrize(("like", "is_merged"), [(8, False), (9, True)])
def test_the_share_of_like_pairs_decides(like: int, *, is_merged: bool) -> None:
    others = {f"b{number}": 1.0 if number < like else 1.5 for number in range(10)}
    found = merged({"a": 0.0} | others, {0: ["a"], 1: list(others)})
    assert (found["a"] == found["b0"]) == is_merged


def test_the_most_alike_pair_is_merged_first() -> None:
    # a-b 5 of 6 pairs, b-c all: after b and c are one, a is like 5 of 9 only
    points = {"a": 0.0, "b0": 0.9, "b1": 0.9, "b2": 0.9, "b3": 0.9, "b4": 0.9, "b5": 1.1}
    rest = {"c0": 1.6, "c1": 1.6, "c2": 1.6}
    groups = {0: ["a"], 1: [each for each in points if each != "a"], 2: list(rest)}
    found = merged(points | rest, groups, threshold=0.8)
    assert found["b0"] == found["c0"]
    assert found["a"] != found["b0"]


def test_merging_goes_on_with_what_was_merged() -> None:
    points = {"a": 0.0, "b": 0.5, "c": 0.7}
    found = merged(points, {0: ["a"], 1: ["b"], 2: ["c"]})
    assert len(set(found.values())) == 1


def test_a_cluster_is_merged_into_a_character_but_no_two_characters() -> None:
    pinned = {"f0": "Fern", "f1": "Fern", "s0": "Stark", "s1": "Stark"}
    found = merged(GROUP | {"f0": 0.0, "f1": 0.0, "s0": 0.1, "s1": 0.1}, {0: list(GROUP)}, pinned=pinned)
    assert {found[each] for each in GROUP} == {"Fern"}
    assert (found["f0"], found["s0"]) == ("Fern", "Stark")


def test_a_cluster_is_not_merged_into_a_single_crop_sorted_by_hand() -> None:
    by_hand = {"s": "Stark"}
    found = merged(GROUP | {"s": 0.0}, {0: list(GROUP)}, pinned=by_hand)
    assert "Stark" not in {found[each] for each in GROUP}
    known = merged(GROUP | {"s": 0.0, "r": 9.0}, {0: list(GROUP)}, pinned=by_hand, references={"r": "Stark"})
    assert {known[each] for each in GROUP} == {"Stark"}


def test_a_single_crop_sorted_by_hand_does_not_grow_by_one_small_cluster_after_another() -> None:
    points = {"s": 0.0} | {f"{letter}{number}": 0.0 for letter in "abc" for number in range(9)}
    groups = {letter: [each for each in points if each[0] == letter] for letter in "abc"}
    material = material_at(points | {"n0": 0.0, "n1": 0.0}, pinned={"s": "Stark"})
    labels = labels_in(material, dict(enumerate(groups.values())))
    for near in ("n0", "n1"):  # noise that an earlier step gave to the character
        labels[material.ids.index(near)] = 0
    found = by_id(material, steps.merged(material, labels, 0.85))
    assert "Stark" not in {found[each] for name in "abc" for each in groups[name]}
    assert len({found[each] for name in "abc" for each in groups[name]}) == 1


def test_metadata_hold_crops_back_when_their_cluster_is_merged() -> None:
    told = {"g0": ["Stark"], "f": ["Fern"]}
    found = merged(GROUP | {"f": 0.0}, {0: list(GROUP)}, pinned={"f": "Fern"}, characters=told)
    assert found["g1"] == "Fern"
    assert isinstance(found["g0"], int)


def test_merging_goes_on_where_metadata_held_crops_back() -> None:
    found = merged(
        GROUP | {"f": 0.0, "x": 20.0, "y": 20.6},
        {0: list(GROUP), 1: ["x"], 2: ["y"]},
        pinned={"f": "Fern"},
        characters={"g0": ["Stark"], "f": ["Fern"]},
    )
    assert found["x"] == found["y"]


def test_nothing_is_merged_without_clusters() -> None:
    assert merged({"a": 0.0}, {}) == {"a": NOISE}
    assert merged({}, {}) == {}


# ------------------------------------------------------------------ 7: filter


def filtered(points: dict[str, float], groups: dict[int, list[str]], **known: object) -> dict[str, int | str]:
    material = material_at(points, **known)
    return by_id(material, steps.filtered(material, labels_in(material, groups), limits=LIMITS))


def test_a_crop_that_is_not_like_its_group_becomes_noise() -> None:
    found = filtered(GROUP | {"x": 3.0}, {0: [*GROUP, "x"]})
    assert found["x"] == NOISE
    assert NOISE not in {found[each] for each in GROUP}


@pytest.mark.parametrize(("near", "is_kept"), [(18, False), (19, True)])
def test_a_crop_like_enough_members_stays(near: int, *, is_kept: bool) -> None:
    points = {f"far{number}": 9.0 for number in range(60)} | {f"near{number}": 0.1 for number in range(near)}
    found = filtered(points | {"x": 0.0}, {0: [*points, "x"]})  # with itself one more
    assert (found["x"] != NOISE) == is_kept


def test_a_pinned_crop_stays_whatever_it_is_like() -> None:
    pinned = {f"p{number}": "Fern" for number in range(6)} | {"x": "Fern"}
    found = filtered(spread("p", 0) | {"x": 30.0}, {}, pinned=pinned)
    assert found["x"] == "Fern"
