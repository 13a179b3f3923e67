"""What a run came to: its pace, its times, and the source that gave most and least of what was planned."""

from __future__ import annotations

import pytest

from tui_gen.base.nouns import Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.end_totals import MOST_BARS, EndTotals, end_totals, pace_of
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.run_course import RunCourse
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState
from tui_gen.engine.model.work import CategoryPlan, Clip, Made, Patch, Plan, Rejected, SourcePlan
from tui_gen.engine.storage.history import history_of

AT = 1_764_000_000.0
CLIPS = 10


def events(made_of: dict[str, int]) -> list[ev.Durable]:
    """Return a run in which each source made so many of its clips, a clip a minute; the others are blank."""
    at, found = AT, list[ev.Durable]()
    found += (ev.RunStarted(at, "j", {}, "/c", "/o", 1, "h", "1"), ev.PhaseChanged(at, "running"))
    for source, made in made_of.items():
        for number in range(CLIPS):
            at, clip = at + 60, Clip(source, number)
            patch = Patch("a", 100, {"format": "f"})
            blank = Rejected(clip, f"blank {number}", 1, 1.0)
            is_made = number < made
            found.append(ev.ClipEnded(at, "s", Made(clip, (patch,), 1, 1.0) if is_made else blank))
    return [*found, ev.RunEnded(at, "finished", 0)]


def totals_of(made_of: dict[str, int], *more: ev.Event) -> EndTotals:
    state, told = RunState(), events(made_of)
    for event in (*told, *more):
        state.apply(event)
    sources = tuple(
        SourcePlan(name, name, name, 255, (), 0, made, 0, {"a": CLIPS}) for name, made in made_of.items()
    )
    plan = Plan(sources, {"a": CategoryPlan(None, 10, "a")})
    state.apply(ev.StagePlanned(state.worked_until, "s", plan))
    return end_totals(state, metrics_of(state, state.last_at), history_of(told).course)


def test_the_best_and_the_worst_source_are_those_with_most_and_least_of_their_plan() -> None:
    totals = totals_of({"x": 7, "y": 10, "z": 2})
    assert totals.best is not None
    assert totals.worst is not None
    assert (totals.best.name, totals.best.images, totals.best.planned) == ("y", 10, CLIPS)
    assert (totals.worst.name, totals.worst.share) == ("z", 0.2)
    assert (totals.worst.reason, totals.worst.rejections) == ("blank N", 8)
    assert totals.best.reason == ""


def test_sources_that_do_not_differ_have_no_best_and_no_worst() -> None:
    totals = totals_of({"x": 7, "y": 7})
    assert (totals.best, totals.worst) == (None, None)


def test_work_and_wall_time_differ_by_a_pause_and_a_later_look_counts_in_neither() -> None:
    later = AT + 7200
    totals = totals_of(
        {"x": 10},
        ev.RunStarted(later, "j", {}, "/c", "/o", 2, "h", "1"),
        ev.PhaseChanged(later, "running"),
        ev.RunEnded(later + 60, "finished", 0),
        ev.FactsLearned(later + 9000, "s", "x", {}),
    )
    assert totals.active_seconds == pytest.approx(600 + 60)
    assert totals.wall_seconds == pytest.approx(7260)


def test_what_was_not_measured_is_not_there() -> None:
    state = RunState()
    totals = end_totals(state, metrics_of(state, AT))
    assert (totals.wall_seconds, totals.pace, totals.free_bytes, totals.best) == (None, None, None, None)


@pytest.mark.parametrize("minutes", [3, 39, 40, 41, 3000, 7200, 500_000])
def test_the_pace_has_every_patch_and_few_bars(minutes: int) -> None:
    first = int(AT) // 60
    pace = pace_of({first + minute: 2 for minute in range(minutes)})
    assert pace is not None
    assert sum(pace.images) == 2 * minutes
    assert len(pace.images) <= MOST_BARS
    assert pace.started_at == first * 60


def test_two_minutes_are_no_course() -> None:
    assert pace_of({100: 1, 101: 5}) is None
    assert pace_of({}) is None


def test_the_time_without_an_engine_is_a_gap_in_the_pace() -> None:
    pace = pace_of({0: 3, 5: 1})
    assert pace is not None
    assert pace.images == (3, 0, 0, 0, 0, 1)


def test_a_course_counts_patches_that_are_new() -> None:
    told = events({"x": 2})
    course = history_of([*told, *told[2:4]]).course
    assert sum(course.minutes["a"].values()) == 2
    assert course.reasons == {"x": {"blank N": 8}}


def test_patches_that_are_no_images_are_not_in_the_pace() -> None:
    state = RunState()
    for name in ("images", "tags"):
        state.categories[name] = CategoryState(name)
    state.apply(ev.JobDescribed(AT, Nouns(image_categories=("images",))))
    course = RunCourse({"images": {0: 1, 4: 2}, "tags": {1: 300}})
    pace = end_totals(state, metrics_of(state, AT), course).pace
    assert pace is not None
    assert pace.images == (1, 0, 0, 0, 2)
