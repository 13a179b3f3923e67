"""The screen over hand-built runs: what it says, and what its keys do."""

import asyncio
import itertools

import pytest
from textual import events
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.tui.runs import NOW, FakeController, restarted, screen_of, text_of, troubled_run, working_run
from tests.views.states import state_of
from tui_gen.base.nouns import USUAL_NOUNS, Noun, Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Plan, Rejected, SourcePlan
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.actions import ACTIONS, ALL_ACTIONS
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.dialogs.dialogs import QuestionDialog, TextDialog
from tui_gen.tui.view import EngineInfo
from tui_gen.views.text.run_lines import progress_line

SIZE = (80, 24)


async def press(pilot: Pilot[None], *keys: str) -> str:
    """Press keys and return what stands on the screen then."""
    await pilot.press(*keys)
    await pilot.pause()
    return text_of(pilot.app)


def footer(app: TuiGenApp) -> str:
    return text_of(app).splitlines()[-1]


# ---------------------------------------------------------------------- what it says


async def test_before_the_plan_nothing_is_said_to_be_left() -> None:
    state = RunState()
    for event in (
        ev.RunStarted(NOW - 5, "superres", {}, "/etc/c.json", "/data/dataset", 4711, "box", "0.1.0"),
        ev.StagePlanned(
            NOW - 5, "probe", Plan((SourcePlan("v1", "Dune", "/films/dune.mkv", 255, (), 0, 0, 0),), {})
        ),
        ev.PhaseChanged(NOW - 5, "running"),
    ):
        state.apply(event)
    async with screen_of(state).run_test(size=SIZE) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    assert "1 video, no plan yet" in seen
    assert "time left not known yet" in seen
    assert "left, done" not in seen


async def test_what_stands_in_a_list_keeps_off_the_edge() -> None:
    async with screen_of(troubled_run()).run_test(size=SIZE) as pilot:
        await press(pilot, "3", "slash", *"Film 02", "enter")
        seen = text_of(pilot.app).splitlines()
    assert any(row.endswith("… ") for row in seen)
    assert not any(row.endswith("…") for row in seen)


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24), (120, 36), (200, 50)])
async def test_the_five_questions_are_answered_at_every_size(size: tuple[int, int]) -> None:
    async with screen_of(troubled_run()).run_test(size=size) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    for answer in ("RUNNING", " %", "left, done", "error", "disk will hold", " 3s"):
        assert answer in seen


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (20, 5), (39, 9), (300, 100), (80, 2)])
async def test_no_size_is_refused(size: tuple[int, int]) -> None:
    async with screen_of(troubled_run()).run_test(size=size) as pilot:
        for key in ("3", "q"):
            await press(pilot, key)


async def test_a_machine_too_busy_for_a_short_timer_still_follows_a_change_of_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = itertools.count()
    async with screen_of(working_run()).run_test(size=SIZE) as pilot:
        await pilot.resize_terminal(100, 30)
        with monkeypatch.context() as busy:
            busy.setattr("textual.timer._time.get_time", lambda: next(ticks) / 50)
            await pilot.resize_terminal(70, 14)
            await asyncio.sleep(0.1)
        await pilot.pause()
        assert "[2 Now]" in text_of(pilot.app)


@pytest.mark.parametrize(
    ("phase", "reason", "words"),
    [
        ("paused", "", "PAUSED"),
        ("waiting", "disk low: 4.2 GB free, goes on above 5 GB", "WAITING  disk low: 4.2 GB free"),
        ("draining", "", "FINISHING  the clips in hand"),
        ("stopping", "", "STOPPING"),
        ("starting", "", "STARTING"),
    ],
)
async def test_the_head_says_how_the_run_stands_and_why(phase: str, reason: str, words: str) -> None:
    run = working_run()
    run.apply(ev.PhaseChanged(NOW, phase, reason))
    async with screen_of(run).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert text_of(pilot.app).splitlines()[0].startswith(f" {words}")


async def test_no_end_is_promised_while_the_work_stands_still() -> None:
    run = working_run()
    run.apply(ev.PhaseChanged(NOW, "paused"))
    async with screen_of(run).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "of work left" in text_of(pilot.app)
        assert "done Wed" not in text_of(pilot.app)


async def test_a_run_of_which_nothing_is_known_is_shown_as_such() -> None:
    async with screen_of(None).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "CONNECTING" in text_of(pilot.app)
        assert "pause" not in footer(pilot.app)  # type: ignore[arg-type]


