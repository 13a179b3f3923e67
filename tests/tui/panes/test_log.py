"""The log: clips in the words of the job, messages that clips do not displace, and their pages."""

from collections.abc import Sequence

import pytest
from textual.pilot import Pilot

from tests.tui.runs import NOW, PLACES, FakeController, screen_of, text_of, troubled_run, working_run
from tests.tui.test_snapshots import SnapCompare, pressing
from tui_gen.contract.clips import ClipSummary
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch, Rejected
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.dialogs.dialogs import TextDialog

SIZE = (120, 36)


class Described:
    """Describes clips as a job does."""

    def summary(self, outcome: Made | Rejected) -> ClipSummary:
        seconds = PLACES.place(outcome.clip.index) * PLACES.seconds
        place = f"{seconds // 3600:02.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:02.0f}"
        gave = outcome.patches if isinstance(outcome, Made) else ()
        return ClipSummary(place, ("difference 12.4", *(f"{patch.category} small_540" for patch in gave)))

    def facts(self, outcome: Made | Rejected) -> Sequence[tuple[str, str]]:
        return [("difference", "12.4"), ("secret", "\x1b[2J" + str(outcome.clip))]


def screen(state: RunState | None = None) -> TuiGenApp:
    return screen_of(FakeController(state or troubled_run()), clip_describer=Described())


async def shown(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause()
    await pilot.pause()
    return text_of(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=str)
def test_the_log_of_a_run(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(screen(), terminal_size=size, run_before=pressing("l"))


@pytest.mark.parametrize("size", [(120, 36), (200, 50)], ids=str)
def test_the_page_of_a_clip(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(screen(working_run()), terminal_size=size, run_before=pressing("l", "enter"))


async def test_clips_are_hidden_and_shown_by_a_key() -> None:
    async with screen().run_test(size=SIZE) as pilot:
        assert "made " in await shown(pilot, "l")
        without = await shown(pilot, "c")
        assert "made " not in without
        assert "quarantined until the next run" in without
        assert "made " in await shown(pilot, "c")


async def test_clips_do_not_push_problems_away() -> None:
    state = working_run()
    state.apply(ev.ProblemNoted(NOW, "error", "the share is gone"))
    for index in range(3000):
        state.apply(ev.ClipEnded(NOW + 1, "extract", Made(Clip("v000", index), (), 1, 0.1)))
    async with screen(state).run_test(size=SIZE) as pilot:
        seen = await shown(pilot, "l")
        assert seen.count("the share is gone") == 1
        assert "made " in seen
        assert "the share is gone" in await shown(pilot, "c")


async def test_what_was_not_sent_is_told() -> None:
    state = working_run()
    for _ in range(37):
        state.recent.pop()
    async with screen(state).run_test(size=SIZE) as pilot:
        assert " 37 more" in await shown(pilot, "l")


async def test_the_page_of_a_clip_says_what_is_recorded_and_stays_on_its_clip() -> None:
    state = working_run()
    patch = Patch("general", 2_000_000, {"format": "small_540", "x": 7})
    state.apply(ev.ClipEnded(NOW, "extract", Made(Clip("v000", 777), (patch,), 2, 1.5, (("toon", "flat"),))))
    async with screen(state).run_test(size=SIZE) as pilot:
        seen = await shown(pilot, "l", "enter")
        for words in ("clip 777", "1.5 s, 2 tries", "general: 2.0 MB", "toon: flat", "difference", "12.4"):
            assert words in seen
        assert "\x1b" not in seen
        state.apply(ev.ClipEnded(NOW, "extract", Made(Clip("v001", 778), (), 1, 1.0)))
        pilot.app.poll()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "clip 777" in text_of(pilot.app)


async def test_a_job_without_a_describer_shows_the_record() -> None:
    state = working_run()
    rejected = Rejected(Clip("v000", 777), "blank", 1, 1.0, record={"luma": [1, 2], "note": "dark"})
    state.apply(ev.ClipEnded(NOW, "extract", rejected))
    async with screen_of(FakeController(state)).run_test(size=SIZE) as pilot:
        seen = await shown(pilot, "l", "enter")
        assert "luma        [1, 2]" in seen
        assert "note        dark" in seen


async def test_the_page_of_a_message_has_its_detail() -> None:
    state = working_run()
    state.apply(ev.ProblemNoted(NOW, "warning", "low", None, "pauses under 50 GB"))
    async with screen(state).run_test(size=SIZE) as pilot:
        assert "pauses under 50 GB" in await shown(pilot, "l", "enter")
        assert isinstance(pilot.app.screen, TextDialog)


async def test_the_cursor_stays_on_the_newest_or_on_its_row() -> None:
    state, later = working_run(), [NOW]
    app = screen_of(FakeController(state), clock=lambda: later[0], clip_describer=Described())
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "l")

        async def after(index: int) -> int | None:
            state.apply(ev.ClipEnded(NOW, "extract", Made(Clip("v004", index), (), 1, 1.0)))
            later[0] += 3
            app.poll()
            await pilot.pause()
            event = app.rooms.log_pane.event()
            assert isinstance(event, ev.ClipEnded)
            return event.outcome.clip.index

        assert await after(900) == 900
        await shown(pilot, "j")
        pane, below = app.rooms.log_pane, app.rooms.log_pane.event()
        height = pane.chosen.index - pane._top
        assert await after(901) == await after(902)
        assert pane.event() is below
        assert pane.chosen.index - pane._top == height


async def test_a_long_path_is_whole_and_a_long_sentence_goes_on_below() -> None:
    state, path = working_run(), "a/" * 60
    rejected = Rejected(Clip("v000", 777), "blank " * 30, 1, 1.0, record={"file": path})
    state.apply(ev.ClipEnded(NOW, "extract", rejected))
    app = screen_of(FakeController(state))
    async with app.run_test(size=(160, 48)) as pilot:
        seen = await shown(pilot, "l", "enter")
        assert f"  {path}" in seen
        assert seen.count("blank blank") >= 2
