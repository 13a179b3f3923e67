"""Someone is called back to the screen once for each thing that matters, and with no foreign text."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.tui.runs import NOW, FakeController, screen_of, troubled_run, working_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.hooks import GATHER_SECONDS
from tui_gen.tui.notices import BELL, Caller

LATER = NOW + GATHER_SECONDS + 1


def with_problem(state: RunState, text: str = "\x1b]0;PWN\x07") -> RunState:
    found = deepcopy(state)
    found.apply(ev.ProblemNoted(NOW, "error", text))
    return found


def ended(state: RunState) -> RunState:
    found = deepcopy(state)
    found.apply(ev.RunEnded(NOW, "finished", 0))
    return found


def test_what_was_there_before_calls_nobody() -> None:
    assert Caller("bell").look(troubled_run(), NOW) == ""
    assert Caller("bell").look(ended(working_run()), NOW) == ""


def test_the_end_calls_once() -> None:
    caller, run = Caller("bell"), working_run()
    assert caller.look(run, NOW) == ""
    assert caller.look(ended(run), NOW + 1) == BELL
    assert caller.look(ended(run), NOW + 2) == ""


def test_a_new_problem_calls_and_more_of_them_wait() -> None:
    caller, run = Caller("bell"), working_run()
    caller.look(run, NOW)
    troubled = with_problem(run)
    assert caller.look(troubled, LATER) == BELL
    worse = with_problem(troubled, "another")
    assert caller.look(worse, LATER + 1) == ""
    assert caller.look(worse, LATER + GATHER_SECONDS + 1) == BELL


def test_a_message_says_what_it_is_about_and_repeats_nothing_foreign() -> None:
    caller, run = Caller("message"), working_run()
    caller.look(run, NOW)
    assert caller.look(with_problem(run), LATER) == "\x1b]9;tui-gen: there are new problems\x1b\\"
    assert caller.look(ended(with_problem(run)), LATER) == "\x1b]9;tui-gen: the run has finished\x1b\\"


def test_nobody_is_called_unless_asked_for() -> None:
    caller, run = Caller("none"), working_run()
    caller.look(run, NOW)
    assert caller.look(ended(with_problem(run)), LATER) == ""


@pytest.mark.parametrize(("kind", "sent"), [("bell", [BELL]), ("none", [])])
async def test_the_screen_sends_it_to_the_terminal(
    kind: str, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = FakeController(working_run())
    app = screen_of(controller, notices=kind)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.poll()
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        controller.state = ended(working_run())
        app.poll()
        app.poll()
        assert [text for text in written if text.endswith(BELL)] == sent