async def test_the_jobs_nouns_are_used_before_the_engine_has_said_a_word() -> None:
    word, piece = Noun("file", "files"), Noun("piece", "pieces")
    nouns = Nouns(word, piece, piece, piece, has_attempts=False)
    async with TuiGenApp(FakeController(None), nouns=nouns).run_test(size=SIZE) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    assert "no files known yet" in seen
    assert not any(noun in seen for noun in ("video", "clip", "image"))


async def test_a_dead_engine_is_named_with_its_last_words_and_can_be_started_again() -> None:
    gone = EngineInfo(is_alive=False, log_lines=("out of memory\x1b[2J",))
    controller = FakeController(working_run(), info=gone)
    restarts: list[int] = []

    async def restart() -> str:
        restarts.append(1)
        controller.info = EngineInfo(is_starting=True)
        return "the engine was started"

    app = screen_of(controller, on_restart=restart)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        seen = text_of(app)
        assert seen.startswith(" DEAD")
        assert "out of memory␛[2J" in seen
        assert "a start again" in footer(app)
        assert "pause" not in footer(app)
        await press(pilot, "a", "a")
        assert restarts == [1]
        assert text_of(app).startswith(" STARTING")
        assert "start again" not in footer(app)
        controller.info = EngineInfo()
        app.poll()
        await pilot.pause()
        assert text_of(app).startswith(" RUNNING")


async def test_an_engine_not_heard_of_is_stale() -> None:
    silent = FakeController(working_run(), info=EngineInfo(silent_seconds=45.0))
    async with screen_of(silent).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "STALE  was RUNNING, last heard of 45 s ago" in text_of(pilot.app)


async def test_the_key_that_the_verdict_names_is_for_the_source_that_it_names() -> None:
    state = working_run()
    for number in range(30):
        rejected = Rejected(Clip("v004", 900 + number), "damaged data", 3, 9.0)
        state.apply(ev.ClipEnded(NOW, "extract", rejected))
    async with screen_of(state).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "Spirited Away…: last 30 clips: damaged data" in text_of(pilot.app)
        assert "Skip Spirited Away" in await press(pilot, "s")
        assert "Skip Spirited Away" not in await press(pilot, "escape", "3", "s")


async def test_a_finished_run_leaves_with_its_own_code() -> None:
    run = working_run()
    run.apply(ev.RunEnded(NOW, "finished", 3))
    async with screen_of(run).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "FINISHED" in text_of(pilot.app)
        await pilot.press("q")
    assert pilot.app.return_code == 3


async def test_a_monitor_adds_up_and_offers_no_steering() -> None:
    info = EngineInfo(status_file="/data/dataset/.generator_status.json", reach="none")
    controller = FakeController(troubled_run(), info=info)
    async with screen_of(controller, is_read_only=True).run_test(size=SIZE) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
        assert "TOTAL" in seen
        assert "checkpoints 116: 42 completed, 4 in progress" in seen
        assert ".generator_status.json" in seen
        await press(pilot, "space", "plus", "s", "r", "u", "left_square_bracket")
        assert controller.asked == []
        assert not isinstance(pilot.app.screen, QuestionDialog)


async def test_work_that_a_quarantined_video_keeps_is_not_done() -> None:
    state = state_of("finished with gaps")
    async with screen_of(state).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "75.0 %" in text_of(pilot.app)
        assert "75.0 %" in progress_line(state, NOW)


async def test_only_what_changed_is_painted_again() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await pilot.pause()
        pane = pilot.app.screen.query_one("#now")
        pilot.app.screen._compositor._dirty_regions.clear()
        assert controller.state is not None
        controller.state.slots[2].what = "cutting"
        await pilot.pause()
        regions: list[Region] = []
        original = pane.refresh

        def noting(*dirty: Region) -> object:
            regions.extend(dirty)
            return original(*dirty)

        pane.refresh = noting  # type: ignore[method-assign, assignment]
        pilot.app.poll()  # type: ignore[attr-defined]
        assert [(region.y, region.height) for region in regions] == [(2, 1)]
        assert regions[0].width <= len("reading")


# ---------------------------------------------------------------------- steering


async def test_space_pauses_and_goes_on() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "space")
        assert controller.asked == [do.Pause()]
        assert controller.state is not None
        controller.state.apply(ev.PhaseChanged(NOW, "paused"))
        await press(pilot, "space")
        assert controller.asked == [do.Pause(), do.Resume()]


