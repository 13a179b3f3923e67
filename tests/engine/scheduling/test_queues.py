"""A clip is handed out once at a time, and again only where a later plan wants more of it."""

import tracemalloc
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.engine.toy import ToyUnit, ToyUnits
from tui_gen.engine.model.work import Clip, SourcePlan, Unit
from tui_gen.engine.scheduling.queues import SourceQueue

Join = Callable[[Unit, Unit], Unit | None]


def plan(*clips: int, key: object = None) -> SourcePlan:
    units = ToyUnits("a", sum(1 << clip for clip in clips), stretch=8)
    return SourcePlan("a", "A", "/a", 255, units, key or clips, clips_made=0, clips_left=len(clips))


def clips(*indexes: int) -> set[Clip]:
    return {Clip("a", index) for index in indexes}


@dataclass(frozen=True, slots=True)
class Undivided(ToyUnit):
    """A unit that has to be performed as a whole."""

    def without(self, done: Collection[Clip]) -> ToyUnit | None:
        return None if set(self.clips) <= set(done) else self


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


def test_what_failed_is_handed_out_again_once_it_is_forgiven() -> None:
    queue = SourceQueue(plan(1, 2))
    unit, _ = taken(queue)
    for clip in unit.clips:
        queue.end(clip)
    queue.fail(Clip("a", 2))
    queue.complete(unit, set(unit.clips))
    assert queue.take() is None
    queue.forgive()
    assert taken(queue)[1] == clips(2)


def test_clips_that_failed_or_ended_under_the_same_plan_wait_no_more() -> None:
    queue = SourceQueue(plan(*range(8), key="same"))
    unit, _ = taken(queue)
    for clip in unit.clips[:6]:
        queue.end(clip)
    queue.fail(Clip("a", 0))
    queue.give_back(unit, set(unit.clips[:6]), is_stale=False)
    assert queue.clips_waiting == 2
    queue.renew(plan(0, 6, 7, key="same"))  # five were made: the failed one and two others are left
    assert queue.clips_waiting == 2


def test_a_unit_that_cannot_be_divided_is_handed_out_whole_and_once() -> None:
    whole = Undivided("a", tuple(Clip("a", index) for index in range(9)))
    queue = SourceQueue(SourcePlan("a", "A", "/a", 255, (whole,), "key", clips_made=0, clips_left=9))
    assert queue.take(most_clips=2) is whole
    assert queue.take(most_clips=2) is None


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


# ------------------------------------------------------------------ many clips

MANY = 200_000


def allocated_by(step: Callable[[], object]) -> int:
    """Return the most bytes that a step had allocated at once."""
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@dataclass(frozen=True)
class ManyUnits:
    """Units of eight clips. The last ones are first, so that a source has many clips from the start."""

    def __iter__(self) -> Iterator[Unit]:
        for end in range(MANY, 0, -8):
            yield ToyUnit("a", tuple(Clip("a", index) for index in range(end - 8, end)))


def test_no_step_for_one_clip_copies_what_is_known_of_all_clips() -> None:
    queue = SourceQueue(SourcePlan("a", "A", "/a", 255, ManyUnits(), "key", clips_made=0, clips_left=MANY))
    first, _ = taken(queue)
    queue.end(first.clips[0])
    assert allocated_by(lambda: queue.end(first.clips[1])) < MANY / 8 / 2
    assert allocated_by(queue.take) < MANY / 8 / 2
    assert allocated_by(lambda: queue.complete(first, set(first.clips))) < MANY / 8 / 2


@dataclass(frozen=True, slots=True)
class CountedUnit(ToyUnit):
    """Counts the clips that it copies."""

    copied: list[int] = field(default_factory=list)

    def without(self, done: Collection[Clip]) -> ToyUnit | None:
        left = ToyUnit.without(self, done)
        self.copied.append(len(left.clips) if left is not None else 0)
        return left


def test_a_large_unit_is_divided_without_copying_the_rest_for_each_part() -> None:
    unit = CountedUnit("a", tuple(Clip("a", index) for index in range(4096)))
    queue = SourceQueue(SourcePlan("a", "A", "/a", 255, (unit,), "key", clips_made=0, clips_left=4096))
    parts = []
    while (part := queue.take(most_clips=16)) is not None:
        parts.append(part.clips)
    assert [len(part) for part in parts] == [16] * 256
    assert tuple(clip for part in parts for clip in part) == unit.clips
    assert sum(unit.copied) == 4096 * 8  # once for each halving


# ------------------------------------------------------------------ units that are joined


def both(first: Unit, second: Unit) -> Unit | None:
    """Join two toy units up to 20 clips."""
    clips = (*first.clips, *second.clips)
    is_ascending = list(clips) == sorted(clips, key=lambda clip: clip.index)
    return ToyUnit("a", clips) if is_ascending and len(clips) <= MOST_JOINED else None


MOST_JOINED = 20


def joining(*clips: int) -> SourceQueue:
    return SourceQueue(replace(plan(*clips), join=both))


