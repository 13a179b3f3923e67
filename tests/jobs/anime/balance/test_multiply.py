"""Repeats: the example of the documentation, own images, rounding, limits, and what always holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_gen.jobs.anime.balance.multiply import BalanceOptions, balanced, problem_of
from tui_gen.jobs.anime.balance.shares import CharacterShare, shares_of
from tui_gen.jobs.anime.balance.weights import WeightTable, read_weights

TABLE = read_weights(b"1_character, 3\nclass1, 4\n*class2, 6\n", Path("weights.csv"))
TREE = {"1_character/class1": 30, "1_character/class2": 45, "others/class1": 10, "others/class3": 50}


def multiplies(
    images: dict[str, int],
    table: WeightTable = TABLE,
    *,
    min_multiply: float = 1,
    max_multiply: float = 100,
    decimals: int = 0,
) -> dict[str, str]:
    options = BalanceOptions(None, min_multiply, max_multiply, decimals)
    return {each.folder: each.text.strip() for each in balanced(images, "training", table, options)}


def test_the_example_of_the_documentation() -> None:
    found = balanced(TREE, "training", TABLE, BalanceOptions())
    assert [each.folder for each in found] == list(TREE)
    assert [each.probability for each in found] == [Fraction(text) for text in (".3", ".45", ".2", ".05")]
    assert [each.multiply for each in found] == [10, 10, 20, 1]
    assert [each.text for each in found] == ["10\n", "10\n", "20\n", "1\n"]
    assert [each.repeats for each in found] == [10, 10, 20, 1]


def test_without_a_table_folders_of_one_level_are_equal() -> None:
    assert multiplies({"a": 10, "b": 20, "c/d": 5, "c/e": 5}, WeightTable()) == {
        "a": "2",
        "b": "1",
        "c/d": "2",
        "c/e": "2",
    }


def test_images_beside_folders_are_one_more_child_with_the_folders_own_weight() -> None:
    table = read_weights(b"a, 3\nb, 2\ntraining, 4\n", Path("weights.csv"))
    found = balanced({"": 8, "a": 6, "a/b": 6}, "training", table, BalanceOptions())
    # the root's own images weigh 4 beside a with 3; those of a weigh 3 beside b with 2
    assert [(each.folder, each.probability) for each in found] == [
        ("", Fraction(4, 7)),
        ("a", Fraction(3, 7) * Fraction(3, 5)),
        ("a/b", Fraction(3, 7) * Fraction(2, 5)),
    ]
    assert [each.exact for each in found] == [Fraction(5, 2), Fraction(3, 2), 1]
    assert [each.multiply for each in found] == [3, 2, 1]  # halves go up


def test_patterns_see_the_source_folder() -> None:
    table = read_weights(b"*/screenshots/a, 3\n", Path("weights.csv"))
    images = {"a": 1, "b": 1}
    assert [each.multiply for each in balanced(images, "/data/screenshots", table, BalanceOptions())] == [
        3,
        1,
    ]
    assert [each.multiply for each in balanced(images, "/data/booru", table, BalanceOptions())] == [1, 1]


@pytest.mark.parametrize(
    ("images", "decimals", "expected"),
    [
        ({"a": 3, "b": 2}, 0, {"a": "1", "b": "2"}),  # 1.5
        ({"a": 5, "b": 2}, 0, {"a": "1", "b": "3"}),  # 2.5, where rounding to even gives 2
        ({"a": 7, "b": 5}, 0, {"a": "1", "b": "1"}),  # 1.4
        ({"a": 7, "b": 5}, 1, {"a": "1", "b": "1.4"}),
        ({"a": 7, "b": 6}, 2, {"a": "1", "b": "1.17"}),
        ({"a": 201, "b": 200}, 2, {"a": "1", "b": "1.01"}),  # 1.005
        ({"a": 30, "b": 3}, 2, {"a": "1", "b": "10"}),
    ],
)
def test_repeats_are_rounded_and_a_half_goes_up(
    images: dict[str, int], decimals: int, expected: dict[str, str]
) -> None:
    assert multiplies(images, WeightTable(), decimals=decimals) == expected


def test_the_limits_hold() -> None:
    assert multiplies({"a": 1_000, "b": 1}, WeightTable()) == {"a": "1", "b": "100"}
    assert multiplies({"a": 10, "b": 5}, WeightTable(), min_multiply=2.5, decimals=1) == {
        "a": "2.5",
        "b": "5",
    }
    assert multiplies({"a": 10, "b": 1}, WeightTable(), max_multiply=7.5, decimals=1) == {
        "a": "1",
        "b": "7.5",
    }
    assert multiplies({"a": 10, "b": 5}, WeightTable(), min_multiply=0.1, decimals=1) == {
        "a": "0.1",
        "b": "0.2",
    }


def test_trainers_of_whole_numbers_repeat_at_least_once() -> None:
    options = BalanceOptions(min_multiply=0.1, multiply_decimals=1)
    found = balanced({"a": 25, "b": 1}, "training", WeightTable(), options)
    assert [(each.multiply, each.repeats) for each in found] == [(Decimal("0.1"), 1), (Decimal("2.5"), 3)]


def test_limits_that_contradict_each_other_are_told() -> None:
    assert problem_of(BalanceOptions()) is None
    assert problem_of(BalanceOptions(min_multiply=0.4)) == (
        "min_multiply 0.4 is 0 with 0 decimals: write a larger one, or more multiply_decimals"
    )
    with pytest.raises(
        ValueError, match="max_multiply 1 is below min_multiply 2: write a larger max_multiply"
    ):
        balanced({"a": 1}, "training", TABLE, BalanceOptions(min_multiply=2, max_multiply=1))


def test_folders_without_images_get_nothing() -> None:
    assert multiplies({"a": 0, "b/c": 2, "b": 0}) == {"b/c": "1"}
    assert multiplies({}) == {}


NAMES = st.sampled_from(["a", "b", "c", "1_character"])
TREES = st.dictionaries(
    st.lists(NAMES, max_size=4).map("/".join), st.integers(1, 500), min_size=1, max_size=25
)
TABLES = st.dictionaries(
    st.sampled_from(["a", "b", "*c", "*/1_character/*", "training"]),
    st.fractions(Fraction(1, 100), 100, max_denominator=100),
).map(WeightTable)


@settings(max_examples=60, deadline=None)
@given(TREES, TABLES, st.sampled_from([0, 2]))
def test_what_always_holds(images: dict[str, int], table: WeightTable, decimals: int) -> None:
    found = balanced(images, "training", table, BalanceOptions(multiply_decimals=decimals))
    assert {each.folder: each.images for each in found} == images
    assert sum(each.probability for each in found) == 1
    assert min(each.exact for each in found) == 1
    for each in found:
        assert 1 <= each.multiply <= 100
        assert abs(Fraction(each.multiply) - min(each.exact, Fraction(100))) <= Fraction(1, 2 * 10**decimals)
        assert (
            each.exact * each.images / each.probability
            == found[0].exact * found[0].images / found[0].probability
        )
    backwards = dict(reversed(images.items()))
    assert balanced(backwards, "training", table, BalanceOptions(multiply_decimals=decimals)) == found


def test_shares_tell_what_balancing_changes() -> None:
    balance = balanced({"Fern": 3, "Stark": 1, "both": 1}, "training", WeightTable(), BalanceOptions())
    shares = shares_of(
        [
            (["Fern"], "Fern"),
            (["Fern"], "Fern"),
            ([], "Fern"),
            (["Stark|old"], "Stark"),
            (["Fern", "Stark"], "both"),
        ],
        balance,
    )
    assert (shares.images, shares.repeats) == (5, Fraction(9))
    assert shares.characters == (
        CharacterShare("Fern", 3, Fraction(5), Fraction(3, 5), Fraction(5, 9)),
        CharacterShare("Stark", 2, Fraction(6), Fraction(2, 5), Fraction(6, 9)),
        CharacterShare("", 1, Fraction(1), Fraction(1, 5), Fraction(1, 9)),
    )
    assert shares_of([], balance).characters == ()
