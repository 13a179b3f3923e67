"""The machines of a cluster on the screen: a pane of their own, keys for one of them, and no word at home."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region, Size
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.tui.runs import NOW, FakeController, cluster_run, screen_of, text_of, with_history, working_run
from tests.tui.test_snapshots import SnapCompare, pressing
from tui_gen.engine.model import events as ev
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.layout import LayoutRequest, PaneName, arrange

SIZES = [(80, 24), (120, 36), (200, 50)]


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause()
    return text_of(pilot.app)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_cluster(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    shown = screen_of(with_history(cluster_run()))
    assert snap_compare(shown, terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", [(60, 16), (80, 24)], ids=str)
def test_the_pane_of_the_machines(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    shown = screen_of(with_history(cluster_run()))
    assert snap_compare(shown, terminal_size=size, run_before=pressing("7", "down"))


def test_the_machines_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(screen_of(cluster_run()), terminal_size=(120, 36), run_before=pressing("7"))


def test_the_page_of_a_machine(snap_compare: SnapCompare) -> None:
    assert snap_compare(screen_of(cluster_run()), terminal_size=(120, 36), run_before=pressing("7", "enter"))


async def test_a_run_at_home_has_no_word_of_machines() -> None:
    controller = with_history(working_run())
    async with screen_of(controller).run_test(size=(120, 36)) as pilot:
        seen = await press(pilot, "7")
        assert "achine" not in seen
        assert "2 Now ━" in seen
        for _ in range(6):
            await press(pilot, "tab")
        assert "2 Now ━" in text_of(pilot.app)


async def test_the_keys_reach_the_pane_and_its_rows_and_details() -> None:
    async with screen_of(cluster_run()).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "7 Machines ━" in await press(pilot, "7")
        assert "7 Machines ━" in await press(pilot, "2", "shift+tab", "shift+tab")
        seen = await press(pilot, "down", "down", "down", "enter")
        assert "why       ffmpeg: 'n9.0.2' -> '5.1.9', colour fingerprint: 'a91c' -> '07f2'" in seen
        assert "phase     refused for 45s" in seen


async def test_a_small_screen_shows_the_machines_in_one_line_and_then_the_pane() -> None:
    async with screen_of(cluster_run()).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        row = next(line for line in text_of(pilot.app).splitlines() if "7 machines" in line)
        assert row.split("machines")[1].strip() == (
            "2 running, 1 silent, 1 refused, 1 waiting   ! box10 refused"
        )
        seen = await press(pilot, "7")
        assert "[7 Machines]" in seen
        assert "  8/8 workers   cpu  97 %" in seen


KEYS = (
    (("plus",), do.SetWorkers(9, "box2")),  # 8 workers on 16 cores; nas has as few, and waits
    (("minus",), do.SetWorkers(7, "box1")),  # 8 workers on 8 cores
    (("7", "plus"), do.SetWorkers(8, "box1")),
    (("down", "plus"), do.SetWorkers(10, "box2")),
    (("end", "minus", "minus"), do.SetWorkers(0, "nas")),
    (("w", "5", "enter"), do.SetWorkers(5, "nas")),
    (("2", "w", "1", "2", "enter"), do.SetWorkers(12)),
)


async def test_the_keys_for_workers_are_for_the_chosen_machine_or_for_the_emptiest_and_fullest() -> None:
    controller = FakeController(cluster_run())
    async with screen_of(controller).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        for keys, command in KEYS:
            await press(pilot, *keys)
            await pilot.app.workers.wait_for_complete()
            assert controller.asked[-1] == command


async def test_the_field_says_whose_number_it_is() -> None:
    async with screen_of(cluster_run()).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        seen = await press(pilot, "w")
        assert "workers of all machines, divided by their cores, 1 to 256 (now 18)" in seen
        await press(pilot, "escape")
        assert "workers of box2, 0 to 256 (now 8)" in await press(pilot, "7", "down", "w")


async def test_more_than_the_cores_of_a_machine_bear_is_asked_for_once() -> None:
    controller = FakeController(cluster_run())
    async with screen_of(controller).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        seen = await press(pilot, "7", "w", "9", "9", "enter")
        assert "box1: 8 cores keep up with 16 workers" in seen
        assert controller.asked == []
        assert [option.id for option in pilot.app.screen.query_one(OptionList).options] == ["99", "8"]
        await press(pilot, "enter")
        assert controller.asked == [do.SetWorkers(99, "box1")]


async def test_no_cell_changes_while_nothing_changes() -> None:
    run, now = cluster_run(), [NOW]
    app = screen_of(FakeController(run), clock=lambda: now[0])
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "7")
        pane, regions = app.screen.query_one("#machines"), list[Region]()
        pane.refresh = lambda *dirty: regions.extend(dirty)  # type: ignore[method-assign, assignment]
        for _ in range(8):  # four seconds: silence is told in steps of ten
            now[0] += 0.5
            for name in ("box1", "box2"):
                run.apply(replace(run.machines[name].load, at=now[0]))  # type: ignore[type-var, arg-type]
            app.poll()
        assert regions == []
        run.apply(ev.MachineMeasured(now[0], "box1", 96.0, 8 * 10**9, 32 * 10**9))
        app.poll()
        assert [region.size for region in regions] == [Size(1, 1)]


async def test_the_pane_is_at_no_size_too_large() -> None:
    run = cluster_run()
    for number in range(20, 60):
        run.apply(ev.MachineChanged(NOW - 9, f"node{number}", "running", "", 4, 8))
    for size in (Size(40, 10), Size(80, 24), Size(120, 36)):
        app: TuiGenApp = screen_of(run)
        async with app.run_test(size=(size.width, size.height)) as pilot:
            assert "node59" in await press(pilot, "7", "end")


def test_the_machines_take_their_lines_from_the_workers() -> None:
    lines = {
        PaneName.CATEGORIES: 4,
        PaneName.NOW: 40,
        PaneName.DISK: 9,
        PaneName.SYSTEM: 9,
        PaneName.PROBLEMS: 1,
        PaneName.MACHINES: 5,
    }
    for width, height in SIZES[1:]:
        regions = arrange(Size(width, height), LayoutRequest(lines, PaneName.NOW)).regions
        assert regions[PaneName.MACHINES].height == 6
        assert regions[PaneName.MACHINES].bottom + 1 == regions[PaneName.NOW].y
        assert regions[PaneName.NOW].height >= 8
        assert regions[PaneName.SOURCES].height >= 6


async def test_names_cannot_draw_on_the_screen() -> None:
    run = cluster_run()
    run.apply(ev.MachineChanged(NOW, "evil\x1b[2J\u202ename", "refused", "why\x1b]0;x\x07 not", 0, 8))
    async with screen_of(run).run_test(size=(200, 50)) as pilot:
        for keys in (("7",), ("7", "end", "enter"), ("escape", "6")):
            seen = await press(pilot, *keys)
            assert "\x1b" not in seen
            assert "\u202e" not in seen


async def test_the_page_of_a_clip_names_its_machine() -> None:
    async with screen_of(cluster_run()).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "  machine     box1 " in await press(pilot, "l", *["down"] * 5, "enter")
