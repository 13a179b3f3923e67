"""The number of workers: typed, changed by steps, and asked for once where it is too much."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from textual.widgets import OptionList

from tests.tui.runs import GB, NOW, FakeController, screen_of, text_of, working_run
from tests.tui.test_app import SIZE, footer, press
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.worker_room import NO_MEMORY, STEP_BY_STEP
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.dialogs.dialogs import QuestionDialog
from tui_gen.tui.panes.summary import OverallPane, workers_words


def measured_run(*, cores: int = 6, free: int = 6 * GB) -> RunState:
    """Return a run of 8 workers whose memory was measured: 1 GB each."""
    run = working_run()
    run.apply(ev.WorkersMeasured(NOW, GB, free, 20 * GB, cores, 8 * GB, 8, 8, GB, 9))
    return run


async def test_a_typed_number_is_set() -> None:
    controller = FakeController(measured_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "w")
        assert "workers, 1 to 256 (now 8; memory and cores bear 12)" in footer(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "1", "x", "minus", "2", "enter")
        assert controller.asked == [do.SetWorkers(12)]
        assert "workers target 12" in text_of(pilot.app)
        await press(pilot, "minus")  # the keys are keys again
    assert controller.asked[-1] == do.SetWorkers(11)


async def test_what_is_left_or_impossible_changes_nothing() -> None:
    controller = FakeController(measured_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        for keys in (("w", "5", "escape"), ("w", "enter")):
            await press(pilot, *keys)
            assert "pause" in footer(pilot.app)  # type: ignore[arg-type]
        for typed in ("0", "257", "9999"):
            seen = await press(pilot, "w", *typed, "enter")
            assert f"workers go from 1 to 256, not {typed}" in seen
    assert controller.asked == []


async def test_more_than_the_machine_bears_is_asked_for_once_with_the_numbers() -> None:
    controller = FakeController(measured_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        seen = await press(pilot, "w", "9", "9", "enter")
        assert "Memory bears 13: a worker takes 1.0 GB (measured), 6.0 GB of" in seen
        assert "6 cores keep up with 12 workers" in seen
        assert controller.asked == []
        choices = pilot.app.screen.query_one(OptionList)
        assert [option.id for option in choices.options] == ["12", "99", "8"]
        await press(pilot, "down", "enter")
        assert controller.asked == [do.SetWorkers(99)]
        await press(pilot, "w", "5", "0", "enter")
        assert controller.asked[-1] == do.SetWorkers(50)
        await press(pilot, "plus")
        assert controller.asked[-1] == do.SetWorkers(51)
        await press(pilot, "w", "1", "0", "0", "enter")  # more than what was agreed to
        assert isinstance(pilot.app.screen, QuestionDialog)


async def test_a_question_that_is_left_changes_nothing_and_is_asked_again() -> None:
    controller = FakeController(measured_run(cores=4))
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        for keys in (("plus", "escape"), ("plus", "end", "enter")):
            await press(pilot, *keys)
            assert controller.asked == []
        await press(pilot, "plus", "enter")
        assert controller.asked == [do.SetWorkers(9)]
        await press(pilot, "plus")
        assert controller.asked[-1] == do.SetWorkers(10)


async def test_fewer_workers_are_never_asked_about() -> None:
    controller = FakeController(measured_run(cores=1, free=0))
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "minus")
    assert controller.asked == [do.SetWorkers(7)]


@pytest.mark.parametrize("reason", [NO_MEMORY, STEP_BY_STEP])
def test_the_head_says_why_there_are_fewer_workers_than_requested(reason: str) -> None:
    run = measured_run()
    run.apply(ev.WorkersChanged(NOW, 99))
    run.apply(ev.WorkersHeld(NOW, 8, reason))
    words = workers_words(screen_of(run).look())
    assert "".join(span.text for span in words) == f"8 of 99 workers: {reason}"


@pytest.mark.parametrize(("width", "words"), [(80, ": memory for no more"), (60, "   "), (40, " ")])
def test_a_narrow_head_leaves_out_the_reason_and_not_the_number(width: int, words: str) -> None:
    run = measured_run()
    for number in range(3):
        run.apply(ev.ProblemNoted(NOW, "error", f"error {number}"))
    run.apply(ev.WorkersChanged(NOW, 99))
    run.apply(ev.WorkersHeld(NOW, 8, NO_MEMORY))
    *_, last = OverallPane().summary(screen_of(run).look(), width)
    assert f"8 of 99 workers{words}" in "".join(span.text for span in last) + " "


@dataclass
class Slow(FakeController):
    """An engine so busy that its answers and its state come late."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def steer(self, command: do.Command) -> str:
        await self.may_answer.wait()
        return await super().steer(command)


async def test_the_number_does_not_fall_back_while_the_engine_is_slow() -> None:
    now = [NOW]
    controller = Slow(measured_run())
    async with screen_of(controller, clock=lambda: now[0]).run_test(size=SIZE) as pilot:
        await press(pilot, "w", "3", "enter")
        now[0] += 40.0
        pilot.app.poll()  # type: ignore[attr-defined]
        assert pilot.app.look().workers_asked == 3  # type: ignore[attr-defined]
        await press(pilot, "minus")
        now[0] += 40.0
        pilot.app.poll()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "workers target 2" in text_of(pilot.app)
        controller.may_answer.set()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "workers target 2" in text_of(pilot.app)  # the state still says 8
    assert controller.asked == [do.SetWorkers(3), do.SetWorkers(2)]
