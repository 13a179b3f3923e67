"""Timelines on the screen: of the sources at work where there is room, and on the page of a source."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tests.tui.runs import FakeController, damaged_run, screen_of, text_of, working_run
from tests.tui.test_snapshots import SnapCompare, pressing
from tui_gen.engine.model.timeline import MARKS, SourceTimeline
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.panes.source_timelines import LOOKS
from tui_gen.tui.terminal.ascii import plain
from tui_gen.tui.timelines import EVERY_SECONDS, Timelines

Press = Callable[[Pilot[object]], Awaitable[None]]


def screen() -> TuiGenApp:
    state = damaged_run()
    return screen_of(FakeController(state), timelines=Timelines(state))


@pytest.mark.parametrize("size", [(120, 36), (200, 50)], ids=str)
def test_damage_is_seen_at_once(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(screen(), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=str)
def test_the_page_of_a_source(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(screen(), terminal_size=size, run_before=pressing("3", "enter"))


def test_each_mark_has_a_character_of_its_own_also_in_ascii() -> None:
    assert set(LOOKS) == set(MARKS)
    characters = [plain(character) for character, _ in LOOKS.values()]
    assert len(set(characters)) == len(MARKS)


async def test_only_what_is_shown_is_fetched_and_not_more_often_than_every_two_seconds() -> None:
    timelines, state = Timelines(), working_run(videos=500)
    app = screen_of(FakeController(state), timelines=timelines)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        wanted = timelines.due(0.0)
        assert {source for source, _ in wanted} <= {f"v{number:03d}" for number in range(4)}
        assert wanted
        timelines.take({each: SourceTimeline(60.0, "R" * each[1]) for each in wanted})
        app.poll()
        await pilot.pause()
        assert timelines.due(EVERY_SECONDS / 2) == []
        assert set(timelines.due(EVERY_SECONDS)) == set(wanted)


async def test_a_small_screen_asks_for_no_timeline() -> None:
    timelines = Timelines()
    app = screen_of(FakeController(working_run()), timelines=timelines)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert timelines.due(0.0) == []
        assert "│" not in text_of(app)
