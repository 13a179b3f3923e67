"""A training patch crosses the line by what it looks like alone, whatever the order of the work."""

import random
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.jobs.superres.dataset import split_leakage
from tui_gen.jobs.superres.dataset.split import near_folder, whole_folder
from tui_gen.jobs.superres.dataset.split_leakage import NEAR_BITS, SplitLeakage, near_any

Key = tuple[str, str, int]  # category, source and clip

bases = st.integers(0, 2**64 - 1)
flips = st.sets(st.integers(0, 63), max_size=9)


@st.composite
def patches(draw: st.DrawFn) -> Mapping[Key, int]:
    """Draw patches of three films in two categories and their parts, many of them near others."""
    shown = draw(st.lists(bases, min_size=1, max_size=3))
    parts = st.sampled_from(("general", "general/val", "space", "space/test"))
    keys = draw(st.sets(st.tuples(parts, st.sampled_from("abc"), st.integers(0, 60)), max_size=40))
    return {key: draw(st.sampled_from(shown)) ^ sum(1 << bit for bit in draw(flips)) for key in sorted(keys)}


def by_definition(known: Mapping[Key, int]) -> set[Key]:
    held_out = [value for (category, _, _), value in known.items() if "/" in category]
    return {
        key
        for key, value in known.items()
        if "/" not in key[0] and any((value ^ other).bit_count() <= NEAR_BITS for other in held_out)
    }


def made(key: Key, value: int) -> ev.ClipEnded:
    category, source, clip = key
    return ev.ClipEnded(1.0, "extract", Made(Clip(source, clip), (Patch(category, 1, {}, value),), 1, 0.1))


def keys_of(found: Mapping[str, Mapping[str, int]]) -> set[Key]:
    return {
        (category, source, clip)
        for category, sources in found.items()
        for source, bits in sources.items()
        for clip in range(bits.bit_length())
        if bits >> clip & 1
    }


@given(patches(), st.randoms(), st.integers(1, 20))
def test_what_crosses_does_not_depend_on_the_order_of_the_work(
    known: Mapping[Key, int], chance: random.Random, step: int
) -> None:
    order = list(known.items())
    chance.shuffle(order)
    state, finder = RunState(), SplitLeakage()
    for count, (key, value) in enumerate(order, 1):
        state.apply(made(key, value))
        if count % step == 0:
            assert keys_of(finder.among(state.records)) == by_definition(dict(order[:count]))
    assert keys_of(finder.among(state.records)) == by_definition(known)
    assert keys_of(SplitLeakage().among(state.records)) == by_definition(known)


@given(patches(), st.randoms())
def test_patches_that_are_lost_or_moved_count_where_they_stand_now(
    known: Mapping[Key, int], chance: random.Random
) -> None:
    state, finder, standing = RunState(), SplitLeakage(), dict(known)
    for key, value in known.items():
        state.apply(made(key, value))
    for key in known:
        category, source, clip = key
        if chance.random() < 0.4:
            state.apply(ev.PatchesLost(2.0, source, category, (clip,), 1))
            value = standing.pop(key)
            other = (category.partition("/")[0] if "/" in category else f"{category}/val", source, clip)
            if chance.random() < 0.5 and other not in known:
                state.apply(made(other, value))
                standing[other] = value
        assert keys_of(finder.among(state.records)) == by_definition(standing)


@given(patches(), st.randoms())
def test_a_patch_that_is_moved_is_compared_where_it_stands_now(
    known: Mapping[Key, int], chance: random.Random
) -> None:
    state, finder, standing = RunState(), SplitLeakage(), dict(known)
    for key, value in known.items():
        state.apply(made(key, value))
    for key, value in list(standing.items()) * 2:
        category, source, clip = key
        other = (category.partition("/")[0] if "/" in category else f"{category}/val", source, clip)
        if key in standing and other not in standing and chance.random() < 0.4:
            moved = Patch(other[0], 1, {}, value)
            state.apply(ev.PatchMoved(2.0, "extract", source, clip, category, moved))
            standing[other] = standing.pop(key)
        if chance.random() < 0.5:
            assert keys_of(finder.among(state.records)) == by_definition(standing)
    assert keys_of(finder.among(state.records)) == by_definition(standing)


@pytest.mark.parametrize("few", [1, 1 << 12])
def test_many_at_once_are_sorted_out_as_one_by_one(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    others = chance.integers(0, 2**64, 400, dtype=np.uint64)
    flipped = np.uint64(1) << chance.integers(0, 64, (8, 900), dtype=np.uint64)
    hashes = others[chance.integers(0, 400, 900)] ^ np.bitwise_xor.reduce(flipped, axis=0)
    expected = np.any(np.bitwise_count(hashes[:, None] ^ others) <= NEAR_BITS, axis=1)
    assert 100 < expected.sum() < 800
    monkeypatch.setattr(split_leakage, "_FEW_PAIRS", few)
    assert np.array_equal(near_any(hashes, others), expected)
    assert not near_any(hashes, others[:0]).any()


@pytest.mark.parametrize("folder", ["Patches", "Patches_Large", "Patches_Near_it"])
def test_a_folder_for_those_that_stand_apart_leads_back_to_its_format(folder: str) -> None:
    assert near_folder(folder).startswith("Near")
    assert whole_folder(near_folder(folder)) == whole_folder(folder) == folder
