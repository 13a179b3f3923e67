from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import still_alive
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
    monkeypatch.setattr("tui_gen.engine.run.hook_command.TIMEOUT_SECONDS", 0.2)
    state = running()
    hooks = Hooks({"on_finish": [sys.executable, "-c", "import time; time.sleep(60)"]}, state.copy)
    state.apply(ev.RunEnded(9, "finished", 0))
    await hooks.finish()
    assert "did not end" in caplog.text


@pytest.mark.parametrize("session", ["of the hook", "of its own"])
async def test_what_a_hung_hook_has_started_keeps_nobody_waiting(
    session: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits = time_limits(monkeypatch)
    state, pid_path = running(), tmp_path / "pid"
    hooks = Hooks({"on_finish": starting_a_sleeper(pid_path, session, then="wait")}, state.copy)
    state.apply(ev.RunEnded(9, "finished", 0))
    async with asyncio.timeout(60):
        ending = asyncio.create_task(hooks.finish())
        sleeper = await started(pid_path)
        limits[1].reschedule(0.0)  # the first is the test's own
        await ending
    if session == "of the hook":
        assert still_alive([sleeper], 5.0) == []
    else:
        sleeper.kill()


async def test_a_hook_that_has_ended_is_not_waited_for_because_of_what_it_left_at_work(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    state, pid_path = running(), tmp_path / "pid"
    hooks = Hooks({"on_finish": starting_a_sleeper(pid_path, "of the hook", then="leave")}, state.copy)
    state.apply(ev.RunEnded(9, "finished", 0))
    async with asyncio.timeout(30):
        await hooks.finish()
    (await started(pid_path)).kill()
    assert caplog.text == ""


async def test_a_hook_that_does_not_read_and_says_much_is_heard_to_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chatty = "import sys; sys.stderr.write('word ' * 400_000 + 'the last word'); raise SystemExit(4)"
    state = running()
    hooks = Hooks({"on_problem": [sys.executable, "-c", chatty]}, state.copy)
    for number in range(20):
        state.apply(ev.ProblemNoted(1, "warning", f"{number} {'x' * 20_000}"))
    await hooks.finish()
    assert "ended with 4" in caplog.text
    assert "the last word" in caplog.text


def starting_a_sleeper(pid_path: Path, session: str, *, then: str) -> list[str]:
    """Return a command that starts another, which inherits its error output."""
    script = (
        "import os, subprocess, sys\n"
        "pid_path, session, then = sys.argv[1:]\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(100)']\n"
        "child = subprocess.Popen(sleep, start_new_session=session == 'of its own')\n"
        "open(pid_path + '.part', 'w').write(str(child.pid))\n"
        "os.rename(pid_path + '.part', pid_path)\n"
        "then == 'wait' and child.wait()\n"
    )
    return [sys.executable, "-c", script, str(pid_path), session, then]


async def started(pid_path: Path) -> psutil.Process:
    while not pid_path.exists():
        await asyncio.sleep(0.01)
    return psutil.Process(int(pid_path.read_text()))


def time_limits(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Timeout]:
    """Return the time limits that are set from now on: a test ends one when its moment has come."""
    limits: list[asyncio.Timeout] = []
    limit = asyncio.timeout

    def remembered(seconds: float) -> asyncio.Timeout:
        limits.append(limit(seconds))
        return limits[-1]

    monkeypatch.setattr(asyncio, "timeout", remembered)
    return limits
