"""What partial updates leave on a terminal equals a full painting."""

import random
import re

from textual._compositor import CompositorUpdate
from textual.screen import Screen

from tests.tui.runs import NOW, FakeController, screen_of, text_of, working_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip
from tui_gen.tui.panes.pane import changed_cells
from tui_gen.tui.widgets.styled_lines import line

MOVE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[0-9;?]*[a-zA-Z]|(\r?\n)|([^\x1b\n]+)")


class Paper:
    """A terminal that knows moving and writing; one cell a character."""

    def __init__(self, width: int, height: int) -> None:
        self.rows = [[" "] * width for _ in range(height)]
        self.x = self.y = 0

    def take(self, sequence: str) -> None:
        for found in MOVE.finditer(sequence):
            row, column, newline, text = found.groups()
            if row:
                self.y, self.x = int(row) - 1, int(column) - 1
            elif newline:
                self.y, self.x = self.y + 1, 0
            elif text:
                for character in text:
                    self.rows[self.y][self.x] = character
                    self.x += 1

    @property
    def text(self) -> str:
        return "\n".join("".join(row) for row in self.rows)


async def test_partial_updates_add_up_to_the_full_picture() -> None:
    controller = FakeController(working_run())
    paper = Paper(120, 36)
    count = 0

    def displayed(_screen: Screen[object], update: object) -> None:
        nonlocal count
        if isinstance(update, CompositorUpdate):
            count += 1
            paper.take(update.render_segments(app.console))

    app = screen_of(controller)
    app._display = displayed  # type: ignore[method-assign, assignment]
    choice = random.Random(3)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        for step in range(25):
            assert controller.state is not None
            for number in controller.state.slots:
                if choice.random() < 0.6:
                    clip = Clip(f"v00{number % 4}", step)
                    what = choice.choice(("reading", "cutting"))
                    controller.state.apply(ev.SlotTurned(NOW - choice.randrange(99), number, clip, what, 1))
            if step % 7 == 3:
                await pilot.press(choice.choice("123z"))
            app.poll()
            await pilot.pause()
            assert paper.text == text_of(app)
    assert count > 20


def test_only_differing_cells_are_named() -> None:
    assert changed_cells(line("abc"), line("abc")) == []
    assert changed_cells(line("a" * 20), line("b" + "a" * 18 + "b")) == [(0, 1), (19, 20)]
    assert changed_cells(line("映画"), line("映面")) == [(0, 4)]
