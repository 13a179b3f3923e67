"""Nothing on the screen changes its place by itself: categories, the workers under the cursor, the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from tests.tui.runs import NOW, FakeController, screen_of, text_of, working_run
from tests.views.states import at_work
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import in_work_order, next_sources
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState, in_plan_order
from tui_gen.engine.model.work import CategoryPlan, Clip, Made, Patch, Plan, SourcePlan
from tui_gen.engine.storage.status import status_of, write_status
from tui_gen.engine.storage.status_reader import read_status
from tui_gen.tui.panes.sources import SourcesPane
from tui_gen.tui.view import EngineInfo, ScreenView, condition_of
from tui_gen.tui.widgets.scroll_list import CURSOR_MARK

PLANNED = ("general", "toon", "space")


def planned(*sources: str) -> ev.StagePlanned:
    plans = tuple(
        SourcePlan(name, name.title(), f"/{name}", 255, (), 0, clips_made=0, clips_left=9) for name in sources
    )
    return ev.StagePlanned(2.0, "extract", Plan(plans, {name: CategoryPlan(9, 9, name) for name in PLANNED}))


def made(number: int, *categories: str) -> ev.ClipEnded:
    patches = tuple(Patch(name, 10, {}) for name in categories)
    return ev.ClipEnded(1.0, "extract", Made(Clip("a", number), patches, 1, 1.0))


def state_of(*events: ev.Event) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


# ------------------------------------------------------------------ categories


def test_categories_have_the_order_of_the_plan_whatever_the_ledger_began_with() -> None:
    for first in ("space", "toon", "old"):
        state = state_of(made(0, first), made(1, "general"), planned("a"))
        assert [name for name in state.categories if name != "old"] == list(PLANNED)


@given(st.permutations(["a", "b", "c", "d", "e"]), st.sets(st.sampled_from(["a", "b", "c", "d", "e"])))
def test_a_plan_moves_its_categories_alone(order: list[str], of_plan: set[str]) -> None:
    before = {name: CategoryState(name) for name in order}
    after = list(in_plan_order(before, sorted(of_plan)))
    assert [name for name in after if name in of_plan] == sorted(of_plan)
    assert [name for name in after if name not in of_plan] == [n for n in order if n not in of_plan]


# ------------------------------------------------------------------ the queue


def queue(*changes: ev.Event) -> RunState:
    return state_of(
        ev.RunStarted(1.0, "toy", {}, "/c", "/o", 1, "h", "0"), planned("d", "c", "b", "a", "e"), *changes
    )


def listed(state: RunState) -> list[str]:
    return [source.id for source in in_work_order(state.sources.values())]


def test_the_list_is_the_queue_in_the_order_of_the_plan() -> None:
    assert listed(queue()) == ["d", "c", "b", "a", "e"]
    assert next_sources(queue()) == ["d", "c", "b"]


def test_a_priority_moves_a_source_in_the_list_at_once() -> None:
    state = queue(ev.PriorityChanged(3.0, "e", 254))
    assert listed(state)[0] == "e"
    assert next_sources(state) == ["e", "d", "c"]


def test_sources_at_work_come_first_and_those_that_give_nothing_after_the_queue() -> None:
    state = queue(
        ev.SlotOpened(3.0, 1, "a"), ev.SourceSkipped(3.0, "d"), ev.SourceQuarantined(3.0, "c", "no")
    )
    assert listed(state) == ["a", "b", "e", "c", "d"]


def test_the_next_three_are_marked_and_a_monitor_marks_the_same(tmp_path: Path) -> None:
    def marks(state: RunState) -> Iterator[str]:
        view = ScreenView(state, 5.0, condition_of(state, EngineInfo()))
        page = SourcesPane().page(view, Size(100, 20))
        for index in range(len(page.keys)):
            yield " ".join("".join(span.text for span in page.row(index)).split()[:3])

    state, path = queue(), tmp_path / "status.json"
    assert list(marks(state)) == ["D next 1", "C next 2", "B next 3", "A queued 0/9", "E queued 0/9"]
    asyncio.run(write_status(path, status_of(state, 5.0)))
    assert list(marks(read_status(path, 5.0).state)) == list(marks(state))


# ------------------------------------------------------------------ the cursor


async def test_the_cursor_of_now_stays_on_its_worker_while_that_has_no_work() -> None:
    controller = FakeController(working_run())
    state = controller.state
    assert state is not None
    for number in (8, 3):  # the last one, and one in the middle
        async with screen_of(controller).run_test(size=(80, 24)) as pilot:
            await pilot.press("home", *["down"] * (number - 1))
            await pilot.pause()
            pane = pilot.app.screen.query_one("#now")
            assert pane.chosen.key == number  # type: ignore[attr-defined]
            source = state.slots[number].source
            state.apply(ev.SlotClosed(NOW, number))
            pilot.app.poll()  # type: ignore[attr-defined]
            await pilot.pause()
            assert f"{CURSOR_MARK} {number}  no work at the moment" in text_of(pilot.app)
            state.apply(ev.SlotOpened(NOW, number, source))
            pilot.app.poll()  # type: ignore[attr-defined]
            await pilot.pause()
            assert pane.chosen.key == number  # type: ignore[attr-defined]


async def test_workers_that_are_not_wanted_any_more_leave_no_rows() -> None:
    state = working_run()
    controller = FakeController(state)
    async with screen_of(controller).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        state.apply(ev.WorkersChanged(NOW, 2))
        for number in range(3, 9):
            state.apply(ev.SlotClosed(NOW, number))
        pilot.app.poll()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "no work at the moment" not in text_of(pilot.app)


def test_a_run_of_an_earlier_configuration_keeps_its_sources_in_order() -> None:
    state = state_of(*at_work())
    assert listed(state) == ["bert", "cleo", "dora", "anna"]
