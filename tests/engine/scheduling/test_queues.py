"""A clip is handed out once at a time, and again only where a later plan wants more of it."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toy import ToyUnits
from tui_gen.engine.model.work import Clip, Clips, SourcePlan, Unit, bits_of
from tui_gen.engine.scheduling.queues import SourceQueue


def plan(*clips: int, key: object = None) -> SourcePlan:
    units = ToyUnits("a", sum(1 << clip for clip in clips), stretch=8)
    return SourcePlan("a", "A", "/a", 255, units, key or clips, clips_made=0, clips_left=len(clips))


def clips(*indexes: int) -> set[Clip]:
    return {Clip("a", index) for index in indexes}


def may_want_more(queue: SourceQueue) -> bool:
    return queue.may_want_more


def taken(queue: SourceQueue) -> tuple[Unit, set[Clip]]:
    unit = queue.take()
    assert unit is not None
    return unit, set(unit.clips)


def test_a_clip_taken_again_for_what_it_lacks_stays_in_flight_when_the_first_worker_ends() -> None:
    queue = SourceQueue(plan(1, 2))
    first, _ = taken(queue)
    queue.end(Clip("a", 1))
    queue.renew(plan(1, 3))  # another category wants clip 1 too
    assert taken(queue)[1] == clips(1, 3)
    queue.end(Clip("a", 2))
    queue.complete(first, clips(1, 2))
    queue.renew(plan(1, 4))
    assert taken(queue)[1] == clips(4)


def test_the_same_holds_for_a_worker_that_was_told_to_end() -> None:
    queue = SourceQueue(plan(1, 2))
    first, _ = taken(queue)
    queue.end(Clip("a", 1))
    queue.renew(plan(1, 2, 3))
    assert taken(queue)[1] == clips(1, 3)
    queue.give_back(first, clips(1), is_stale=True)
    assert taken(queue)[1] == clips(2)
    assert queue.take() is None


def test_a_clip_that_was_in_flight_when_it_was_planned_anew_asks_for_a_plan_at_its_end() -> None:
    queue = SourceQueue(plan(1, 2))
    first, _ = taken(queue)
    queue.renew(plan(2, key="of another category"))
    assert queue.take() is None
    assert not may_want_more(queue)
    queue.end(Clip("a", 1))
    assert not may_want_more(queue)
    queue.end(Clip("a", 2))
    queue.complete(first, clips(1, 2))
    assert may_want_more(queue)
    queue.renew(plan(2, key="still wanted"))
    assert not may_want_more(queue)
    assert taken(queue)[1] == clips(2)


@given(st.frozensets(st.integers(0, 300)), st.integers(0, 300))
def test_clips_are_a_set_of_one_source(indexes: frozenset[int], index: int) -> None:
    found = Clips("a", bits_of(clips(*indexes)))
    assert set(found) == clips(*indexes)
    assert len(found) == len(indexes)
    assert (Clip("a", index) in found) == (index in indexes)
    assert Clip("b", index) not in found


def test_a_film_that_is_done_keeps_no_list_of_its_clips() -> None:
    units = ToyUnits("a", (1 << 5000) - 1, stretch=50)
    queue = SourceQueue(SourcePlan("a", "A", "/a", 255, units, "key", clips_made=0, clips_left=5000))
    tracemalloc.start()
    try:
        while (unit := queue.take()) is not None:
            for clip in unit.clips:
                queue.end(clip)
            queue.complete(unit, set(unit.clips))
        del unit
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10_000
