"""The line that a run without a screen writes every few seconds."""

from __future__ import annotations

from tests.tui.runs import NOW, working_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan, SourcePlan
from tui_gen.views.text.run_lines import progress_line


def test_a_run_at_work_says_how_far_how_fast_and_how_long() -> None:
    written = progress_line(working_run(workers=1), NOW)
    for part in ("42/116 videos", " images  ", "/min  ", " left  1 worker  "):
        assert part in written


def test_a_stage_before_the_plan_does_not_say_that_nothing_is_left() -> None:
    state = RunState()
    source = SourcePlan("v1", "Dune", "/films/dune.mkv", 255, (), 0, 0, 0)
    state.apply(ev.StagePlanned(NOW, "probe", Plan((source,), {}), is_named=True))
    state.apply(ev.PhaseChanged(NOW, "running"))
    written = progress_line(state, NOW)
    assert "probe  0/1 videos  0 workers" in written
    assert "left" not in written
