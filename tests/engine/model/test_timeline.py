"""The timeline of a source: the gravest outcome in each part of its running time."""

from dataclasses import dataclass

import pytest

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.timeline import SourceTimeline, source_timeline
from tui_gen.engine.model.work import Clip, Failed, Made, Patch, Plan, Rejected, SourcePlan

PARTS = 5


@dataclass(frozen=True)
class Tens:
    """Fifty clips in time order."""

    seconds: float = 100.0

    def parts(self, count: int) -> list[int]:
        width = 50 // count
        return [((1 << width) - 1) << width * number for number in range(count)]


def planned(wanted: int, left: int) -> ev.StagePlanned:
    bits = ((1 << wanted) - 1) & ~((1 << wanted - left) - 1)
    source = SourcePlan(
        "a", "A", "/a", 255, (), left, wanted - left, left, {"x": wanted}, open_clips=bits, places=Tens()
    )
    return ev.StagePlanned(0.0, "make", Plan((source,)))


def made(clip: int) -> ev.ClipEnded:
    return ev.ClipEnded(1.0, "make", Made(Clip("a", clip), (Patch("x", 10, {}),), 1, 1.0))


def rejected(clip: int) -> ev.ClipEnded:
    return ev.ClipEnded(1.0, "make", Rejected(Clip("a", clip), "damaged", 1, 1.0))


def failed(clip: int) -> ev.ClipEnded:
    return ev.ClipEnded(1.0, "make", Failed(Clip("a", clip), "killed", 1, 1.0))


def marks(*events: ev.Event) -> str:
    state = RunState()
    for event in (planned(40, 40), *events):
        state.apply(event)
    found = source_timeline(state, "a", PARTS)
    assert found is not None
    assert found.seconds == 100.0
    return found.marks


def test_parts_are_to_come_partly_made_made_or_not_wanted() -> None:
    assert marks() == "tttt "
    assert marks(*map(made, range(10)), made(15)) == "mptt "


def test_a_few_rejections_differ_from_a_part_that_gives_almost_nothing() -> None:
    assert marks(made(0), made(1), rejected(2), rejected(10)) == "rRtt "


def test_a_failed_clip_is_seen_among_made_ones_until_it_is_retried() -> None:
    events = [*map(made, range(9)), failed(9)]
    assert marks(*events) == "fttt "
    assert marks(*events, planned(40, 31)) == "fttt "
    assert marks(*events, ev.SourceRetried(2.0, "a")) == "pttt "


def test_a_lost_clip_is_seen_until_it_is_made_again() -> None:
    lost = ev.PatchesLost(2.0, "a", "x", (3,), 10, "make")
    assert marks(*map(made, range(10)), lost) == "lttt "
    assert marks(*map(made, range(10)), lost, made(3)) == "mttt "


def test_a_moved_patch_is_not_lost() -> None:
    moved = ev.PatchMoved(2.0, "make", "a", 3, "x", Patch("y", 10, {}))
    assert marks(*map(made, range(10)), moved) == "mttt "


def test_a_source_without_places_has_no_timeline() -> None:
    state = RunState()
    assert source_timeline(state, "a", PARTS) is None
    plan = SourcePlan("a", "A", "/a", 255, (), 1, 0, 1)
    state.apply(ev.StagePlanned(0.0, "make", Plan((plan,))))
    assert source_timeline(state, "a", PARTS) is None


def test_the_number_of_parts_is_limited() -> None:
    with pytest.raises(ValueError, match="from 1 to 400 parts, not 401"):
        source_timeline(RunState(), "a", 401)


def test_a_copy_for_a_screen_has_no_timeline_of_its_own() -> None:
    state = RunState()
    state.apply(planned(40, 40))
    assert source_timeline(state, "a", PARTS) == SourceTimeline(100.0, "tttt ")
    assert source_timeline(state.copy(), "a", PARTS) is None
