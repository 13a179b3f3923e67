"""A patch that is moved counts in another category, and nothing counts as made again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import PerceptualHashes
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch

PATCH = Patch("general", 100, {"format": "toy", "files": {"gt": "General/Patches/GT/1.png"}}, 77)
OTHER = replace(PATCH, perceptual_hash=None)
IN_PART = replace(PATCH, category="general/val", record={"files": {"gt": "General/Val/GT/1.png"}})
APART = replace(PATCH, record={"files": {"gt": "General/Near/GT/1.png"}})


def started(at: float) -> ev.RunStarted:
    return ev.RunStarted(at, "toy", {}, "c.json", "/out", 1, "host", "0")


def moved(patch: Patch = IN_PART, *, clip: int = 1, of: str = "general", at: float = 9999.0) -> ev.PatchMoved:
    return ev.PatchMoved(at, "extract", "a", clip, of, patch)


def made(clip: int, patch: Patch = PATCH, at: float = 30.0) -> ev.ClipEnded:
    return ev.ClipEnded(at, "extract", Made(Clip("a", clip), (patch,), 2, 1.5))


def state_of(*events: ev.Event) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def hashes(*pairs: tuple[int, int]) -> PerceptualHashes:
    given = PerceptualHashes()
    for pair in pairs:
        given.add(*pair)
    return given


def test_a_moved_patch_counts_where_it_stands_now() -> None:
    state = state_of(made(1), made(2), moved())
    record, source = state.records["a"].stage("extract"), state.sources["a"]
    assert record.made == {"general": 0b100, "general/val": 0b10}
    assert record.hashes == {"general": hashes((2, 77)), "general/val": hashes((1, 77))}
    assert (source.images, source.size_bytes) == ({"general": 1, "general/val": 1}, 200)
    assert {name: (c.images, c.size_bytes) for name, c in state.categories.items()} == {
        "general": (1, 100),
        "general/val": (1, 100),
    }


def test_a_move_is_no_work() -> None:
    before = state_of(started(0), ev.PhaseChanged(0, "running"), made(1), ev.RunEnded(40, "finished", 0))
    after = before.copy()
    after.records = before.records
    after.apply(moved())
    counted = ("clips_made", "clips_retried", "attempts", "recent_count", "active_seconds", "last_at")
    assert [getattr(after, name) for name in counted] == [getattr(before, name) for name in counted]
    assert after.minutes == before.minutes
    assert (after.sources["a"].made, after.sources["a"].ended, after.sources["a"].attempts) == (1, 1, 2)


def test_the_time_up_to_a_move_after_a_crash_is_no_work() -> None:
    events: list[ev.Event] = [started(0), ev.PhaseChanged(0, "running"), made(1), moved(at=5000)]
    assert state_of(*events, started(6000)).active_seconds == 30


def test_a_move_within_a_category_changes_no_count() -> None:
    assert state_of(made(1), moved(APART)).records == state_of(made(1)).records
    assert state_of(made(1), moved(APART)).categories == state_of(made(1)).categories


def test_a_patch_moved_there_and_back_counts_once() -> None:
    state = state_of(made(1), moved(), moved(PATCH, of="general/val"))
    assert state.records["a"].stage("extract").made == {"general": 0b10, "general/val": 0}
    assert state.records["a"].stage("extract").hashes == {"general": hashes((1, 77)), "general/val": hashes()}
    assert state.sources["a"].size_bytes == 100


@pytest.mark.parametrize("events", [(), (made(1), ev.PatchesLost(31.0, "a", "general", (1,), 100))])
def test_a_patch_that_does_not_stand_is_not_counted_by_its_move(events: tuple[ev.Event, ...]) -> None:
    before, after = state_of(*events), state_of(*events, moved())
    assert after == before


@pytest.mark.parametrize("patch", [IN_PART, APART])
def test_the_newest_patch_is_shown_where_it_stands_now(patch: Patch) -> None:
    state = state_of(made(1), moved(patch))
    assert state.newest_patch is not None
    assert state.newest_patch["files"] == patch.record["files"]
    assert state.newest_patch["source"] == "a"


def test_the_newest_patch_stays_when_another_one_is_moved() -> None:
    state = state_of(made(2), made(1), moved(clip=2))
    assert state.newest_patch is not None
    assert state.newest_patch["files"] == PATCH.record["files"]


@given(st.lists(st.sampled_from([0, 1, 255, 256, 257, 65536, 2**24, 2**24 + 1]), max_size=20), st.data())
def test_all_hashes_of_a_clip_are_removed_and_no_other(clips: list[int], data: st.DataObject) -> None:
    given_hashes = hashes(*((clip, place) for place, clip in enumerate(clips)))
    gone = data.draw(st.sampled_from([0, 1, 256, 65536, 7]))
    given_hashes.remove(gone)
    left = [(clip, place) for place, clip in enumerate(clips) if clip != gone]
    assert list(zip(given_hashes.clips, given_hashes.values, strict=True)) == left
    assert given_hashes.removed == clips.count(gone)


def test_a_move_without_a_hash_moves_none() -> None:
    state = state_of(made(1, OTHER), moved(replace(IN_PART, perceptual_hash=None)))
    assert state.records["a"].stage("extract").hashes == {}
