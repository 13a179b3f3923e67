"""The head of the screen says what the schedule set, and what was set by hand."""

from __future__ import annotations

import pytest

from tests.tui.runs import NOW, screen_of, text_of, working_run
from tui_gen.base.formatting import coming
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.tui.panes.summary import workers_words
from tui_gen.views.text.schedule_line import schedule_words

SIZE = (80, 24)
UNTIL = NOW + 600


def scheduled_run(
    workers: int, *, target: int = 8, until: float | None = UNTIL, is_overridden: bool = False
) -> RunState:
    """Return a run of 8 workers with a schedule."""
    run = working_run()
    run.apply(ev.WorkersChanged(NOW, target))
    run.apply(ev.ScheduleApplied(NOW, workers, until, is_overridden))
    return run


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (scheduled_run(8), "schedule: 8 workers until {}"),
        (scheduled_run(2, is_overridden=True), "8 workers by hand until {}"),
        (scheduled_run(8, until=None), "8 workers"),
        (scheduled_run(2, target=2), "workers target 2, running 8"),
    ],
)
def test_the_head_says_what_the_schedule_set(run: RunState, words: str) -> None:
    said = "".join(span.text for span in workers_words(screen_of(run).look()))
    assert said == words.format(coming(UNTIL, NOW))


async def test_a_pause_by_the_schedule_says_until_when() -> None:
    run = scheduled_run(0)
    run.apply(ev.PhaseChanged(NOW, "paused", "by the schedule until 18:00"))
    async with screen_of(run).run_test(size=SIZE) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    assert seen.startswith(" PAUSED  by the schedule until 18:00")
    assert f"schedule: pause until {coming(UNTIL, NOW)}" in seen


def test_one_worker_is_one_worker_and_a_run_that_ended_has_no_schedule() -> None:
    run = scheduled_run(1)
    assert schedule_words(run, NOW) == f"schedule: 1 worker until {coming(UNTIL, NOW)}"
    run.apply(ev.RunEnded(NOW, "stopped", 4))
    assert schedule_words(run, NOW) == ""
