"""The list of runs: what it shows at every size, where enter leads, and how one returns to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.runs import NOW, FakeController, screen_of, text_of, working_run
from tests.tui.test_hostile_names import HOSTILE, assert_harmless
from tests.tui.test_snapshots import SIZES, SnapCompare, pressing
from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.commands import screen
from tui_gen.engine.model.run_verdict import RunVerdict
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.runs import app as run_list
from tui_gen.tui.runs.app import RunsApp
from tui_gen.tui.runs.rows import detail_lines
from tui_gen.tui.widgets.scroll_list import CURSOR_MARK
from tui_gen.tui.widgets.styled_lines import width_of
from tui_gen.views.text.run_rows import RunRow, RunsSeen

GOOD = RunRow(
    "a",
    "/mnt/data/training/dune",
    "/home/anna/dune.json",
    "RUNNING",
    job="superres",
    pid=4711,
    share_done=0.362,
    seconds_left=223_000,
    patches_per_minute=412,
    verdict=RunVerdict("well", "good", "All well"),
    is_engine_there=True,
)
WRONG = replace(
    GOOD,
    key="b",
    output="/mnt/data/training/a-long-name/of-a-series/first-season",
    config="/home/anna/series/first-season.json",
    job="anime",
    pid=4712,
    share_done=0.04,
    patches_per_minute=3.2,
    verdict=RunVerdict(
        "failing",
        "warning",
        "last 24 frames: damaged data, 0 images for 4 min",
        "Cleo - S01E04",
        action="skip",
        advice="skips it",
        cost="costs 112 images",
    ),
)
NEVER = RunRow(
    "c",
    "/mnt/data/training/digits",
    "/home/anna/digits.json",
    "NO RUN",
    "there is no status file: no run has begun here, or the file was removed",
    job="videomnist",
    start_hint="/mnt/data/training/digits: no engine is running here; start one with: tui-gen digits.json",
)
DEAD = replace(
    GOOD,
    key="d",
    output="/mnt/data/training/arrival",
    word="DEAD",
    seconds_left=None,
    patches_per_minute=None,
    verdict=RunVerdict(
        "dead",
        "error",
        "The engine is gone; what it finished is safe",
        action="restart",
        advice="starts it again",
    ),
    is_engine_there=False,
    start_hint="/mnt/data/training/arrival: no engine is running here; start one with: tui-gen dune.json",
)
SEEN = RunsSeen((GOOD, WRONG, NEVER, DEAD), {0: 2})


def listing(seen: RunsSeen = SEEN, **more: Any) -> RunsApp:  # noqa: ANN401 - of any option
    async def look() -> RunsSeen:
        return seen

    return RunsApp(look, "box", clock=lambda: NOW, **more)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pictures_at_every_size(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(listing(), terminal_size=size, run_before=pressing("down"))


def test_a_picture_in_the_light_theme_without_a_run(snap_compare: SnapCompare) -> None:
    assert snap_compare(listing(RunsSeen((), {0: 1})), terminal_size=(80, 24), run_before=pressing("t"))


def test_a_picture_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(listing(chosen="d"), terminal_size=(80, 24), run_before=pressing("enter"))


async def test_hostile_names_are_shown_harmless() -> None:
    rows = tuple(replace(GOOD, key=str(n), output=text, config=text) for n, text in enumerate(HOSTILE))
    app = listing(RunsSeen(rows))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert_harmless(pilot, (120, 36))
    for row in rows:
        for written in detail_lines(replace(row, verdict=None, note=row.output), 80, 9):
            assert width_of(written) <= 80
            assert all(span.text == display_name(span.text) for span in written)


async def test_enter_on_a_run_without_an_engine_says_what_to_type() -> None:
    app = listing(chosen="c")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert text_of(app).splitlines()[-1].count("start one with: tui-gen digits.json") == 1
        await pilot.press("down")
        assert "attach" in text_of(app).splitlines()[-1]
        assert app.return_value is None


async def test_rows_are_renewed_one_look_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_list, "LOOK_SECONDS", 0.001)
    may_answer, looks = asyncio.Event(), list[RunsSeen]()

    async def look() -> RunsSeen:
        looks.append(RunsSeen((replace(GOOD, word=f"LOOK {len(looks) + 1}"),)))
        seen = looks[-1]
        await may_answer.wait()
        return seen

    app = RunsApp(look, "box", clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        assert "looking" in text_of(app)
        assert len(looks) == 1
        may_answer.set()
        while len(looks) < 3:
            await pilot.pause(0.01)
        await pilot.pause()
        assert "LOOK " in text_of(app)


# ------------------------------------------------------------------ from the list to a run and back

Drive = Callable[[Pilot[Any]], Awaitable[None]]


def test_one_attaches_to_a_run_and_returns_to_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    async def attach(pilot: Pilot[Any]) -> None:
        await pilot.press("t", "down", "enter")

    async def leave_the_run(pilot: Pilot[Any]) -> None:
        assert isinstance(pilot.app, TuiGenApp)
        await pilot.press("q", "enter")

    async def attach_again(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        shown.append(text_of(pilot.app))
        await pilot.press("enter")

    async def leave(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        shown.append(text_of(pilot.app))
        await pilot.press("q")

    steps: list[Drive] = [attach, leave_the_run, attach_again, leave]
    themes = []

    def run_screen(app: Any, *_: object) -> int:  # noqa: ANN401 - of any result
        step = steps.pop(0)

        async def drive() -> None:
            async with app.run_test(size=(80, 24)) as pilot:
                themes.append(app.theme)
                await pilot.pause()
                await step(pilot)
                await pilot.pause()

        asyncio.run(drive())
        return int(app.return_code or 0)

    asked: list[str] = []

    def config_of(row: RunRow) -> Any:  # noqa: ANN401 - what the faked screen is made of
        asked.append(row.key)
        if len(asked) > 1:
            message = "its configuration was removed"
            raise RefusedError(message)
        return type("Config", (), {"run": type("Run", (), {"run_folder": Path("/nowhere")})})

    async def look() -> RunsSeen:
        return SEEN

    monkeypatch.setattr(screen, "run_screen", run_screen)
    monkeypatch.setattr(screen, "_app_of", lambda *_, **__: screen_of(FakeController(working_run())))
    assert screen.run_list(look, config_of) == 0
    assert steps == []
    assert asked == ["b", "b"]
    assert themes == ["tui-gen-dark", *["tui-gen-light"] * 3]
    assert [
        next(line for line in text.splitlines() if line[:1] == CURSOR_MARK)[1:9].strip() for text in shown
    ] == [
        "RUNNING",
        "RUNNING",
    ]
    assert "Cleo - S01E04: last 24 frames" in shown[0]
    assert "its configuration was removed" in shown[1].splitlines()[-1]
