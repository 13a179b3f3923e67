"""The cells that are sent: after them a terminal shows what was put, and they are few."""

from __future__ import annotations

import random
from typing import Any

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.runs import NOW, FakeController, screen_of, troubled_run, working_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.terminal.cells import Cells
from tui_gen.tui.terminal.looks import PICTURE

SIZE = (100, 30)
HELP, QUESTION, PALETTE = "question_mark", "q", "ctrl+p"


class Seen:
    """A terminal behind the cells of an app, and what it was sent."""

    def __init__(self, *, erases_in_colour: bool) -> None:
        self.cells = Cells(erases_in_colour=erases_in_colour)
        self.terminal = pyte.Screen(*SIZE)
        self.terminal.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.ByteStream(self.terminal)
        self.count = 0

    def catch_up(self, most_bytes: int = 1 << 30) -> int:
        """Send what has changed; return the bytes."""
        sent = 0
        while self.cells.has_changes:
            data = self.cells.changes(most_bytes).encode()
            self._stream.feed(data)
            sent += len(data)
        self.count += sent
        return sent

    def watch(self, app: App[Any]) -> None:
        """Take every update of an app."""

        def displayed(_screen: Screen[object], update: object) -> None:
            if isinstance(update, CompositorUpdate):
                self.cells.resize(*SIZE)
                self.cells.take(update)

        app._display = displayed  # type: ignore[method-assign, assignment]

    def shows(self) -> list[list[tuple[str, str, str]]]:
        """Return what the terminal shows: characters, inks of visible ones, grounds."""
        return [
            [
                (cell.data, cell.fg if cell.data.strip() else "", cell.bg)
                for cell in (self.terminal.buffer[y][x] for x in range(SIZE[0]))
            ]
            for y in range(SIZE[1])
        ]


def composed(app: App[Any]) -> list[list[tuple[str, str, str]]]:
    """Return what an app wants to be shown, as `Seen.shows` says it."""
    screens = app._background_screens
    update: Any = app.screen._compositor.render_update(full=True, screen_stack=screens)
    fresh = Seen(erases_in_colour=False)
    fresh.cells.resize(*SIZE)
    fresh.cells.take(update)
    rows = []
    for row in fresh.cells.wanted:
        cells = []
        for cell in row:
            assert cell is not None
            text, look = cell
            ink = _hex(look.ink) if look.ink and text.strip() else ""
            cells.append((text, ink, _hex(look.ground)))
        rows.append(cells)
    return rows


def _hex(codes: str) -> str:
    if not codes.startswith(("38;2;", "48;2;")):
        return "default"
    return "".join(f"{int(part):02x}" for part in codes.split(";")[2:])


async def settle(pilot: Pilot[None]) -> None:
    """Have everything painted that waits to be painted, without waiting for timers."""
    app = pilot.app
    for _ in range(2):
        await pilot.pause()
        for screen in (*app._background_screens, app.screen):
            screen._on_timer_update()


async def test_what_is_sent_adds_up_to_what_is_composed() -> None:
    controller, choice = FakeController(troubled_run()), random.Random(4)
    app, seen = screen_of(controller), Seen(erases_in_colour=True)
    seen.watch(app)
    keys = ("1", "z", HELP, "escape", "3", "enter", "escape", PALETTE, "escape", "t")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for step, key in enumerate(keys):
            assert controller.state is not None
            for number in controller.state.slots:
                controller.state.apply(
                    ev.SlotTurned(NOW - choice.randrange(99), number, Clip("v001", step), "cutting", 1)
                )
            await pilot.press(key)
            app.poll()
            await settle(pilot)
            # Now and then a terminal falls behind, and takes pieces.
            if choice.random() < 0.7:
                seen.catch_up(choice.choice((200, 2000, 1 << 30)))
                assert seen.shows() == composed(app), key


@pytest.fixture
def busy() -> tuple[TuiGenApp, Seen]:
    app, seen = screen_of(working_run()), Seen(erases_in_colour=True)
    seen.watch(app)
    return app, seen


async def test_changes_of_the_screen_cost_what_they_change(busy: tuple[TuiGenApp, Seen]) -> None:
    app, seen = busy
    costs: dict[str, int] = {}
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        costs["first"] = seen.catch_up()
        for name in (HELP, "escape", QUESTION, "escape", PALETTE, "escape", "tab", "2", "z", "z", "l"):
            await pilot.press(name)
            await settle(pilot)
            costs[name] = max(costs.get(name, 0), seen.catch_up())
        app.poll()
        await settle(pilot)
        assert seen.catch_up() == 0, "a view without changes was sent again"
    assert costs["first"] < 10_000
    assert costs[QUESTION] < 1_500
    assert max(costs[name] for name in (HELP, QUESTION, PALETTE, "escape")) < 6_000
    assert max(costs[name] for name in ("tab", "2", "z", "l")) < 6_000
    assert min(costs.values()) > 100


async def test_a_view_behind_a_dialog_goes_on(busy: tuple[TuiGenApp, Seen]) -> None:
    app, seen = busy
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("q")
        await settle(pilot)
        seen.catch_up()
        assert isinstance(app.controller, FakeController)
        assert app.controller.state is not None
        app.controller.state.apply(ev.PhaseChanged(NOW, "paused"))
        app.poll()
        await settle(pilot)
        assert seen.catch_up() < 800
        shown = "\n".join(seen.terminal.display)
        assert "PAUSED" in shown
        assert "leave it running" in shown


def put(seen: Seen, *lines: str, style: Style | None = None) -> None:
    seen.cells.resize(*SIZE)
    for y, text in enumerate(lines):
        seen.cells.put(0, y, [Segment(text, style)])


def test_wide_characters_leave_no_halves() -> None:
    seen = Seen(erases_in_colour=False)
    for text in ("映画abc", "x映画bc", "映画abc", "abcdefg", "\u00e9映 def", "  映画ab"):
        put(seen, text)
        seen.catch_up(1)
        assert "".join(cell.data for cell in seen.terminal.buffer[0].values()).rstrip() == text.rstrip()


def test_a_picture_waits_for_its_turn_and_hides_what_was_there() -> None:
    seen = Seen(erases_in_colour=False)
    put(seen, "text", "more")
    seen.catch_up()
    picture = Style.parse("#102030 on #405060") + Style.from_meta(PICTURE)
    seen.cells.put(0, 1, [Segment("▀▀▀▀", picture)])
    seen.cells.put(0, 0, [Segment("TEXT")])
    seen.catch_up()
    assert seen.terminal.display[0].rstrip() == "TEXT"
    assert seen.terminal.display[1].strip() == ""
    seen._stream.feed(seen.cells.picture(10_000).encode())
    assert seen.terminal.display[1].rstrip() == "▀▀▀▀"
    assert seen.cells.picture(10_000) == ""
    seen.cells.put(0, 1, [Segment("gone")])
    seen.catch_up()
    assert seen.terminal.display[1].rstrip() == "gone"


def test_colours_are_those_of_the_terminal() -> None:
    cells = Cells(colours=ColorSystem.EIGHT_BIT)
    cells.resize(4, 1)
    cells.put(0, 0, [Segment("warm", Style.parse("#ff0000"))])
    assert cells.changes() == "\x1b[1;1H\x1b[38;5;196mwarm\x1b[0m"


def test_what_is_not_known_is_sent_again() -> None:
    seen = Seen(erases_in_colour=False)
    put(seen, "here")
    assert seen.catch_up() > 0
    put(seen, "here")
    assert seen.catch_up() == 0
    seen.cells.forget()
    assert seen.catch_up() > 0
