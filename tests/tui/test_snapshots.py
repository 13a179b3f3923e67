"""Pictures of the screen at the sizes it is made for. New ones: pytest tests/tui --snapshot-update."""

from collections.abc import Awaitable, Callable

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.tui.runs import (
    NOW,
    FakeController,
    restarted,
    screen_of,
    troubled_run,
    with_history,
    working_run,
)
from tui_gen.engine.model import events as ev
from tui_gen.tui.dialogs.first_run import FirstRunApp
from tui_gen.tui.view import EngineInfo

SnapCompare = Callable[..., bool]


def pressing(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """Press keys, and wait until all of it is painted."""

    async def before(pilot: Pilot[object]) -> None:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()

    return before


SIZES = [(60, 16), (80, 24), (120, 36), (200, 50)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_run_that_is_well(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(screen_of(with_history(working_run())), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_run_in_trouble(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(screen_of(with_history(troubled_run())), terminal_size=size, run_before=pressing("3"))


@pytest.mark.parametrize(("size", "keys"), [((60, 16), "h"), ((120, 36), "hh"), ((200, 50), "hh")], ids=str)
def test_the_curves(snap_compare: SnapCompare, size: tuple[int, int], keys: str) -> None:
    assert snap_compare(
        screen_of(with_history(working_run())), terminal_size=size, run_before=pressing(*keys)
    )


def test_the_essentials(snap_compare: SnapCompare) -> None:
    assert snap_compare(screen_of(working_run()), terminal_size=(40, 10), run_before=pressing())


def test_a_paused_run_in_a_light_theme(snap_compare: SnapCompare) -> None:
    run = working_run(workers=3)
    run.apply(ev.PhaseChanged(NOW, "paused"))
    assert snap_compare(screen_of(run), terminal_size=(80, 24), run_before=pressing("t"))


def test_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(screen_of(troubled_run()), terminal_size=(80, 24), run_before=pressing())


ENDING = (
    "the engine ended with signal 9 (Killed)",
    "the kernel: Out of memory: Killed process 4711",
)


def test_a_dead_engine(snap_compare: SnapCompare) -> None:
    said = ("16:00:01 took the run folder", "16:41:12 killed: out of memory")
    controller = FakeController(working_run(), info=EngineInfo(is_alive=False, log_lines=said, ending=ENDING))
    assert snap_compare(
        screen_of(controller, on_restart=restarted), terminal_size=(80, 24), run_before=pressing()
    )


def test_a_monitor(snap_compare: SnapCompare) -> None:
    assert snap_compare(
        screen_of(working_run(), is_read_only=True), terminal_size=(80, 24), run_before=pressing()
    )


@pytest.mark.parametrize("key", ["q", "question_mark", "enter", "s"])
def test_a_dialog(snap_compare: SnapCompare, key: str) -> None:
    assert snap_compare(screen_of(troubled_run()), terminal_size=(80, 24), run_before=pressing("3", key))


def test_the_first_page(snap_compare: SnapCompare) -> None:
    page: App[object] = FirstRunApp("There is no ./generator_config.json.")  # type: ignore[assignment]
    assert snap_compare(page, terminal_size=(80, 24), run_before=pressing())
