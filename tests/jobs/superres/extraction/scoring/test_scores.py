import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.sample_films import measured
from tui_gen.contract.stats import Measure
from tui_gen.jobs.superres.extraction.scoring.scores import (
    KINDS,
    ClipTraits,
    Rule,
    clip_scores,
    cut,
    default_rule,
    rejection_reason,
    timing,
)

EVEN = tuple(n / 24 for n in range(7))


def traits(
    pairs: tuple[float, ...] = (2.0,) * 6, change: float = 0.0, pts: tuple[float, ...] = EVEN
) -> ClipTraits:
    return ClipTraits(pairs, change, pts, (False,) * 6)


def rules(*names: str) -> dict[str, Rule]:
    return {name: default_rule(name, "reject") for name in names}


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ((2.0, 2.0, 60.0, 2.0, 2.0, 2.0), 60.0),  # in the middle
        ((60.0, 2.0, 2.0, 2.0, 2.0, 2.0), 60.0),  # at the rim
        ((30.0, 31.0, 33.0, 29.0, 30.0, 32.0), 0.0),  # fast motion all along
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0),
        ((5.0, 5.0, 5.0, 5.0, 5.0, 20.0), 20.0),  # exactly four times
        ((5.0, 5.0, 5.0, 5.0, 5.0, 19.99), 0.0),
    ],
)
def test_a_cut_is_a_difference_that_stands_out(pairs: tuple[float, ...], value: float) -> None:
    assert cut(pairs) == value


@pytest.mark.parametrize(("largest", "is_flagged"), [(11.999, False), (12.0, True), (40.0, True)])
def test_a_cut_is_flagged_from_its_limit_on(largest: float, *, is_flagged: bool) -> None:
    scores = clip_scores(traits((1.0, 1.0, 1.0, largest, 1.0, 1.0)), rules("cut"))
    assert (rejection_reason(scores, rules("cut")) is not None) is is_flagged


def test_a_change_of_brightness_at_a_cut_is_no_fade() -> None:
    asked = rules("fade")
    assert clip_scores(traits(change=-25.0), asked) == {"fade": 25.0}
    assert clip_scores(traits((1.0, 1.0, 40.0, 1.0, 1.0, 1.0), -25.0), asked) == {"fade": 0.0}
    assert rejection_reason({"fade": 25.0}, asked) == "fade 25, over 20"
    assert rejection_reason({"fade": 20.0}, asked) is None


def test_timing_is_the_largest_distance_over_the_median() -> None:
    assert timing(EVEN) == pytest.approx(1.0)
    assert timing((0.0, 0.04, 0.08, 0.16, 0.2, 0.24, 0.28)) == pytest.approx(2.0)


def test_only_what_is_to_be_rejected_objects() -> None:
    flat = default_rule("flat", "score")
    assert rejection_reason({"flat": 1.0}, {"flat": flat}) is None
    assert rejection_reason({"flat": 1.0}, rules("flat")) == "flat 1, under 4"
    assert rejection_reason({"motion": 0.01}, rules("motion")) == "motion 0.01, under 0.05"
    assert rejection_reason({"motion": 30.0}, rules("motion")) == "motion 30, over 20"
    assert rejection_reason({"noise": 99.0}, rules("noise")) is None


def noisy(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Seven noisy frames of 10 bits; some are the one before with a little noise of its own."""
    chance = np.random.default_rng(seed)
    frames = [chance.integers(64, 940, (75, 101)).astype("<u2")]
    for _ in range(6):
        kind = chance.integers(0, 5)
        last = frames[-1].astype(np.int64)
        if kind == 0:
            last = chance.integers(64, 940, last.shape)
        elif kind == 1:
            last = last + chance.integers(-3, 4, last.shape)  # a mean of 0.43
        elif kind == 2:
            last = last + chance.integers(-2, 3, last.shape)  # a mean of 0.3
        elif kind == 3:
            last = last + 40 * (chance.random(last.shape) < 0.004)  # few pixels, but much
        frames.append(np.clip(last, 0, 1023).astype("<u2"))
    return np.stack(frames)


@given(st.integers(0, 10_000))
def test_a_frame_repeats_where_mean_and_percentile_of_all_pixels_say_so(seed: int) -> None:
    frames = noisy(seed)
    expected = []
    for before, after in itertools.pairwise(frames):
        part = np.s_[:72, :96]
        difference = np.abs(after[part].astype(np.float64) - before[part]) / 4
        highest = np.percentile(difference, 99.9, method="inverted_cdf")
        expected.append(bool(difference.mean() < 0.4 and highest < 4))
    assert measured(frames, depth=10, wants_repeats=True).repeated == expected


@given(st.sampled_from(sorted(KINDS)), st.floats(-5, 60).map(lambda value: round(value, 1)))
def test_what_is_shown_as_beyond_a_limit_is_what_is_rejected(name: str, value: float) -> None:
    kind, rule = KINDS[name], default_rule(name, "reject")
    shown = Measure(name, "", kind.of, "reject", rule.under, rule.over, is_inclusive=kind.is_inclusive)
    for limit in (value, rule.under, rule.over):
        if limit is not None:
            assert shown.flags(limit) == (rule.flag(limit) is not None)


def test_every_score_has_a_name_a_meaning_and_a_rule() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.meaning
        assert default_rule(name, "off").kind is kind
