"""Dialogs tell what is so now, are as wide as their text, and name only keys that are obeyed."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.runs import NOW, FakeController, made, screen_of, text_of, troubled_run, working_run
from tui_gen.base.nouns import USUAL_NOUNS
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.action_rules import STEERING
from tui_gen.tui.actions import ACTIONS
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.dialogs.dialogs import QuestionDialog
from tui_gen.tui.view import EngineInfo

SIZE = (120, 60)


async def press(pilot: Pilot[None], *keys: str) -> str:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    return text_of(pilot.app)


def app_of(pilot: Pilot[None]) -> TuiGenApp:
    assert isinstance(pilot.app, TuiGenApp)
    return pilot.app


async def test_details_go_on_while_they_are_read() -> None:
    controller = FakeController(troubled_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        assert controller.state is not None
        assert "119 made of 200" in await press(pilot, "2", "enter")
        controller.state.apply(made(Clip("v000", 190), NOW))
        assert "120 made of 200" in await polled(pilot)
        assert "2 times" in await press(pilot, "escape", "6", "down", "enter")
        problem = next(each for each in controller.state.problems if each.count == 2)
        controller.state.apply(ev.ProblemNoted(NOW, problem.level, problem.text, problem.source))
        assert "3 times" in await polled(pilot)
        before = await press(pilot, "escape", "1", "enter")
        controller.state.apply(made(Clip("v000", 191), NOW))
        assert await polled(pilot) != before


async def polled(pilot: Pilot[None]) -> str:
    app_of(pilot).poll()
    await pilot.pause()
    return text_of(pilot.app)


async def test_a_page_is_as_wide_as_its_text() -> None:
    async with screen_of(working_run()).run_test(size=(140, 90)) as pilot:
        await press(pilot, "question_mark")
        dialog = pilot.app.screen.query_one(".dialog")
        longest = 'Keys are changed by id in the configuration: "keymap"'
        assert 50 < dialog.region.width < len(longest) + 30
    async with screen_of(working_run()).run_test(size=(40, 20)) as pilot:
        await press(pilot, "question_mark")
        assert pilot.app.screen.query_one(".dialog").region.right <= 40


async def test_the_help_of_a_monitor_names_only_keys_that_it_obeys() -> None:
    controller = FakeController(working_run(), info=EngineInfo(reach="none"))
    async with screen_of(controller, is_read_only=True).run_test(size=(120, 90)) as pilot:
        seen = await press(pilot, "question_mark")
    for action in ACTIONS:
        assert (action.meaning_with(USUAL_NOUNS) in seen) is (action.name not in STEERING), action.id
    for words in (
        "The work",
        "pause, or go on",
        "worker more",
        "number of workers",
        "leave this",
        "try again",
    ):
        assert words not in seen
    assert "leave, finish or stop" not in seen


@pytest.mark.parametrize("phase", ["finished", "dead"])
async def test_no_question_is_left_open_about_a_run_that_has_ended(phase: str) -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        seen = await press(pilot, "q")
        assert "the work goes on" in seen
        assert controller.state is not None
        if phase == "dead":
            controller.info = EngineInfo(is_alive=False)
        else:
            controller.state.apply(ev.RunEnded(NOW, "finished", 0))
        seen = await polled(pilot)
        assert not isinstance(pilot.app.screen, QuestionDialog)
        assert "the work goes on" not in seen
        assert "the run has ended meanwhile: q leaves" in seen


async def test_a_key_without_effect_says_why() -> None:
    name = "Planet Earth 2 - S01E04 - Deserts"
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        for keys, words in (
            (("2", "R"), f"nothing of {name} has failed"),
            (("r",), "nothing has failed: there is nothing to try again"),
            (("u",), f"{name} is not left out"),
            (("right_square_bracket",), f"{name} cannot be moved further"),
            (("1", "R"), "no video is under the cursor"),
        ):
            assert words in await press(pilot, *keys)
        assert controller.asked == []


async def test_a_key_with_an_effect_has_it() -> None:
    controller = FakeController(troubled_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "r")
        assert controller.asked == [do.Retry()]


async def test_a_dead_engine_is_shown_with_its_signal_and_the_end_of_its_log() -> None:
    ending = ("the engine ended with signal 9 (Killed)", "the kernel: Out of memory: Killed process 4711")
    info = EngineInfo(is_alive=False, log_lines=("16:00:01 a film is short",), ending=ending)
    async with screen_of(FakeController(working_run(), info=info)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    assert [words for words in ending if words not in seen] == []
    assert seen.index("signal 9") < seen.index("The end of its log") < seen.index("a film is short")
    assert "last words" not in seen
