"""The page of a run that has ended: what it came to, in place of the workers, and how to reach the lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from tests.tui.runs import NOW, FakeController, screen_of, text_of, troubled_run, working_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.run_course import EndFacts, RunCourse
from tui_gen.engine.model.state import RunState
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.exit_message import exit_lines

SnapCompare = Callable[..., bool]
SIZES = [(60, 16), (80, 24), (120, 36), (200, 50)]
START = int(NOW - 200_000) // 60
STEPS = (
    "Look at the patches: tui-gen sheet c.json",
    "Check every file: tui-gen verify c.json",
    "For a trainer: tui-gen export LAYOUT FOLDER -c c.json",
)


def ended_run(state: RunState | None = None) -> RunState:
    """Return a run that was stopped, with gaps."""
    state = state or troubled_run()
    state.apply(ev.RunEnded(NOW, "stopped", 4, "as asked, after the clips in hand"))
    return state


def end_of_run(_: RunState) -> EndFacts:
    """Return what the ledger of the hand-built run would tell."""
    minutes = {START + minute: 5 + minute // 60 % 7 for minute in range(0, 3300, 2) if minute < 1700}
    minutes |= {START + minute: 9 for minute in range(3200, 3330)}
    return EndFacts(RunCourse({"general": minutes}, {"v005": {"blank picture": 3, "flat: N": 1}}), STEPS)


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until the end is read and painted."""
    while not cast("TuiGenApp", pilot.app)._end.steps:
        await pilot.pause(0.01)
    await pilot.pause()


def pressing(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def before(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()

    return before


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_end_page(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    screen = screen_of(ended_run(), end_of=end_of_run)
    assert snap_compare(screen, terminal_size=size, run_before=pressing())


def test_the_end_page_in_a_light_theme(snap_compare: SnapCompare) -> None:
    screen = screen_of(ended_run(), end_of=end_of_run)
    assert snap_compare(screen, terminal_size=(80, 24), run_before=pressing("t"))


def test_the_end_page_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = screen_of(ended_run(), end_of=end_of_run)
    assert snap_compare(screen, terminal_size=(80, 24), run_before=pressing())


async def test_the_lists_are_reached_by_keys_and_escape_returns_to_the_result() -> None:
    async with screen_of(ended_run(), end_of=end_of_run).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        result = text_of(pilot.app)
        await pilot.press("3")
        await pilot.pause()
        lists = text_of(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert text_of(pilot.app) == result
    assert "[2 Result]" in result
    assert "worst video" in result
    assert "[3 Videos]" in lists
    assert "worst video" not in lists


async def test_a_run_that_starts_again_shows_its_workers_again() -> None:
    controller = FakeController(ended_run())
    app = screen_of(controller, end_of=end_of_run)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        controller.state = working_run()
        app.poll()
        await pilot.pause()
        seen = text_of(pilot.app)
    assert "2 Now" in seen
    assert "Result" not in seen


async def test_a_course_that_cannot_be_read_is_said_and_no_number_is_invented() -> None:
    def unreadable(_: RunState) -> EndFacts:
        return EndFacts(None, STEPS, trouble="/x/ledger.jsonl: cannot be read (Input/output error)")

    async with screen_of(ended_run(), end_of=unreadable).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        seen = text_of(pilot.app)
    assert "cannot be read (Input/output error)" in seen
    assert "pace" not in seen
    assert "worst" not in seen


async def test_the_card_after_the_screen_has_the_numbers_of_the_page_and_the_commands() -> None:
    app = screen_of(ended_run(), end_of=end_of_run)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        page = text_of(app)
        await pilot.press("q")
    assert app.left is not None
    card = "\n".join(exit_lines(app.left, "c.json"))
    for words in (*STEPS, "The Expanse - S04E01: 0 of 600", "blank picture (3 times)", "1.21 TB"):
        assert words in page
        assert words in card
    assert "Target missed: TOON by 412 images" in card
    assert "Go on with: tui-gen c.json" in card
