"""A schedule in a real run: it pauses, a shell overrides it, and its changes come at their times."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.program import Running, command, environment, run_inside
from tests.acceptance.test_workers import SECONDS, statuses
from tests.jobs.videomnist.datasets import Digits, digits_in
from tui_gen.base.exit_codes import ExitCode


def zone_in_which_it_is(text: str) -> str:
    """Return a value of TZ: local time is `text` now, to the second."""
    now = datetime.now(UTC)
    wanted = datetime.fromisoformat(f"{now:%Y-%m-%d} {text}+00:00")
    seconds = round((now - wanted).total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"XXX{sign}{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def digits_with_a_pause(folder: Path) -> Digits:
    pause = {"from": "08:00", "to": "09:00", "workers": 0}
    return digits_in(folder, videos_per_digit=200, sequence_length=40, schedule=[pause])


def started(data: Digits, clock: str) -> Running:
    return Running(command("run", data.config), env=environment(TZ=zone_in_which_it_is(clock)))


def test_a_run_pauses_by_its_schedule_and_a_shell_lets_it_go_on(tmp_path: Path) -> None:
    data = digits_with_a_pause(tmp_path / "digits")
    with started(data, "08:30:00") as running:
        paused = next(status for status in statuses(data, running) if status["state"] == "paused")
        assert paused["reason"] == "by the schedule until 09:00"
        assert paused["slots"] == []
        assert "schedule" not in str(paused["recipe"])
        said = run_inside("ctl", "-c", data.config, "resume")
        assert said.out.startswith("going on, by the schedule again from ")
        at_work = next(status for status in statuses(data, running) if status["slots"])
        assert at_work["schedule"]["is_overridden"]  # type: ignore[index]
        assert " by hand until " in run_inside("ctl", "-c", data.config, "status").out
        assert run_inside("ctl", "-c", data.config, "stop").code == ExitCode.DONE
        assert running.end(seconds=SECONDS).code == ExitCode.STOPPED
    log = (data.output / ".tui-gen" / "engine.log").read_text(encoding="utf-8")
    assert "schedule: pause until 09:00" in log
    assert "set by hand until 09:00, then by the schedule" in log


@pytest.mark.soak  # waits for the clock, 15 s for each change
def test_the_changes_of_a_schedule_come_at_their_times(tmp_path: Path) -> None:
    data = digits_with_a_pause(tmp_path / "digits")
    data.edit(videos_per_digit=4000)
    seen = []
    for clock, states in (("07:59:45", ["running", "paused"]), ("08:59:45", ["paused", "running"])):
        began = time.monotonic()
        with started(data, clock) as running:
            for wanted in states:
                next(status for status in statuses(data, running) if status["state"] == wanted)
            seen.append(time.monotonic() - began)
            run_inside("ctl", "-c", data.config, "stop")
            running.end(seconds=SECONDS)
    assert all(14 <= seconds < 25 for seconds in seen), seen
