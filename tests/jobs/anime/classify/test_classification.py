"""The classification as a whole: what a user gets, and gets again."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.jobs.anime.classify.synthetic import crops_at, line, people, spread
from tui_gen.jobs.anime.classify.classification import Classification, Group, classify, groups_text
from tui_gen.jobs.anime.classify.material import Crops
from tui_gen.jobs.anime.classify.options import ClassifyOptions

NOISE = "-1_noise"
OPTIONS = ClassifyOptions()
TWO = spread("a", 0, 8) | spread("b", 9, 6)


def crowd(seed: int = 0) -> Crops:
    """Return 7 characters with 30 crops each, among 20 strangers."""
    ids, differences = people(np.random.default_rng(seed), 7, 30, 20)
    return Crops(ids, differences, threshold=0.25)


def shuffled(crops: Crops, seed: int) -> Crops:
    order = np.random.default_rng(seed).permutation(len(crops.ids))
    return replace(
        crops, ids=[crops.ids[each] for each in order], differences=crops.differences[order][:, order]
    )


def members(found: Classification, folder: str) -> set[str]:
    return {image for image, its in found.folders.items() if its == folder}


# ------------------------------------------------------------------ without any names


def test_characters_are_told_apart_and_strangers_are_noise() -> None:
    found = classify(crowd(), OPTIONS)
    for folder in found.groups:
        people_in = Counter(image.partition("_")[0] for image in members(found, folder))
        if folder == NOISE:
            assert sum(count for name, count in people_in.items() if name.startswith("c")) <= 21  # 10 %
        else:
            assert len(people_in) == 1
    assert all(found.folders[f"stranger{number}"] == NOISE for number in range(20))
    assert len(found.groups) == 8


def test_clusters_are_named_by_size_and_by_their_centre() -> None:
    found = classify(crops_at(TWO), OPTIONS)
    large, small = sorted(set(found.folders.values()))
    assert re.fullmatch(r"0_[a-z]{6}", large)
    assert re.fullmatch(r"1_[a-z]{6}", small)
    assert len(members(found, large)) == 8
    assert members(found, small) == set(spread("b", 9, 6))
    alone = classify(crops_at(spread("b", 9, 6)), OPTIONS)
    assert set(alone.folders.values()) == {f"0_{small[2:]}"}  # the same centre: the same letters


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_crops_decides_nothing(seed: int) -> None:
    crops = crowd(seed)
    known = replace(
        crops,
        references={crops.ids[5]: "Fern", crops.ids[40]: "Stark/hat", crops.ids[70]: "noise"},
        pinned={crops.ids[100]: "3_Frieren", crops.ids[101]: NOISE},
        characters={crops.ids[130]: ["Himmel", "Fern"], crops.ids[131]: ["Himmel"]},
    )
    options = replace(OPTIONS, keep_unnamed_clusters=True, n_add_to_ref_per_character=3)
    for each in (crops, known):
        expected, found = classify(each, options), classify(shuffled(each, seed), options)
        assert found == expected
        assert list(found.folders) == list(expected.folders) == sorted(found.folders)
        assert list(found.groups) == sorted(found.groups)


def test_the_order_of_crops_at_equal_differences_decides_nothing() -> None:
    points = {f"a{number}": float(number // 6) for number in range(24)}
    points |= {f"b{number}": 20 + float(number // 4) for number in range(24)}
    expected = classify(crops_at(points), OPTIONS)
    assert len(expected.groups) > 1
    for seed in range(3):
        assert classify(shuffled(crops_at(points), seed), OPTIONS) == expected


def test_no_crops_and_too_few_crops_are_no_clusters() -> None:
    assert classify(crops_at({}), OPTIONS) == Classification({}, {})
    assert set(classify(crops_at(spread("a", 0, 4)), OPTIONS).folders.values()) == {NOISE}


# ------------------------------------------------------------------ names


def test_clusters_get_the_names_of_references() -> None:
    found = classify(crops_at(TWO | {"ref": 0.3}, references={"ref": "Frieren/hat"}), OPTIONS)
    assert members(found, "Frieren/hat") == set(spread("a", 0, 8))
    assert members(found, NOISE) == set(spread("b", 9, 6))  # a cluster without a name
    assert "ref" not in found.folders


def test_clusters_without_a_name_can_be_kept() -> None:
    crops = crops_at(TWO | {"ref": 0.3}, references={"ref": "Frieren"})
    found = classify(crops, replace(OPTIONS, keep_unnamed_clusters=True))
    assert NOISE not in found.groups
    assert len(found.groups) == 2


def test_clusters_keep_their_folders_while_a_user_names_the_first_ones() -> None:
    found = classify(crops_at(TWO, pinned=dict.fromkeys(spread("a", 0, 8), "Frieren")), OPTIONS)
    assert len(found.groups) == 2
    assert NOISE not in found.groups


def test_metadata_name_clusters_unless_they_are_ignored() -> None:
    crops = crops_at(TWO, characters={each: ["Fern|hat"] for each in spread("a", 0, 8)})
    assert members(classify(crops, OPTIONS), "Fern/hat") == set(spread("a", 0, 8))
    ignored = classify(crops, replace(OPTIONS, ignore_character_metadata=True))
    assert all(re.fullmatch(r"\d_[a-z]{6}", folder) for folder in ignored.groups)


def test_clusters_are_merged() -> None:
    near = spread("a", 0) | spread("c", 0.6)
    assert len(classify(crops_at(near), OPTIONS).groups) == 1
    assert len(classify(crops_at(near), replace(OPTIONS, cluster_merge_threshold=1.01)).groups) == 2


def test_crops_of_a_cluster_without_a_name_join_the_character_that_they_are_like() -> None:
    near = spread("a", 0) | spread("c", 0.7)  # the reference is like the first cluster only
    crops = crops_at(near | {"ref": -0.5}, references={"ref": "Frieren"})
    assert members(classify(crops, OPTIONS), "Frieren") == set(near)
    assert members(classify(crops, replace(OPTIONS, extract_from_noise=False)), "Frieren") == set(
        spread("a", 0)
    )


def test_noise_is_left_alone_where_that_is_asked_for() -> None:
    crops = crowd()
    differences = crops.differences.copy()
    known, same = crops.ids.index("stranger0"), crops.ids.index("stranger1")
    differences[known, same] = differences[same, known] = 0.1
    crops = replace(crops, differences=differences, references={"stranger0": "Fern"})
    options = replace(OPTIONS, keep_unnamed_clusters=True)
    taken, left = classify(crops, options), classify(crops, replace(options, extract_from_noise=False))
    assert taken.folders["stranger1"] == "Fern"
    assert "Fern" not in left.groups
    assert len(members(taken, NOISE)) < len(members(left, NOISE))


def test_the_filter_can_be_left_out() -> None:
    crops = crops_at({"x": 0.0, "y": 9.0}, characters={"x": ["Fern"], "y": ["Fern"]})
    assert set(classify(crops, OPTIONS).folders.values()) == {NOISE}  # unlike each other: 1 of 2
    unfiltered = classify(crops, replace(OPTIONS, filter_characters=False))
    assert set(unfiltered.folders.values()) == {"Fern"}


# ------------------------------------------------------------------ what was done by hand


def test_pinned_crops_stay_in_their_very_folders() -> None:
    pinned = {"a0": "Frieren/none/dress", "b0": "3_Fern", "b1": "0_noise", "a1": "", "b2": "2_qwerty/odd"}
    found = classify(crops_at(TWO, pinned=pinned | {"gone": "Stark"}), OPTIONS)
    assert {image: found.folders[image] for image in pinned} == pinned
    assert "gone" not in found.folders
    assert set(found.groups) >= {"Frieren/none/dress", "3_Fern", "0_noise", "", "2_qwerty/odd"}


def test_more_of_a_character_goes_into_the_folder_that_was_named_by_hand() -> None:
    first = classify(crops_at(TWO), OPTIONS)
    renamed = dict.fromkeys(members(first, first.folders["a0"]), "3_Frieren")
    more = TWO | {"a8": 0.07, "a9": -0.08}
    again = classify(crops_at(more | {"ref": 0.2}, pinned=renamed, references={"ref": "Frieren"}), OPTIONS)
    assert again.folders["a8"] == again.folders["a9"] == "3_Frieren"
    assert "Frieren" not in again.groups


def test_of_two_folders_of_a_character_the_larger_one_gets_more() -> None:
    pinned = {"a0": "1_Frieren", **dict.fromkeys(("a1", "a2", "a3"), "3_Frieren")}
    assert classify(crops_at(TWO, pinned=pinned), OPTIONS).folders["a7"] == "3_Frieren"


def test_one_corrected_crop_moves_no_cluster() -> None:
    points = {f"a{number}": number / 64 for number in range(7)} | spread("b", 9) | {"x": 0.5}
    first = classify(crops_at(points), OPTIONS)
    assert first.folders["x"] == first.folders["a0"]
    again = classify(crops_at(points, pinned={"x": first.folders["b0"]}), OPTIONS)
    assert again.folders == {**first.folders, "x": first.folders["b0"]}


def test_a_cluster_goes_on_in_its_folder_if_a_crop_was_put_there() -> None:
    letters = classify(crops_at(spread("a", 0, 8)), OPTIONS).folders["a0"][2:]
    found = classify(crops_at(TWO | {"z": 90.0}, pinned={"z": f"7_{letters}"}), OPTIONS)
    assert members(found, f"7_{letters}") == {*spread("a", 0, 8), "z"}


def test_a_cluster_never_gets_the_name_of_a_character() -> None:
    letters = classify(crops_at(spread("a", 0, 8)), OPTIONS).folders["a0"][2:]
    crops = crops_at(TWO | {"z": 90.0}, references={"z": letters})
    found = classify(crops, replace(OPTIONS, keep_unnamed_clusters=True))
    assert re.fullmatch(r"0_[a-z]{6}", found.folders["a0"])
    assert found.folders["a0"][2:] != letters


# ------------------------------------------------------------------ groups, references, problems


def test_groups_have_their_cohesion_and_their_medoids() -> None:
    points = {"a0": 0.0, "a1": 0.2, "a2": 0.2, "a3": 0.4, "b0": 50.0}
    found = classify(crops_at(points, pinned=dict.fromkeys(("a0", "a1", "a2", "a3"), "Fern")), OPTIONS)
    group = found.groups["Fern"]
    assert group.cohesion == pytest.approx(1 - (4 * 0.2 + 0.4) / 6 / 2)
    assert group.medoids[0] == "a1"
    assert set(group.medoids) == {"a0", "a1", "a2", "a3"}
    assert found.groups[NOISE] == Group(None, ("b0",))


def test_medoids_show_all_sides_of_a_group() -> None:
    sides = {f"m{number}": 0.0 for number in range(9)} | {"l": -3.0, "r0": 2.0, "r1": 2.0, "r2": 2.0}
    found = classify(crops_at(sides, pinned=dict.fromkeys(sides, "Fern")), OPTIONS)
    assert found.groups["Fern"].medoids[:3] == ("m0", "r0", "l")
    assert found.groups["Fern"].cohesion == pytest.approx(1 - (9 * 3 + 27 * 2 + 3 * 5) / 78 / 2)


def test_a_group_without_any_likeness_has_the_cohesion_0() -> None:
    found = classify(crops_at({"x": 0.0, "y": 9.0}, pinned={"x": "Fern", "y": "Fern"}), OPTIONS)
    assert found.groups["Fern"].cohesion == 0


def test_the_text_of_the_groups_holds_all_of_them() -> None:
    groups = {"Fern/hat": Group(0.5, ("a", "b")), NOISE: Group(None, ())}
    assert json.loads(groups_text(groups, "histograms")) == {
        "embedder": "histograms",
        "groups": {
            "Fern/hat": {"cohesion": 0.5, "medoids": ["a", "b"]},
            NOISE: {"cohesion": None, "medoids": []},
        },
    }


def test_central_crops_of_named_characters_become_references() -> None:
    crops = crops_at(TWO | {"references/Fern/r.png": 0.0}, references={"references/Fern/r.png": "Fern"})
    options = replace(OPTIONS, n_add_to_ref_per_character=2, keep_unnamed_clusters=True)
    found = classify(crops, options)
    assert len(found.additions) == 2
    assert set(found.additions.values()) == {"Fern"}
    assert found.additions.keys() <= members(found, "Fern")
    assert not classify(crops, replace(options, n_add_to_ref_per_character=0)).additions


def test_crops_among_the_references_count_as_added() -> None:
    one, two = (replace(OPTIONS, n_add_to_ref_per_character=count) for count in (1, 2))
    pinned = dict.fromkeys(spread("a", 0, 8), "Fern")
    (added,) = classify(crops_at(TWO, pinned=pinned), one).additions
    path = f"references/Fern/{added}.png"
    crops = crops_at(TWO | {path: TWO[added]}, pinned=pinned, references={path: "Fern"})
    assert not classify(crops, one).additions
    (more,) = classify(crops, two).additions
    assert more != added


def test_a_comma_in_a_name_is_told() -> None:
    found = classify(crops_at(TWO, pinned={"a0": "Fern, the mage"}), OPTIONS)
    assert len(found.problems) == 1
    assert found.problems[0].startswith("the character Fern, the mage has a comma in its name")


def test_an_ambiguity_is_told() -> None:
    crops = crops_at(TWO, characters={each: ["Fern", "Stark"] for each in spread("a", 0, 8)})
    assert "Fern, Stark" in "".join(classify(crops, OPTIONS).problems)
    assert not classify(crops, replace(OPTIONS, accept_multiple_candidates=True)).problems


# ------------------------------------------------------------------ what does not fit together


BROKEN = {
    "have shape": Crops(("a", "b"), line([0.0]), 1.0),
    "given twice: a": Crops(("a", "a"), line([0.0, 1.0]), 1.0),
    "and of pinned crops: a": crops_at({"a": 0.0}, references={"a": "Fern"}, pinned={"a": "Fern"}),
    "differences of b": Crops(("a", "b"), np.array([[0, 0], [np.nan, 0]], dtype=np.float32), 1.0),
    "threshold is 0": Crops(("a",), line([0.0]), 0.0),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_parts_that_do_not_fit_together_are_refused(reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        classify(BROKEN[reason], OPTIONS)
