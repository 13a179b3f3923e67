from __future__ import annotations

import pytest

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.time_estimate import TimeEstimate, described, time_estimate
from tui_gen.engine.model.work import CategoryPlan, Clip, Made, Patch, Plan, SourcePlan


def estimate(
    costs: dict[str, float | None], state: RunState | None = None, *, workers: int = 2, processors: int = 4
) -> TimeEstimate | None:
    state = state or RunState()
    sources = tuple(
        SourcePlan(name, name, name, 255, (), name, 0, 10, {"all": 10}, processor_seconds=cost)
        for name, cost in costs.items()
    )
    plan = Plan(sources, {"all": CategoryPlan(None, 10 * len(costs), "All")})
    state.apply(ev.StagePlanned(30.0, "cut", plan))
    return time_estimate(state, plan, 30.0, workers=workers, processors=processors)


@pytest.mark.parametrize(
    ("workers", "processors", "seconds"), [(1, 4, 60), (2, 4, 30), (12, 4, 15), (2, 1, 60)]
)
def test_the_work_is_shared_by_workers_up_to_the_number_of_processors(
    workers: int, processors: int, seconds: float
) -> None:
    found = estimate({"a": 40.0, "b": 20.0}, workers=workers, processors=processors)
    assert found is not None
    assert found.seconds == seconds == sum(found.by_source.values())
    assert found.by_source["a"] == 2 * found.by_source["b"]


def test_a_source_that_was_not_measured_makes_it_a_lower_bound() -> None:
    found = estimate({"a": 40.0, "b": None})
    assert found is not None
    assert described(found, "20s").startswith("at least 20s with 2 workers")


def test_nothing_is_estimated_from_nothing() -> None:
    assert estimate({"a": None}) is None
    assert estimate({}) is None


def test_the_rate_of_the_runs_so_far_counts_more_than_a_test() -> None:
    state = RunState()
    state.apply(ev.RunStarted(10.0, "toy", {}, "/c", "/out", 1, "host", "0"))
    for index in range(5):
        made = Made(Clip("a", index), (Patch("all", 10, {}),), 1, 0.5)
        state.apply(ev.ClipEnded(11.0 + index, "cut", made))
    state.apply(ev.RunEnded(20.0, "stopped", 4, ""))
    found = estimate({"a": 40.0}, state)
    assert found is not None
    assert (found.seconds, found.is_by_runs) == (
        19.0,
        True,
    )  # the first clip began half a second after the run


def test_a_check_before_the_first_run_is_no_working_time() -> None:
    state = RunState()
    state.apply(ev.FactsLearned(1.0, "identify", "a", {}, ()))
    state.apply(ev.SourceFoundUnusable(100.0, "probe", "b", "no video", ""))
    state.apply(ev.RunStarted(200.0, "toy", {}, "/c", "/out", 1, "host", "0"))
    assert state.elapsed_seconds(230.0) == 0.0
