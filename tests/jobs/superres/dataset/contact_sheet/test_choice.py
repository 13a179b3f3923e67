"""A sheet shows the same patches whatever the order of the ledger, so many at most, and the true extremes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.jobs.superres.dataset.contact_sheet.choice import (
    EXTREMES_SHARE,
    LedgerPatch,
    choose,
    ledger_patches,
)


def told(
    index: int, scores: Mapping[str, float], *, category: str = "general", source: str = "a"
) -> LedgerPatch:
    return LedgerPatch(Clip(source, index), category, {"n": index}, 1.0, scores)


values = st.lists(st.floats(-100, 100), min_size=1, max_size=60)


@given(values, st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_order_of_the_ledger_changes_nothing(
    numbers: list[float], per_category: int, chance: random.Random
) -> None:
    patches = [told(index, {"motion": value}) for index, value in enumerate(numbers)]
    groups = choose(patches, per_category=per_category, seed=1)
    chance.shuffle(patches)
    assert choose(patches, per_category=per_category, seed=1) == groups


@given(values, st.integers(1, 12))
def test_the_extremes_are_the_extremes_and_no_more_than_asked_for(
    numbers: list[float], per_category: int
) -> None:
    patches = [told(index, {"motion": value}) for index, value in enumerate(numbers)]
    groups = {group.end: group for group in choose(patches, per_category=per_category, seed=1)}
    assert len(groups["random"].patches) == min(per_category, len(numbers))
    assert len({patch.key for patch in groups["random"].patches}) == len(groups["random"].patches)
    if len(set(numbers)) > 1:
        most = max(1, per_category // EXTREMES_SHARE)
        lowest = [patch.scores["motion"] for patch in groups["lowest"].patches]
        highest = [patch.scores["motion"] for patch in groups["highest"].patches]
        assert lowest == sorted(numbers)[:most]
        assert highest == sorted(numbers, reverse=True)[:most]
    else:
        assert groups.keys() == {"random"}


def test_another_seed_gives_another_sample_and_every_film_has_its_chance() -> None:
    patches = [told(index, {}, source=source) for source in "abcdefgh" for index in range(50)]
    samples = [
        tuple(patch.key for patch in choose(patches, per_category=20, seed=seed)[0].patches)
        for seed in range(20)
    ]
    assert len(set(samples)) == 20
    assert {source for sample in samples for _, source, _ in sample} == set("abcdefgh")


def test_categories_and_scores_are_kept_apart() -> None:
    patches = [
        told(index, {"scene_difference": index, "flat": -index}, category=category)
        for category in ("toon", "general")
        for index in range(5)
    ]
    titles = [(group.category, group.title) for group in choose(patches, per_category=3, seed=1)]
    assert titles == [
        (category, title)
        for category in ("general", "toon")
        for title in (
            "Chosen at random",
            "scene_difference, lowest",
            "scene_difference, highest",
            "flat, lowest",
            "flat, highest",
        )
    ]


def test_scores_come_from_the_clip_and_from_the_patch_and_only_numbers_count(tmp_path: Path) -> None:
    record = {
        "pts_seconds": 12.5,
        "scene_difference": 3.0,
        "scores": {"cut": 4.0, "hash": "ff00", "bad": None, "sure": True},
    }
    patch = Patch("general", 10, {"format": "tiny", "scores": {"flat": 5}})
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append([ev.ClipEnded(1.0, "extract", Made(Clip("a", 7), (patch,), 1, 1.0, (), record))])
    ledger.close()
    (found,) = ledger_patches(tmp_path / "ledger.jsonl")
    assert found.scores == {"scene_difference": 3.0, "cut": 4.0, "flat": 5.0}
    assert (found.clip, found.category, found.pts_seconds) == (Clip("a", 7), "general", 12.5)
