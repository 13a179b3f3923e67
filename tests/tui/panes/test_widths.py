"""Bars, names and paths take the width that is free."""

from __future__ import annotations

import pytest

from tests.tui.runs import NAMES, screen_of, text_of, troubled_run, with_history, working_run


async def rows_of(size: tuple[int, int]) -> list[str]:
    async with screen_of(with_history(working_run())).run_test(size=size) as pilot:
        await pilot.pause()
        return text_of(pilot.app).splitlines()


def bar_cells(row: str) -> int:
    return sum(character in "━╸─" for character in row[:80])


async def test_a_broad_screen_cuts_no_name_and_no_path() -> None:
    rows = await rows_of((200, 50))
    assert not any("…" in row for row in rows)
    assert any(f"/mnt/data/video/FilmeUHD/{NAMES[0]}.mkv" in row for row in rows)
    assert all(any(name in row for row in rows) for name in NAMES)


@pytest.mark.parametrize(("size", "cells"), [((80, 24), 13), ((120, 36), 11), ((200, 50), 20)])
async def test_the_bar_of_a_category_is_longer_where_there_is_room(size: tuple[int, int], cells: int) -> None:
    row = next(row for row in await rows_of(size) if row.startswith(" GENERAL "))
    assert bar_cells(row) >= cells


async def test_a_reason_is_shown_whole_where_its_own_column_would_cut_it() -> None:
    async with screen_of(troubled_run()).run_test(size=(120, 36)) as pilot:
        await pilot.press("3", "z", "slash", *"film 021", "enter")
        await pilot.pause()
        assert "Dolby Vision profile 5: no picture in its base layer" in text_of(pilot.app)
