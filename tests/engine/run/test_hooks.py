from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.hooks import GATHER_SECONDS, EventDetector, Hooks


def running() -> RunState:
    state = RunState(output="/out")
    state.apply(ev.PhaseChanged(0, "running"))
    return state


def names(lookout: EventDetector, state: RunState, now: float) -> list[str]:
    return [happening.event for happening in lookout.look(state, now)]


def test_five_hundred_missing_films_are_one_message() -> None:
    lookout, state = EventDetector(), running()
    for index in range(500):
        state.apply(ev.SourceMissing(1, f"s{index}", f"film {index}", "/films/x.mkv"))
    found = list(lookout.look(state, 1.0))
    assert [happening.event for happening in found] == ["on_problem"]
    assert found[0].said["count"] == 500
    assert names(lookout, state, 2.0) == []


def test_later_problems_are_gathered_and_told_together() -> None:
    lookout, state = EventDetector(), running()
    state.apply(ev.ProblemNoted(1, "warning", "one"))
    assert names(lookout, state, 1.0) == ["on_problem"]
    for text in ("two", "three"):
        state.apply(ev.ProblemNoted(2, "warning", text))
        assert names(lookout, state, 2.0) == []
    assert names(lookout, state, 2.0 + GATHER_SECONDS) == ["on_problem"]


def test_a_pause_and_a_low_disk_are_told_once_each() -> None:
    lookout, state = EventDetector(), running()
    state.apply(ev.PhaseChanged(1, "paused"))
    assert names(lookout, state, 1.0) == ["on_pause"]
    assert names(lookout, state, 2.0) == []
    state.apply(ev.DiskMeasured(3, 1, 100, 50))
    state.apply(ev.PhaseChanged(3, "waiting", "disk low: waits until 5.0 GB are free"))
    assert names(lookout, state, 3.0) == ["on_pause", "on_disk_low"]
    assert names(lookout, state, 4.0) == []


async def test_a_command_gets_the_event_as_json_and_no_shell_sees_it(tmp_path: Path) -> None:
    target = tmp_path / "said; touch oops.json"
    writer = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    state = running()
    hooks = Hooks({"on_finish": [sys.executable, "-c", writer, str(target)]}, state.copy)
    state.apply(ev.RunEnded(9, "finished", 3))
    await hooks.finish()
    said = json.loads(target.read_text())
    assert (said["event"], said["exit_code"], said["output"]) == ("on_finish", 3, "/out")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("command", [["/no/such/command"], [sys.executable, "-c", "raise SystemExit(3)"]])
async def test_a_hook_that_fails_is_told_of_in_the_log_alone(
    command: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    state = running()
    hooks = Hooks({"on_finish": command}, state.copy)
    state.apply(ev.RunEnded(9, "finished", 0))
    await hooks.finish()
    assert "hook on_finish" in caplog.text


async def test_a_hook_that_hangs_is_killed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tui_gen.engine.run.hooks.TIMEOUT_SECONDS", 0.2)
    state = running()
    hooks = Hooks({"on_finish": [sys.executable, "-c", "import time; time.sleep(60)"]}, state.copy)
    state.apply(ev.RunEnded(9, "finished", 0))
    await hooks.finish()
    assert "did not end" in caplog.text
