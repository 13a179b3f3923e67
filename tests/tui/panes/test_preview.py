"""The preview: drawn outside, in a thread, shown in half blocks, and never a reason to crash."""

import threading

from textual.geometry import Size

from tests.tui.runs import FakeController, screen_of, text_of, working_run
from tui_gen.engine.model.state import RunState
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.panes.preview import PreviewImage

RED, BLUE = (255, 0, 0), (0, 0, 255)


async def shown(preview: object, wanted: str) -> tuple[str, object]:
    """Press p and wait until `wanted` is on the screen."""
    app = screen_of(FakeController(working_run()), preview=preview)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        for _ in range(200):
            await pilot.pause(0.01)
            if wanted in text_of(app):
                break
        return text_of(app), app.screen._compositor.render_strips()


async def test_the_picture_stands_in_half_blocks() -> None:
    rooms: list[Size] = []

    def draw(_state: RunState, room: Size) -> PreviewImage:
        rooms.append(room)
        return PreviewImage([[(RED, BLUE)] * 4] * 3, "GT and LR of clip 7 \x1b[2J")

    text, strips = await shown(draw, "▀▀▀▀")
    assert text.count("▀▀▀▀") == 3
    assert "GT and LR of clip 7 ␛[2J" in text
    assert rooms[0].width == 78
    assert rooms[0].height > 10
    styles = {segment.style for strip in strips for segment in strip if "▀" in segment.text}  # type: ignore[attr-defined]
    assert [(s.color.get_truecolor(), s.bgcolor.get_truecolor()) for s in styles] == [(RED, BLUE)]


async def test_a_slow_line_gets_words_instead_of_a_picture() -> None:
    drawn: list[Size] = []

    class Slow(TuiGenApp):
        is_line_slow = True

    def draw(_state: RunState, room: Size) -> PreviewImage:
        drawn.append(room)
        return PreviewImage([[(RED, BLUE)] * 4] * 3, "GT and LR")

    async with Slow(FakeController(working_run()), preview=draw).run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await pilot.pause()
        assert "no picture: the line to this terminal is too slow" in text_of(pilot.app)
    assert drawn == []


async def test_a_failure_is_shown() -> None:
    def draw(_state: RunState, _room: Size) -> PreviewImage:
        message = "no such file [/b]"
        raise OSError(message)

    text, _ = await shown(draw, "could not be drawn")
    assert "the picture could not be drawn: no such file [/b]" in text


async def test_a_drawing_that_hangs_holds_nothing_up() -> None:
    never = threading.Event()

    def draw(_state: RunState, _room: Size) -> PreviewImage | None:
        never.wait(60)
        return None

    app = screen_of(FakeController(working_run()), preview=draw)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "p", "p", "2")
        await pilot.pause()
        assert "[2" in text_of(app) or "2 Now" in text_of(app)
        drawing = [thread for thread in threading.enumerate() if thread.name == "preview"]
        assert len(drawing) == 1
        assert drawing[0].daemon
    never.set()


async def test_without_anybody_to_draw_it_is_not_offered() -> None:
    app = screen_of(FakeController(working_run()))
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.press("p")
        await pilot.pause()
        assert "p preview" not in text_of(app)
        assert "Preview" not in text_of(app)