@pytest.mark.parametrize(("key", "workers"), [("plus", 9), ("=", 9), ("minus", 7), ("_", 7)])
async def test_workers_are_changed_by_one(key: str, workers: int) -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        seen = await press(pilot, key)
        assert controller.asked == [do.SetWorkers(workers)]
        assert f"workers target {workers}, running 8" in seen


async def test_ten_presses_while_a_command_is_under_way_become_one_more_command() -> None:
    gate = asyncio.Event()

    class Slow(FakeController):
        async def steer(self, command: do.Command) -> str:
            self.asked.append(command)
            await gate.wait()
            return "done"

    controller = Slow(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, *["plus"] * 10)
        assert controller.asked == [do.SetWorkers(9)]
        gate.set()
        await pilot.pause()
        await pilot.pause()
        assert controller.asked == [do.SetWorkers(9), do.SetWorkers(18)]


@pytest.mark.soak
async def test_ten_quick_presses_of_any_key_do_no_harm() -> None:
    controller = FakeController(troubled_run())
    keys = {action.keys.split(",")[0] for action in ALL_ACTIONS if action.group != "move"}
    async with screen_of(controller, on_restart=restarted).run_test(size=SIZE) as pilot:
        for key in sorted(keys):
            for _ in range(10):
                pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await pilot.pause()
            await pilot.press("escape", "escape")
            assert pilot.app.is_running, key
    harmless = (do.Pause, do.Resume, do.SetWorkers, do.SetPriority, do.Retry)
    assert all(isinstance(command, harmless) for command in controller.asked)
    assert [each for each in controller.asked if isinstance(each, do.Pause | do.Resume)][-1] == do.Resume()
    assert {do.Retry(), do.SetWorkers(1)} <= set(controller.asked)


async def test_a_refusal_becomes_a_notice() -> None:
    controller = FakeController(working_run(), refusal="no [/b] such thing")
    async with screen_of(controller).run_test(size=SIZE, notifications=True) as pilot:
        seen = await press(pilot, "plus")
        assert "no [/b] such thing" in seen
        assert "8 workers" in seen


async def test_a_video_is_skipped_once_its_cost_is_seen() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        seen = await press(pilot, "3", "s")
        assert "Skip Dune (2021)?" in seen
        assert "toon: 81 images" in seen
        await press(pilot, "escape")
        assert controller.asked == []
        await press(pilot, "s", "enter")
        assert controller.asked == [], "the answer that costs nothing comes first"
        await press(pilot, "s", "down", "enter")
        assert controller.asked == [do.Skip("v002")]


async def test_a_skipped_video_can_only_be_taken_back() -> None:
    run = working_run()
    run.apply(ev.SourceSkipped(NOW, "v000"))
    controller = FakeController(run)
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "2")
        assert "u un-skip" in footer(pilot.app)  # type: ignore[arg-type]
        assert "s skip" not in footer(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "s", "u")
        assert controller.asked == [do.Unskip("v000")]


async def test_priority_goes_one_step_at_a_time() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "3", "left_square_bracket")
        await press(pilot, "left_square_bracket")
        assert controller.asked[-1] == do.SetPriority("v002", 198)


async def test_what_failed_is_tried_again_only_where_something_failed() -> None:
    well, troubled = FakeController(working_run()), FakeController(troubled_run())
    for controller in (well, troubled):
        async with screen_of(controller).run_test(size=SIZE) as pilot:
            await press(pilot, "r")
    assert well.asked == []
    assert troubled.asked == [do.Retry()]


async def test_an_engine_of_another_version_is_offered_what_it_takes() -> None:
    info = EngineInfo(
        reach="run", trouble="engine 7.1 is of another version: only pause, finish and stop work"
    )
    controller = FakeController(troubled_run(), info=info)
    async with screen_of(controller, on_restart=restarted).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert text_of(pilot.app).startswith(" RUNNING  engine 7.1 is of another version")
        line = footer(pilot.app)  # type: ignore[arg-type]
        assert "space pause" in line
        assert not any(words in line for words in ("workers", "retry", "skip", "start again"))
        await press(pilot, "plus", "r", "R", "s", "u", "left_square_bracket", "a")
        assert controller.asked == []
        await press(pilot, "space")
        assert controller.asked == [do.Pause()]
        assert "finish and stop" in await press(pilot, "q")


async def test_an_engine_that_cannot_be_reached_is_offered_nothing_and_is_left_without_a_question() -> None:
    info = EngineInfo(reach="none", trouble="the engine has no control socket")
    controller = FakeController(working_run(), info=info)
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert text_of(pilot.app).startswith(" RUNNING  the engine has no control socket")
        assert "pause" not in footer(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "space", "plus")
        assert controller.asked == []
        await pilot.press("q")
    assert pilot.app.return_code == 0