def lengths(queue: SourceQueue, *, workers: int, most_clips: int = 1000) -> list[int]:
    """Take all units, and check that each clip comes once and in order."""
    found: list[tuple[Clip, ...]] = []
    while (unit := queue.take(most_clips=most_clips, workers=workers)) is not None:
        found.append(unit.clips)
    indexes = [clip.index for clips in found for clip in clips]
    assert indexes == sorted(set(indexes))
    return [len(clips) for clips in found]


def test_units_are_joined_up_to_a_workers_share_of_the_source() -> None:
    assert lengths(joining(*range(24)), workers=1) == [16, 8]  # 24 would be too many for one
    assert lengths(joining(*range(24)), workers=2) == [12, 12]
    assert lengths(joining(*range(24)), workers=3) == [8, 8, 8]
    assert lengths(joining(*range(24)), workers=2, most_clips=10) == [10, 10, 4]
    assert lengths(joining(*range(24)), workers=8) == [8, 8, 8]  # a plan's unit is not divided for that


def test_units_of_a_plan_that_cannot_join_them_are_handed_out_as_they_are() -> None:
    assert lengths(SourceQueue(plan(*range(24))), workers=1) == [8, 8, 8]


def test_the_rest_of_a_joined_unit_comes_back_once() -> None:
    queue = joining(*range(24))
    first = queue.take(most_clips=12, workers=2)
    assert first is not None
    done = set(first.clips[:5])
    for clip in done:
        queue.end(clip)
    queue.give_back(first, done, is_stale=False)
    left = [unit.clips for unit in iter(lambda: queue.take(most_clips=12, workers=2), None)]
    assert sorted(clip.index for clips in left for clip in clips) == list(range(5, 24))


# ------------------------------------------------------------------ any course of events


@dataclass
class Held:
    """A unit in the hands of a worker, and what ended of it."""

    unit: Unit
    done: set[Clip] = field(default_factory=set)
    is_stale: bool = False  # a plan was made that does not want all of it


INDEXES = st.frozensets(st.integers(0, 40), max_size=25)


class AnyCourse(RuleBasedStateMachine):
    """Whatever happens, the queue agrees with plain sets of clips."""

    most_planned = 8

    def __init__(self) -> None:
        super().__init__()
        self.key = 0
        self.wanted = frozenset[int](range(20))
        self.queue = SourceQueue(self.planned())
        self.held: list[Held] = []
        self.in_flight, self.failed, self.ended = set[int](), set[int](), set[int]()
        self.planned_count = 20

    def planned(self) -> SourcePlan:
        return replace(plan(*sorted(self.wanted), key=("plan", self.key)), join=self.join())

    def join(self) -> Join | None:
        """Return what joins the units of a plan."""
        return None

    @property
    def gone(self) -> set[int]:
        return self.in_flight | self.failed | self.ended

    @rule(most=st.none() | st.integers(1, 9))
    def take(self, most: int | None) -> None:
        unit = self.queue.take(most_clips=most)
        if unit is None:
            assert self.wanted <= self.gone, "clips are left, and none is handed out"
            return
        indexes = [clip.index for clip in unit.clips]
        assert indexes, "an empty unit"
        assert len(indexes) <= (most or self.most_planned)
        assert indexes == sorted(set(indexes))
        assert not self.gone & set(indexes), "handed out twice"
        assert set(indexes) <= self.wanted
        self.in_flight |= set(indexes)
        self.held.append(Held(unit))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), is_failed=st.booleans())
    def end_a_clip(self, data: st.DataObject, is_failed: bool) -> None:  # noqa: FBT001 - drawn
        held = data.draw(st.sampled_from(self.held))
        left = [clip for clip in held.unit.clips if clip not in held.done]
        if not left:
            return
        held.done.add(left[0])
        self.queue.end(left[0])
        self.in_flight.discard(left[0].index)
        if is_failed:
            self.queue.fail(left[0])
            self.failed.add(left[0].index)
        else:
            self.ended.add(left[0].index)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.held))
        self.held.remove(held)
        left = {clip.index for clip in held.unit.clips if clip not in held.done}
        self.in_flight -= left
        if left:
            self.queue.give_back(held.unit, held.done, is_stale=held.is_stale)
        else:
            self.queue.complete(held.unit, held.done)

    @rule(wanted=INDEXES)
    def plan_anew(self, wanted: frozenset[int]) -> None:
        self.key += 1
        self.wanted = wanted
        self.ended.clear()
        self.queue.renew(self.planned())
        self.planned_count = len(wanted)
        for held in self.held:
            held.is_stale |= not {clip.index for clip in held.unit.clips} <= wanted

    @rule()
    def plan_the_same(self) -> None:
        self.queue.renew(self.planned())

    @rule()
    def forgive(self) -> None:
        self.queue.forgive()
        self.failed.clear()

    @invariant()
    def the_counts_are_right(self) -> None:
        assert self.queue.clips_in_flight == len(self.in_flight)
        assert self.queue.clips_waiting == max(0, self.planned_count - len(self.gone))


AnyCourse.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyCourse = AnyCourse.TestCase


class JoiningCourse(AnyCourse):
    """The same with units that are joined; a joined unit may be given back."""

    most_planned = MOST_JOINED

    def join(self) -> Join:
        return both


JoiningCourse.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestJoiningCourse = JoiningCourse.TestCase
