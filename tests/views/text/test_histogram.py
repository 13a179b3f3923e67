from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.views.text.histogram import BARS, Bins, bar, bins_for, line, quantile

values = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=200)


@given(values)
def test_every_value_is_in_one_bin_and_bins_are_few_and_even(given_values: list[float]) -> None:
    bins = bins_for(sorted(given_values))
    counts = bins.counts(given_values)
    assert sum(counts) == len(given_values)
    assert len(counts) == len(bins) == len(list(bins.labels())) <= 14
    assert all(after - before == pytest.approx(bins.step) for before, after in pairwise(bins.edges))
    for index, count in enumerate(counts):
        low = bins.edges[index - 1] if index else float("-inf")
        high = bins.edges[index] if index < len(bins.edges) else float("inf")
        assert count == sum(low <= value < high for value in given_values)


def test_edges_are_round_and_the_rare_ends_are_taken_together() -> None:
    bins = bins_for([*map(float, range(1, 1000)), 1e9])
    assert bins.edges == tuple(map(float, range(100, 1000, 100)))
    assert list(bins.labels())[:2] == ["under 100", "100 .. 200"]
    assert bins.counts([1e9, 999.0, 0.0])[-1] == 2


def test_equal_values_are_one_bin_and_a_few_others_make_more() -> None:
    assert bins_for([7.0] * 50) == Bins((), 1.0)
    assert list(bins_for([7.0] * 50).labels()) == ["all"]
    assert len(bins_for([*([1.0] * 2000), 9.0])) > 1


def test_a_quantile_is_the_least_value_that_a_share_does_not_exceed() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.25, 0.5, 0.51, 1.0)] == [1, 1, 2, 3, 4]


def test_anything_at_all_is_at_least_a_sign() -> None:
    assert bar(1, 10**6, 30, is_plain=False) == "█"
    assert bar(0, 10, 30, is_plain=False) == ""
    assert len(bar(10, 10, 30, is_plain=True)) == 30
    assert line([0, 1, 50, 100], is_plain=False) == f" {BARS[1]}{BARS[4]}{BARS[8]}"
    assert line([0, 0], is_plain=True) == "  "