@pytest.mark.parametrize("answer", ["the engine was started", "line 3: no such key"])
async def test_what_comes_of_starting_again_is_said(answer: str) -> None:
    run = working_run()
    run.apply(ev.RunEnded(NOW, "stopped", 4))

    async def restart() -> str:
        if answer.startswith("line"):
            raise do.CommandRefusedError(answer)
        return answer

    app = screen_of(FakeController(run), on_restart=restart)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.pause()
        assert "a start again" in footer(app)
        await press(pilot, "a")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert answer in text_of(app)


async def test_a_notice_goes_away_also_when_the_run_has_ended() -> None:
    run = working_run()
    run.apply(ev.RunEnded(NOW, "stopped", 4))
    later = [NOW]
    app = screen_of(FakeController(run), clock=lambda: later[0])
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.rooms.notice("all is told")
        app.poll()
        await pilot.pause()
        assert "all is told" in footer(app)
        later[0] += 6
        app.poll()
        await pilot.pause()
        assert "all is told" not in footer(app)


async def test_the_last_events_of_a_run_reach_the_log() -> None:
    """The clock of a run stands still at its end, and the log is written anew once a second."""
    controller = FakeController(working_run())
    later = [NOW + 1.0]
    app = screen_of(controller, clock=lambda: later[0])
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "l")
        assert controller.state is not None
        later[0] += 0.3
        controller.state.apply(ev.ProblemNoted(NOW + 1.2, "warning", "the very last"))
        controller.state.apply(ev.RunEnded(NOW + 1.3, "stopped", 4))
        app.poll()
        later[0] += 1
        app.poll()
        await pilot.pause()
        assert "the very last" in text_of(app)


# ---------------------------------------------------------------------- leaving


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
@pytest.mark.parametrize(
    ("downs", "command"), [(0, None), (1, do.Drain()), (2, do.Stop())], ids=["leave", "finish", "stop"]
)
async def test_leaving_asks_how(key: str, downs: int, command: do.Command | None) -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, key)
        assert isinstance(pilot.app.screen, QuestionDialog)
        await press(pilot, *["down"] * downs, "enter")
        assert controller.asked == ([command] if command else [])
        if command is not None and controller.state is not None:
            assert pilot.app.is_running
            controller.state.apply(ev.RunEnded(NOW, "stopped", 4))
            pilot.app.poll()  # type: ignore[attr-defined]
    assert pilot.app.return_code == (4 if command else 0)


async def test_ctrl_c_asks_while_a_filter_is_typed_too() -> None:
    async with screen_of(working_run()).run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "a", "ctrl+c", "ctrl+c")
        assert [type(screen) for screen in pilot.app.screen_stack[1:]] == [QuestionDialog]


async def test_leaving_works_while_paused() -> None:
    run = working_run()
    run.apply(ev.PhaseChanged(NOW, "paused"))
    async with screen_of(run).run_test(size=SIZE) as pilot:
        seen = await press(pilot, "q")
        assert "it stays paused" in seen
        await press(pilot, "enter")
    assert pilot.app.return_code == 0


# ---------------------------------------------------------------------- looking


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("1", "[1 Categories]"),
        ("3", "[3 Videos]"),
        ("4", "[4 Disk]"),
        ("5", "[5 System]"),
        ("6", "[6 Problems]"),
    ],
)
async def test_each_room_has_its_number(key: str, words: str) -> None:
    async with screen_of(troubled_run()).run_test(size=(60, 16)) as pilot:
        assert words in await press(pilot, key)


async def test_the_room_that_is_looked_at_is_marked_at_once() -> None:
    async with screen_of(troubled_run()).run_test(size=(200, 50)) as pilot:
        seen = await press(pilot, "3")
        assert "3 Videos ━" in seen
        assert "2 Now ─" in seen
        assert "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}Dune" in seen


async def test_a_late_event_of_a_lost_focus_hides_no_focused_pane() -> None:
    async with screen_of(working_run()).run_test(size=(60, 16)) as pilot:
        await press(pilot, "2")
        rooms = pilot.app.screen
        rooms.post_message(events.DescendantFocus(rooms.query_one("#categories")))
        await pilot.pause()
        assert rooms.focused is rooms.query_one("#now")
        assert "cutting" in text_of(pilot.app)


