"""The screen in ASCII: as wide as the other, with nothing in it that needs UTF-8."""

from __future__ import annotations

import os
import pty
import threading
import tty

import pytest
from rich.cells import cell_len

from tests.tui.runs import FakeController, screen_of, text_of, troubled_run
from tui_gen.tui.terminal.ascii import plain
from tui_gen.tui.terminal.driver import AsciiDriver
from tui_gen.tui.terminal.writer import PatientWriter
from tui_gen.tui.widgets.styled_lines import bar, curve, rail


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 36)])
async def test_every_pane_keeps_its_cells(size: tuple[int, int]) -> None:
    async with screen_of(FakeController(troubled_run())).run_test(size=size) as pilot:
        await pilot.pause()
        lines = text_of(pilot.app).splitlines()
    assert not all(line.isascii() for line in lines)
    for line in lines:
        assert plain(line).isascii()
        assert len(plain(line)) == cell_len(line)


def test_bars_and_curves_can_still_be_read() -> None:
    assert plain("".join(span.text for span in bar(0.5, 10))) == "#####....."
    assert plain("".join(span.text for span in rail(0.5, 10))) == "=====-----"
    assert plain(curve([0, 1, 2, 4, 7], 5)) == "__.-#"


def test_foreign_letters_take_their_cells_and_sequences_stay_whole() -> None:
    assert plain("\x1b[1m映画\x1b[0m e\u0301") == "\x1b[1m????\x1b[0m e"


def test_what_the_terminal_gets_is_ascii() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    done = threading.Event()
    with os.fdopen(theirs, "w") as file:
        writer = PatientWriter(file, on_gone=done.set, on_drained=done.set, translate=plain)
        writer.start()
        writer.write("\x1b[2J┌─ 50 % █▌░ ─┐ 映")
        writer.stop()
        assert os.read(ours, 4096) == b"\x1b[2J+- 50 % #|. -+ ??"
    os.close(ours)


def test_the_driver_of_a_plain_screen_translates() -> None:
    assert AsciiDriver.translate is plain
