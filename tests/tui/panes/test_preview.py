"""The preview: drawn outside, in a thread, shown in half blocks, and never a reason to crash."""

import threading
from collections.abc import Awaitable, Callable

import pytest
from textual.geometry import Size
from textual.pilot import Pilot

from tests.tui.runs import NOW, FakeController, made, screen_of, text_of, working_run
from tests.tui.test_snapshots import SnapCompare
from tui_gen.contract.preview import Picture
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, JsonObject
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.panes.patch_preview import PatchPreview
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


# ---------------------------------------------------------------------- several patches side by side


class Gradients:
    """Draws a picture of colours that tell the clip."""

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        clip = int(patch["clip"])
        cells = [
            [((6 * x % 256, 9 * y, clip), (6 * x % 256, 9 * y + 4, clip)) for x in range(columns)]
            for y in range(min(rows, columns // 4))
        ]
        return Picture(cells, f"{patch['format']} of clip {clip}")


def drawn(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """Press keys, and wait for the strip."""

    async def before(pilot: Pilot[object]) -> None:
        await pilot.pause()
        await pilot.press(*keys)
        for _ in range(200):
            await pilot.pause(0.01)
            if "of clip" in text_of(pilot.app):
                break
        await pilot.pause()

    return before


@pytest.mark.parametrize(("size", "keys"), [((200, 50), "p"), ((200, 50), "zp"), ((120, 36), "zp")], ids=str)
def test_a_strip_of_the_newest_patches(snap_compare: SnapCompare, size: tuple[int, int], keys: str) -> None:
    app = screen_of(working_run(), preview=PatchPreview(Gradients()))
    assert snap_compare(app, terminal_size=size, run_before=drawn(*keys))


async def test_a_strip_goes_on_with_the_run_at_most_once_in_ten_seconds() -> None:
    state, later, times = working_run(), [NOW], list[float]()

    def draw(_state: RunState, _room: Size) -> PreviewImage:
        times.append(later[0])
        return PreviewImage([[(RED, BLUE)] * 4] * 3, "strip of clips", is_strip=True)

    app = screen_of(FakeController(state), preview=draw, clock=lambda: later[0])
    async with app.run_test(size=(200, 50)) as pilot:
        await drawn("p")(pilot)  # type: ignore[arg-type]
        for second in range(1, 40):
            later[0] = NOW + second
            if second < 25:
                state.apply(made(Clip("v000", 300 + second), NOW))
            app.poll()
            await pilot.pause(0.01)
        assert times == [NOW, NOW + 10, NOW + 20, NOW + 30]  # the last for what was made up to then
        await pilot.press("p")
        await pilot.pause(0.05)
        assert times[-1] == NOW + 39
        await pilot.press("2")
        later[0] = NOW + 60
        state.apply(ev.PhaseChanged(NOW, "running"))
        state.apply(made(Clip("v000", 399), NOW))
        app.poll()
        await pilot.pause(0.05)
        assert times[-1] == NOW + 39