async def test_tab_goes_round_all_rooms() -> None:
    async with screen_of(troubled_run()).run_test(size=(60, 16)) as pilot:
        seen = [await press(pilot, "tab") for _ in range(6)]
    assert ["[3 V" in seen[0], "[4 D" in seen[1], "[1 C" in seen[4], "[2 N" in seen[5]] == [True] * 4


async def test_the_filter_shows_what_matches_until_escape() -> None:
    async with screen_of(troubled_run()).run_test(size=SIZE) as pilot:
        seen = await press(pilot, "slash", *"blade")
        assert "Blade Runner" in seen
        assert "Arrival" not in seen
        seen = await press(pilot, "enter")
        assert "filter: blade   1 of 116" in seen
        await press(pilot, "slash", "escape")
        assert "of 116" in text_of(pilot.app)
        assert "filter" not in text_of(pilot.app)
        assert not pilot.app.screen.query_one(Input).display


async def test_enter_shows_the_whole_of_a_problem() -> None:
    async with screen_of(troubled_run()).run_test(size=SIZE) as pilot:
        await press(pilot, "6")
        seen = await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, TextDialog)
        assert "x265 [error]: out of memory" in seen
        assert "2 times" in seen


async def test_the_cursor_stays_on_its_video_when_the_order_changes() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "3", *["down"] * 7)
        pane = pilot.app.screen.query_one("#sources")
        chosen = pane.chosen.key  # type: ignore[attr-defined]
        assert controller.state is not None
        controller.state.apply(ev.SourceMissing(NOW, "v090", "gone", "/gone"))
        pilot.app.poll()  # type: ignore[attr-defined]
        await pilot.pause()
        assert pane.chosen.key == chosen  # type: ignore[attr-defined]


async def test_y_copies_the_path_harmless_to_paste() -> None:
    run = working_run()
    run.sources["v002"].path = "/films/Du\nne.mkv"
    async with screen_of(run).run_test(size=SIZE) as pilot:
        await press(pilot, "3", "y")
        assert pilot.app.clipboard == "/films/Du␊ne.mkv"


async def test_a_keymap_changes_keys_and_what_is_said_of_them() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller, keymap={"pause": "f5", "nosuch": "x"}).run_test(
        size=SIZE, notifications=True
    ) as pilot:
        await pilot.pause()
        assert "f5 pause" in footer(pilot.app)  # type: ignore[arg-type]
        assert "nosuch" in text_of(pilot.app)
        await press(pilot, "space")
        assert controller.asked == []
        await press(pilot, "f5")
        assert controller.asked == [do.Pause()]


async def test_the_palette_carries_out_what_it_names() -> None:
    controller = FakeController(working_run())
    async with screen_of(controller).run_test(size=SIZE) as pilot:
        await press(pilot, "ctrl+p")
        await press(pilot, *"one worker more")
        await pilot.app.workers.wait_for_complete()
        await press(pilot, "enter")
        await pilot.pause()
        assert controller.asked == [do.SetWorkers(9)]


async def test_help_names_every_key() -> None:
    async with screen_of(working_run()).run_test(size=(100, 90)) as pilot:
        seen = await press(pilot, "question_mark")
        for action in ACTIONS:
            assert action.meaning_with(USUAL_NOUNS) in seen


async def test_the_log_tells_what_happened() -> None:
    async with screen_of(troubled_run()).run_test(size=SIZE) as pilot:
        seen = await press(pilot, "l")
        assert "quarantined until the next run" in seen
        assert "made " in seen


async def test_the_theme_changes_every_line() -> None:
    async with screen_of(working_run()).run_test(size=SIZE) as pilot:
        await pilot.pause()
        await press(pilot, "t")
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                assert segment.style is not None
                assert segment.style.bgcolor is not None
                assert min(segment.style.bgcolor.get_truecolor()) > 190


async def test_five_hundred_videos_scroll_without_lag() -> None:
    async with screen_of(working_run(videos=500)).run_test(size=(120, 36)) as pilot:
        await press(pilot, "3", "z")
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(20):
            pilot.app.rooms.action_page(1)  # type: ignore[attr-defined]
        assert (loop.time() - started) / 20 < 0.1
        await press(pilot, "G")
        assert "500 of 500" in text_of(pilot.app)


async def test_an_empty_run_shows_every_room() -> None:
    async with screen_of(RunState()).run_test(size=SIZE) as pilot:
        for key in ("1", "2", "3", "4", "5", "6", "l", "z", "enter", "y"):
            await press(pilot, key)
        assert not pilot.app.screen.query(OptionList)
