"""Near duplicates are the same whatever the order in which patches are made, and give up their seats."""

import random
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.planning.test_plan import extract, of, settings, surveyed, tasks, video
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.jobs.superres.dataset.near_duplicates import (
    FEW,
    NearDuplicates,
    discounted,
    found_among,
    with_surplus,
)
from tui_gen.jobs.superres.units import EXTRACT

Key = tuple[int, str]  # clip and source: the rank
Known = Mapping[Key, int]  # and the hash

WITHIN = 6
bases = st.integers(0, 2**64 - 1)
flips = st.sets(st.integers(0, 63), max_size=9)


@st.composite
def patches(draw: st.DrawFn, most: int = 40) -> Known:
    """Draw patches of three films, many of them near others."""
    shown = draw(st.lists(bases, min_size=1, max_size=3))
    keys = draw(st.sets(st.tuples(st.integers(0, 60), st.sampled_from("abc")), max_size=most))
    return {key: draw(st.sampled_from(shown)) ^ sum(1 << bit for bit in draw(flips)) for key in sorted(keys)}


def by_definition(known: Known) -> set[Key]:
    return {
        key
        for key, value in known.items()
        if any(other < key and (known[other] ^ value).bit_count() <= WITHIN for other in known)
    }


def made(key: Key, value: int) -> ev.ClipEnded:
    clip = Clip(key[1], key[0])
    return ev.ClipEnded(1.0, "extract", Made(clip, (Patch("general", 1, {}, value),), 1, 0.1))


def keys_of(found: Mapping[str, Mapping[str, int]]) -> set[Key]:
    return {
        (clip, source)
        for source, bits in found.get("general", {}).items()
        for clip in range(bits.bit_length())
        if bits >> clip & 1
    }


@given(patches(), st.randoms(), st.integers(1, 50))
def test_what_is_found_does_not_depend_on_the_order_of_the_work(
    known: Known, chance: random.Random, step: int
) -> None:
    order = list(known.items())
    chance.shuffle(order)
    state, near = RunState(), NearDuplicates(WITHIN)
    for count, (key, value) in enumerate(order, 1):
        state.apply(made(key, value))
        if count % step == 0:
            assert keys_of(near.among(state.records)) == by_definition(dict(order[:count]))
    assert keys_of(near.among(state.records)) == by_definition(known)
    assert keys_of(NearDuplicates(WITHIN).among(state.records)) == by_definition(known)


def test_many_at_once_are_sorted_out_as_one_by_one() -> None:
    chance = np.random.default_rng(1)
    shown = chance.integers(0, 2**64, 40, dtype=np.uint64)
    flipped = np.uint64(1) << chance.integers(0, 64, (8, 3000), dtype=np.uint64)
    hashes = shown[chance.integers(0, 40, 3000)] ^ np.bitwise_xor.reduce(flipped, axis=0)
    ranks = chance.permutation(3000)
    apart = np.bitwise_count(hashes[:, None] ^ hashes)
    expected = np.any((apart <= WITHIN) & (ranks < ranks[:, None]), axis=1)
    assert len(hashes) > FEW
    assert 100 < expected.sum() < 2900
    assert np.array_equal(found_among(hashes, ranks, within=WITHIN), expected)


def test_a_patch_made_again_is_not_near_itself() -> None:
    state, near = RunState(), NearDuplicates(WITHIN)
    state.apply(made((3, "a"), 77))
    state.apply(ev.PatchesLost(2.0, "a", "general", (3,), 1))
    assert keys_of(near.among(state.records)) == set()
    state.apply(made((3, "a"), 77))
    assert keys_of(near.among(state.records)) == set()
    assert keys_of(NearDuplicates(WITHIN).among(state.records)) == set()


def test_a_patch_is_near_none_that_was_moved_to_another_part() -> None:
    state, near = RunState(), NearDuplicates(WITHIN)
    for clip, value in enumerate((77, 78, 79)):
        state.apply(made((clip, "a"), value))
    assert keys_of(near.among(state.records)) == {(1, "a"), (2, "a")}
    moved = Patch("general/val", 1, {}, 77)
    state.apply(ev.PatchMoved(2.0, "extract", "a", 0, "general", moved))
    state.apply(made((3, "b"), 2**64 - 1))
    assert keys_of(near.among(state.records)) == {(2, "a")}
    assert keys_of(NearDuplicates(WITHIN).among(state.records)) == {(2, "a")}


# ------------------------------------------------------------------------------------- the plan

FILMS = (video("a", {"general": 1.0}), video("b", {"general": 1.0}))


def shown_by(clip: int, source: str) -> int:
    """Return the hash of a patch: every third shows one of four pictures, in both films."""
    chance = random.Random(f"{clip} {source}")
    return (
        chance.choice([1, 2, 4, 8]) * 0x1111_0000_0000_0000
        if chance.random() < 0.3
        else chance.getrandbits(64)
    )


def worked(seed: int, target: int | None) -> tuple[set[Key], set[Key]]:
    """Make all that is planned, in some order, planning anew now and then; return what was made and found."""
    chance, state, near = random.Random(seed), RunState(), NearDuplicates(WITHIN)
    state.records.update(surveyed(FILMS))
    chosen = settings({"general": target}, base_frame_limit=20)
    while True:
        found = near.among(state.records)
        plan = extract(chosen, FILMS, discounted(state.records, found))
        left = [(clip, source) for source in ("a", "b") for clip in tasks(plan, source)]
        if not left:
            return made_of(state.records), keys_of(found)
        chance.shuffle(left)
        for clip, source in left[: chance.randint(1, len(left))]:
            state.apply(made((clip, source), shown_by(clip, source)))


def made_of(records: Mapping[str, SourceRecord]) -> set[Key]:
    return keys_of(
        {
            "general": {
                source: record.stage(EXTRACT).made.get("general", 0) for source, record in records.items()
            }
        }
    )


@pytest.mark.parametrize("target", [None, 30])
def test_a_run_ends_with_the_same_patches_whatever_the_order_of_the_work(target: int | None) -> None:
    ends = [worked(seed, target) for seed in range(6)]
    assert all(end == ends[0] for end in ends)
    everything, found = ends[0]
    assert found
    assert len(everything - found) == (target or 40)


def test_the_seat_of_a_near_duplicate_goes_to_the_next_clip_and_its_files_are_told_as_surplus() -> None:
    chosen = settings({"general": 6}, base_frame_limit=20)
    state = RunState()
    state.records.update(surveyed(FILMS[:1]))
    planned = sorted(tasks(extract(chosen, FILMS[:1], state.records), "a"))
    for clip in planned:
        state.apply(made((clip, "a"), 5 if clip in planned[1:3] else random.Random(clip).getrandbits(64)))
    found = NearDuplicates(WITHIN).among(state.records)
    assert keys_of(found) == {(planned[2], "a")}
    plan = with_surplus(extract(chosen, FILMS[:1], discounted(state.records, found)), found)
    (replacement,) = tasks(plan, "a")
    assert replacement > planned[-1]
    assert of(plan, "a").quotas == {"general": 6}
    assert (plan.categories["general"].planned, plan.categories["general"].surplus) == (7, 1)
