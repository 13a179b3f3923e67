"""The pane of problems: kinds, the fact before the name, and what enter lists."""

from __future__ import annotations

from textual.geometry import Size

from tests.tui.runs import NOW, screen_of, text_of, troubled_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.tui.dialogs.dialogs import TextDialog
from tui_gen.tui.panes.problems import ProblemsPane, kind_details
from tui_gen.tui.view import EngineInfo, ScreenView, condition_of
from tui_gen.tui.widgets.styled_lines import Line


def with_warnings() -> RunState:
    state = troubled_run()
    for number in range(11):
        text = f"40 clips, only 0.{number + 10} s apart"
        state.apply(ev.ProblemNoted(NOW - 5, "warning", text, f"v{number:03d}"))
    return state


def view_of(state: RunState) -> ScreenView:
    return ScreenView(state, NOW, condition_of(state, EngineInfo()))


def words(written: Line) -> str:
    return "".join(span.text for span in written).rstrip()


def rows(state: RunState, width: int) -> list[str]:
    page = ProblemsPane().page(view_of(state), Size(width, 9))
    return [words(page.row(index)) for index in range(len(page.keys))]


def test_errors_are_above_newer_warnings_and_a_fact_is_before_its_name() -> None:
    written = [row.split(maxsplit=1)[1] for row in rows(with_warnings(), 100)]
    assert [row.split()[0] for row in written] == ["error"] * 3 + ["warning"] * 3
    assert written[0].endswith("quarantined until the next run: crashed five times in a row: Film 023 (1973)")
    assert written[3].endswith("11 videos: 40 clips, only 0.10 to 0.20 s apart")


def test_a_small_screen_shows_the_first_kind_and_how_many_more_there_are() -> None:
    (only,) = ProblemsPane().summary(view_of(with_warnings()), 80)
    assert words(only).startswith(" 6 problems ! quarantined until")
    assert words(only).endswith("5 more kinds")
    assert sum(len(span.text) for span in only) <= 79


async def test_enter_lists_all_problems_of_a_kind() -> None:
    state = with_warnings()
    async with screen_of(state).run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "down", "down", "down", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TextDialog)
        assert "11 warnings" in text_of(pilot.app)
    view = view_of(state)
    pane = ProblemsPane()
    page = pane.page(view, Size(80, 9))
    details = "\n".join(kind_details(view, pane._kinds[page.keys.index(page.keys[3])]))
    assert all(f"0.{number + 10} s apart" in details for number in range(11))
    assert "Blade Runner 2049" in details


async def test_problems_take_at_most_three_lines_of_one_column() -> None:
    run = with_warnings()
    for number in (6, 7, 8):
        run.apply(ev.SlotClosed(NOW, number))
    run.workers_target = 5
    async with screen_of(run).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app).splitlines()
        first = next(place for place, each in enumerate(seen) if each.startswith(" 6 problems"))
        assert [each[12:14] for each in seen[first:-1]] == ["! "] * 3
        assert seen[-2].rstrip().endswith("3 more kinds")
