"""What stands on the terminal after the screen: it says whether the work goes on, and how to come back."""

from dataclasses import replace

import pytest

from tests.tui.runs import NOW, screen_of, working_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.tui.exit_message import exit_lines
from tui_gen.tui.view import EngineInfo, RunCondition, ScreenView, condition_of


def seen(state: RunState) -> ScreenView:
    return ScreenView(state=state, now=NOW, condition=condition_of(state, EngineInfo()))


def ended(result: str, code: int) -> RunState:
    state = working_run()
    state.apply(ev.RunEnded(NOW, result, code))
    return state


def test_a_run_that_goes_on_says_how_to_come_back_and_how_to_end_it() -> None:
    said = "\n".join(exit_lines(seen(working_run()), "generator_config.json"))
    assert "goes on without the screen" in said
    assert "/data/dataset" in said
    assert "with: tui-gen   " in said
    assert "with: tui-gen ctl drain" in said


def test_a_configuration_with_a_blank_in_its_name_can_be_pasted() -> None:
    said = "\n".join(exit_lines(seen(working_run()), "my films.json"))
    assert "tui-gen 'my films.json'" in said
    assert "tui-gen ctl -c 'my films.json' drain" in said


@pytest.mark.parametrize(
    ("result", "code", "words", "goes_on"),
    [
        ("finished", 0, "Finished: ", False),
        ("finished", 3, "Finished, some videos failed or targets are unmet: ", False),
        ("stopped", 4, "Stopped, ", True),
    ],
)
def test_a_run_that_has_ended_says_how(result: str, code: int, words: str, goes_on: bool) -> None:  # noqa: FBT001
    said = list(exit_lines(seen(ended(result, code)), "c.json"))
    assert words in said[0]
    assert ("Go on with: tui-gen c.json" in said) is goes_on


def test_a_dead_engine_says_that_nothing_is_lost() -> None:
    dead = replace(seen(working_run()), condition=RunCondition("DEAD", "bad", is_dead=True))
    (said,) = exit_lines(dead, "c.json")
    assert "is safe" in said
    assert "tui-gen c.json" in said


async def test_the_screen_keeps_how_the_run_stood_when_it_was_left() -> None:
    app = screen_of(working_run())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = app.left
        await pilot.press("q", "enter")
        await pilot.pause()
    assert before is None
    assert app.left is not None
    assert app.left.state.output == "/data/dataset"
