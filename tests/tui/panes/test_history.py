"""The curves: over three spans by one key, with their numbers, drawn at most once per step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from tests.tui.runs import NOW, FakeController, screen_of, text_of, with_history, worked_history, working_run
from tests.tui.test_snapshots import SnapCompare, pressing
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import HistoryPart, Point, Values
from tui_gen.tui.view import EngineInfo


async def press(pilot: Pilot[None], *keys: str) -> list[str]:
    await pilot.press(*keys)
    await pilot.pause()
    return text_of(pilot.app).splitlines()


async def test_a_key_shows_the_curves_and_then_the_next_span() -> None:
    async with screen_of(with_history(working_run())).run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        shown = []
        for _ in range(4):
            seen = await press(pilot, "h")
            title, times = seen[6], seen[34]
            shown.append((title.partition("[History]")[2].strip(" ━"), times.split()))
        assert shown == [
            ("[5 min]  1 h   24 h", ["15:55:00", "15:57:30", "16:00:00"]),
            ("5 min  [1 h]  24 h", ["14:59", "15:29", "15:59"]),
            ("5 min   1 h  [24 h]", ["15:45", "03:45", "15:45"]),
            ("[5 min]  1 h   24 h", ["15:55:00", "15:57:30", "16:00:00"]),
        ]
        assert "2 Now" in (await press(pilot, "escape"))[12]


async def test_each_curve_has_its_unit_its_range_and_the_current_value() -> None:
    async with screen_of(with_history(working_run())).run_test(size=(120, 36)) as pilot:
        seen = await press(pilot, "h", "h")
    assert [row[:35].rstrip().split(maxsplit=1) for row in seen if ", max " in row] == [
        ["pace", "8.6 patches/min"],
        ["cpu", "84 %"],
        ["read", "125.0 MB/s"],
        ["write", "45.0 MB/s"],
        ["free", "1.21 TB"],
    ]
    assert [row[row.index("min", 60) :].strip() for row in seen if ", max " in row] == [
        "min 0.0, max 11 /min",
        "min 2, max 92 %",
        "min 0 B/s, max 149.9 MB/s",
        "min 0 B/s, max 53.3 MB/s",
        "min 1.21, max 1.21 TB, 3.5 GB apart",
    ]


async def test_a_broad_screen_shows_the_curves_and_the_key_changes_their_span() -> None:
    async with screen_of(with_history(working_run())).run_test(size=(200, 50)) as pilot:
        await pilot.pause()
        assert "[5 min]" in text_of(pilot.app)
        seen = "\n".join(await press(pilot, "h"))
    assert "[1 h]" in seen
    assert "2 Now ━" in seen


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24)])
async def test_small_screens_show_curves_too(size: tuple[int, int]) -> None:
    async with screen_of(with_history(working_run())).run_test(size=size) as pilot:
        seen = "\n".join(await press(pilot, "h"))
    assert any("\u2800" < character < "\u2900" for character in seen)
    assert "max 5.8" in seen


async def test_no_cell_changes_between_two_steps() -> None:
    run = working_run()
    controller = with_history(run)
    async with screen_of(controller).run_test(size=(120, 36)) as pilot:
        await press(pilot, "h")
        pane, regions = pilot.app.screen.query_one("#history"), list[Region]()
        pane.refresh = lambda *dirty: regions.extend(dirty)  # type: ignore[method-assign, assignment]
        run.apply(ev.SystemMeasured(NOW, (1.0, 2.0), 1, 2, 3.0, 4.0))
        pilot.app.poll()  # type: ignore[attr-defined]
        assert regions == []
        part = worked_history()
        last = part.spans[0][-1]
        newer = HistoryPart(part.wall_offset, ((Point(last.step + 1, last.values),), (), ()))
        controller.info = replace(controller.info, history=part.followed_by(newer))
        pilot.app.poll()  # type: ignore[attr-defined]
        assert regions


async def test_without_samples_the_pane_says_when_they_come() -> None:
    nothing = EngineInfo(history=HistoryPart(0.0))
    async with screen_of(FakeController(working_run(), info=nothing)).run_test(size=(120, 36)) as pilot:
        await press(pilot, "h")
        for words in ("5 s", "1 min", "15 min"):
            assert f"the first is complete after {words}" in text_of(pilot.app)
            await press(pilot, "h")


async def test_what_was_never_measured_is_said_to_be_so() -> None:
    part = HistoryPart(NOW, ((Point(0, Values(1.0)),), (), ()))
    run = FakeController(working_run(), info=EngineInfo(history=part))
    async with screen_of(run).run_test(size=(120, 36)) as pilot:
        seen = await press(pilot, "h")
    assert sum("not measured" in row for row in seen) == 4


def test_the_curves_in_a_light_theme(snap_compare: SnapCompare) -> None:
    shown = screen_of(with_history(working_run()))
    assert snap_compare(shown, terminal_size=(120, 36), run_before=pressing("h", "t"))


def test_the_curves_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = screen_of(with_history(working_run()))
    assert snap_compare(shown, terminal_size=(120, 36), run_before=pressing("h"))
