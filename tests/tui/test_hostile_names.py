"""Hostile names over every pane, dialog and notice: shown whole and harmless, and nothing crashes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.screen import ModalScreen

from tests.tui.runs import NOW, FakeController, screen_of, text_of
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.problem_kinds import problem_kinds
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import CategoryPlan, Clip, Failed, Plan, SourcePlan
from tui_gen.tui.dialogs.first_run import FirstRunApp
from tui_gen.tui.panes.categories import category_details
from tui_gen.tui.panes.problems import kind_details
from tui_gen.tui.panes.sources import cost_of_skipping, source_details
from tui_gen.tui.view import EngineInfo, ScreenView, condition_of
from tui_gen.tui.widgets.styled_lines import fit, fit_end, wrapped

HOSTILE = (
    "[/b] closed too often",
    "an unclosed [",
    "[SubGroup] x [1080p][ABCD1234].mkv",
    "[@click=app.bell]press[/]",
    "two\nlines\tand a tab",
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "\x9b2J C1",
    "right\u202eto\u2066left\u200f",
    "film \N{CLAPPER BOARD}\N{VARIATION SELECTOR-16} \N{FAMILY}\u200d\N{GIRL}",
    "not UTF-8 \udcff\udc80",
    "é" * 255,
    "\N{CJK UNIFIED IDEOGRAPH-6620}\N{CJK UNIFIED IDEOGRAPH-753B}" * 60,
    "trailing backslash \\",
    "$primary {braces} %s \\x1b",
    "",
)
RAW = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff]")


def hostile_run(*texts: str) -> RunState:
    """Return a run in which all that is foreign is hostile."""
    state = RunState()
    for event in hostile_events(texts):
        state.apply(event)
    return state


def hostile_events(texts: tuple[str, ...]) -> Iterator[ev.Event]:
    """Have each text be a name, a path, a category, a reason, a detail, a warning."""
    sources = tuple(
        SourcePlan(f"v{k:03d}", text, f"/films/{text}.mkv", 255, (), 0, 0, 10, {text or "c": 5})
        for k, text in enumerate(texts)
    )
    categories = {text or "c": CategoryPlan(9, 5, text) for text in texts}
    worst = texts[0]
    yield ev.RunStarted(NOW - 60, worst, {}, worst, f"/data/{worst}", 1, worst, "0")
    yield ev.StagePlanned(NOW - 59, worst, Plan(sources, categories, texts))
    yield ev.WorkersChanged(NOW - 58, len(texts))
    yield ev.PhaseChanged(NOW - 58, "running", worst)
    for k, text in enumerate(texts):
        clip = Clip(f"v{k:03d}", k)
        yield ev.FactsLearned(NOW - 57, text, clip.source, {}, (text,))
        yield ev.SlotOpened(NOW - 56, k, clip.source)
        yield ev.SlotTurned(NOW - 55, k, clip, text, 1)
        yield ev.ClipRetried(NOW - 54, clip, 2, text)
        yield ev.ClipEnded(NOW - 53, text, Failed(clip, text, 2, 1.0, f"{text}\n{text}"))
        yield ev.ProblemNoted(NOW - 51, "error", text, clip.source, f"{text}\n\n{text}")
        if k % 2:
            yield ev.SourceFoundUnusable(NOW - 52, text, clip.source, text, text)


def assert_harmless(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    seen = text_of(pilot.app)
    for row in seen.split("\n"):
        assert not RAW.search(row), ascii(row)
        assert cell_len(row) == size[0], ascii(row)
    pilot.app.export_screenshot().encode()


@pytest.mark.parametrize("size", [(60, 16), (200, 50)])
async def test_hostile_text_is_harmless_in_every_room(size: tuple[int, int]) -> None:
    controller = FakeController(hostile_run(*HOSTILE), info=EngineInfo(log_lines=HOSTILE))
    app = screen_of(controller)
    async with app.run_test(size=size, notifications=True) as pilot:
        for key in ("1", "2", "3", "4", "5", "6", "l", "y", "question_mark", "escape", "z", "slash", "["):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(pilot, size)
        controller.info = EngineInfo(is_alive=False, log_lines=HOSTILE, ending=HOSTILE)
        app.poll()
        await pilot.pause()
        assert_harmless(pilot, size)


async def test_hostile_text_is_harmless_in_every_dialog() -> None:
    size = (80, 24)
    async with screen_of(hostile_run(" ".join(HOSTILE))).run_test(size=size) as pilot:
        for room, key in (("1", "enter"), ("3", "enter"), ("3", "s"), ("6", "enter")):
            await pilot.press(room, key)
            await pilot.pause()
            assert isinstance(pilot.app.screen, ModalScreen)
            assert_harmless(pilot, size)
            await pilot.press("escape")


def test_hostile_text_is_harmless_in_all_that_dialogs_say() -> None:
    state = hostile_run(*HOSTILE)
    view = ScreenView(state, NOW, condition_of(state, EngineInfo()))
    for source in state.sources:
        assert_lines_harmless(source_details(view, source) + cost_of_skipping(view, source))
    for name in state.categories:
        assert_lines_harmless(category_details(view, name))
    for kind in problem_kinds(state):
        assert_lines_harmless(kind_details(view, kind))


def assert_lines_harmless(lines: list[str]) -> None:
    for each in lines:
        assert not RAW.search(each), ascii(each)


async def test_hostile_text_is_harmless_in_notices() -> None:
    size = (80, 24)
    controller = FakeController(hostile_run(*HOSTILE), refusal="\n".join(HOSTILE))
    app = screen_of(controller, keymap=dict.fromkeys(HOSTILE, "x"))
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.press("plus")
        await pilot.pause()
        assert_harmless(pilot, size)
        for text in HOSTILE:
            app.rooms.notice(text)
            await pilot.pause()
            assert_harmless(pilot, size)


async def test_hostile_text_is_harmless_on_the_first_page() -> None:
    async with FirstRunApp("\n".join(HOSTILE)).run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        assert_harmless(pilot, (80, 24))


async def test_a_name_is_shown_whole_where_it_is_asked_for() -> None:
    name = "[SubGroup] " + "n" * 230 + " [ABCD1234].mkv"
    async with screen_of(hostile_run(name)).run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "enter")
        await pilot.pause()
        rows = text_of(pilot.app).split("\n")
    inside = "".join(row.split("│")[1].strip() for row in rows if row.count("│") == 2)
    assert name.replace(" ", "") in inside.replace(" ", "")


@pytest.mark.parametrize("width", range(12))
def test_fitted_text_takes_exactly_its_cells(width: int) -> None:
    for text in ("", "abc", "映画映画映画", "a映b画c", "é" * 20):
        assert cell_len(fit(text, width)) == width
        assert cell_len(fit_end(text, width)) == width
        if width > 1:
            assert all(cell_len(row) <= width for row in wrapped(text, width))
