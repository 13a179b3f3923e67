"""What the screen says after the end of a run: how it ended, and nothing that is still to come."""

from __future__ import annotations

import pytest

from tests.tui.runs import NOW, FakeController, screen_of, text_of, working_run
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.run_result import Ending, verdict
from tui_gen.engine.model.state import RunState
from tui_gen.tui.view import EngineInfo
from tui_gen.views.text.final_lines import headline


def ended(ending: Ending | None) -> RunState:
    state = working_run()
    state.disk = state.system = None
    state.apply(verdict(state, ending, only=None, at=NOW))
    return state


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("drain", "STOPPED  as asked, after the clips in hand"),
        ("stop", "STOPPED  as asked; the clips in hand are made again"),
        ("limit", "STOPPED  the limit of clips was reached"),
        (None, "FINISHED"),
    ],
)
async def test_the_head_says_how_it_ended_and_of_nothing_to_come(ending: Ending | None, words: str) -> None:
    async with screen_of(ended(ending)).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    assert seen.startswith(f" {words}")
    for word in ("yet", "standing still", "no workers", "stopped before", "patches/min"):
        assert word not in seen


async def test_an_engine_of_an_older_version_is_not_said_to_be_stopped_twice() -> None:
    state = working_run()
    state.apply(ev.RunEnded(NOW, "stopped", 4, "stopped before the end"))
    async with screen_of(state).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert text_of(pilot.app).startswith(" STOPPED  before the end")
    assert headline(state, is_at_work=False)[0] == "Dataset generation stopped: before the end"


async def test_a_dead_engine_is_told_in_plain_words() -> None:
    dead = FakeController(working_run(), info=EngineInfo(is_alive=False))
    async with screen_of(dead).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "DEAD  the engine ended and recorded no end" in text_of(pilot.app)


def test_the_reason_uses_the_nouns_of_the_job() -> None:
    state = working_run()
    state.apply(ev.JobDescribed(NOW, Nouns(clip=Noun("frame", "frames"))))
    assert verdict(state, "drain", only=None, at=NOW).reason == "as asked, after the frames in hand"
