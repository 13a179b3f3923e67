"""What is derived from the machines of a cluster: pace, words, verdicts, and which machine is next."""

from __future__ import annotations

import pytest

from tests.engine.model.test_run_verdict import run_of, verdict_of
from tests.views.states import NOW
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_metrics import (
    clips_per_minute,
    emptiest,
    fullest,
    in_trouble,
    machines_of,
    phase_words,
)
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch


def changed(
    name: str, phase: str, reason: str = "", *, at: float = NOW, workers: int = 4
) -> ev.MachineChanged:
    return ev.MachineChanged(at, name, phase, reason, workers, 4)


def made(machine: str, index: int, at: float) -> ev.ClipEnded:
    patches = (Patch("all", 10, {}), Patch("more", 10, {}))
    return ev.ClipEnded(at, "extract", Made(Clip("a", index), patches, 1, 1.0), machine)


def state_of_two() -> RunState:
    """Return six minutes of box1 with 12 clips a minute, and three of box2 with 6."""
    state, start = RunState(), 60.0 * 1000
    state.apply(ev.RunStarted(start, "toy", {}, "/c.json", "/out", 1, "h", "1"))
    state.apply(ev.PhaseChanged(start, "running"))
    state.apply(changed("box1", "running", at=start))
    for place in range(72):
        at = start + 5.0 * place
        if place == 36:
            state.apply(changed("box2", "running", at=at))
        state.apply(made("box1", 2 * place, at))
        if place >= 36 and place % 2 == 0:
            state.apply(made("box2", 2 * place + 1, at))
    return state


def test_the_pace_of_a_machine_is_that_of_its_own_minutes() -> None:
    state = state_of_two()
    now = 60.0 * 1006
    assert clips_per_minute(state, state.machines["box1"], now) == pytest.approx(12.0, abs=0.1)
    assert clips_per_minute(state, state.machines["box2"], now) == pytest.approx(6.0, abs=0.1)
    assert (state.machines["box1"].clips_made, state.machines["box1"].patches) == (72, 144)
    assert (state.machines["box2"].clips_made, state.machines["box2"].patches) == (18, 36)
    state.apply(changed("box2", "waiting", "the output is full", at=now))
    assert clips_per_minute(state, state.machines["box2"], now) is None


def test_a_machine_that_has_just_come_has_no_pace() -> None:
    state = state_of_two()
    state.apply(changed("box3", "running", at=60.0 * 1006 - 50))
    assert clips_per_minute(state, state.machines["box3"], 60.0 * 1006) is None


def test_a_step_of_the_clock_moves_the_minutes_and_the_phase_of_a_machine() -> None:
    state = state_of_two()
    state.apply(ev.ClockStepped(60.0 * 1066, 3600.0))
    assert clips_per_minute(state, state.machines["box1"], 60.0 * 1066) == pytest.approx(12.0, abs=0.1)
    state.apply(changed("box1", "silent", at=60.0 * 1066))
    state.apply(ev.ClockStepped(60.0 * 1006, -3600.0))
    assert phase_words(state.machines["box1"], 60.0 * 1006 + 40) == "silent for 40 s"


def test_a_copy_of_a_state_keeps_its_machines() -> None:
    state = state_of_two()
    before = state.copy()
    state.apply(made("box1", 900, 60.0 * 1006 - 1))
    state.apply(changed("box1", "lost", at=60.0 * 1006))
    assert before.machines == state_of_two().copy().machines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "10 s"), (47, "40 s"), (119, "110 s"), (121, "2 min"), (7100, "118 min"), (7300, "2 h")],
)
def test_the_time_of_silence_is_told_in_steps(seconds: int, words: str) -> None:
    machine = MachineState("box3", phase="silent", changed_at=NOW)
    assert phase_words(machine, NOW + seconds) == f"silent for {words}"


def test_machines_are_in_the_order_of_their_numbers() -> None:
    state = run_of(*(changed(name, "running") for name in ("box10", "nas", "box2", "2box", "box")))
    assert [each.name for each in machines_of(state)] == ["2box", "box", "box2", "box10", "nas"]


def test_a_machine_in_trouble_is_the_verdict_while_others_work() -> None:
    state = run_of(changed("box1", "running"), changed("box3", "silent", at=NOW - 40))
    found = verdict_of(state)
    assert (found.kind, found.level) == ("machines", "warning")
    assert found.text() == "box3 silent for 40 s. 7 shows the machines"
    state.apply(changed("box2", "refused", "ffmpeg: 'n9.0' -> '5.1'"))
    text = "box2 refused: ffmpeg: 'n9.0' -> '5.1', and 1 more machine is out. 7 shows the machines"
    assert verdict_of(state).text() == text
    assert verdict_of(state).short == "box2 refused, and 1 more machine is out"
    assert [machine.name for machine in in_trouble(state)] == ["box2", "box3"]
    state.apply(changed("box2", "running"))
    state.apply(changed("box3", "running"))
    assert verdict_of(state).kind == "well"


def test_a_run_without_a_machine_says_why() -> None:
    state = run_of(ev.PhaseChanged(NOW, "waiting", "no machine can take work"))
    assert verdict_of(state).text() == "No machine is there. The work begins when a machine comes"
    state.apply(changed("box1", "enlisting"))
    found = verdict_of(state)
    assert found.text() == "No machine can take work: box1 enlisting. 7 shows the machines"
    state.apply(changed("box1", "refused", "works for /other"))
    found = verdict_of(state)
    assert found.text() == "No machine can take work: box1 refused: works for /other. 7 shows the machines"
    assert found.level == "error"


def test_each_trouble_of_a_machine_is_a_problem_and_a_repeated_one_is_counted() -> None:
    state = RunState()
    for phase, reason in (
        *(("lost", "not reached yet"), ("enlisting", ""), ("running", ""), ("lost", "reset")),
        *(("lost", "reset"), ("running", ""), ("lost", "reset"), ("silent", ""), ("lost", "gone")),
        ("refused", "another version"),
    ):
        state.apply(changed("box1", phase, reason))
    assert [(problem.text, problem.count) for problem in state.problems] == [
        ("machine box1 was lost: reset", 2),
        ("machine box1 does not answer", 1),
        ("machine box1 was refused: another version", 1),
    ]


def test_one_worker_more_goes_where_there_are_fewest_for_each_core() -> None:
    machines = [
        MachineState("box1", phase="running", cores=8, workers=8),
        MachineState("box2", phase="running", cores=4, workers=2),
        MachineState("box3", phase="refused", cores=8, workers=0),
        MachineState("box4", phase="running", cores=0, workers=1),
    ]
    workers = {machine.name: machine.workers for machine in machines}
    assert emptiest(machines, workers) == machines[1]
    assert fullest(machines, workers) == machines[0]
    assert emptiest(machines, {**workers, "box2": 6}) == machines[0]
    assert fullest([], {}) is None
    assert emptiest(machines[2:3], workers) is None
