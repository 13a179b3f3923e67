"""What is said of a terminal: measured on a pseudo-terminal, or not known."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_gen.commands.check import machine
from tui_gen.commands.check.machine import processors, program, terminal

ROOT = Path(__file__).parents[3]

GOOD = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}


@pytest.fixture
def screen() -> Iterator[int]:
    ours, theirs = os.openpty()
    resize(theirs, 120, 36)
    yield theirs
    os.close(ours)
    os.close(theirs)


@pytest.fixture(autouse=True)
def _entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_colours_in_terminfo", lambda _name, _descriptor: 256)


def resize(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def test_a_good_terminal_is_told_by_its_size_its_colours_and_its_letters(screen: int) -> None:
    found = terminal(GOOD, screen)
    assert found.level == "good"
    assert found.says == "120x36, xterm-256color, 256 colours, UTF-8"


def test_colours_that_the_terminal_promises_beyond_its_entry_count(screen: int) -> None:
    assert "all colours" in terminal({**GOOD, "COLORTERM": "truecolor"}, screen).says
    assert "NO_COLOR" in terminal({**GOOD, "COLORTERM": "truecolor", "NO_COLOR": "1"}, screen).says


@pytest.mark.parametrize(
    ("name", "said"), [("xterm-256color", "256 colours"), ("nobody", "colours not known")]
)
def test_colours_are_those_of_the_terminals_entry(screen: int, name: str, said: str) -> None:
    # A process of its own: curses takes only the first name it is given.
    loaded = "from tui_gen.commands.check.machine import terminal"
    asked = f"{loaded}; print(terminal({{'TERM': {name!r}}}, {screen}).says)"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, pass_fds=[screen], cwd=ROOT
    )
    assert said in done.stdout


@pytest.mark.parametrize("name", ["", "dumb"])
def test_a_terminal_that_cannot_draw_is_warned_of(screen: int, name: str) -> None:
    found = terminal({**GOOD, "TERM": name}, screen)
    assert found.level == "warning"
    assert "tui-gen run" in found.says


def test_a_small_terminal_is_warned_of(screen: int) -> None:
    resize(screen, 50, 10)
    found = terminal(GOOD, screen)
    assert found.level == "warning"
    assert "60x16" in found.says


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({"LANG": "C.UTF-8"}, "good"),
        ({"LANG": "de_DE.utf8"}, "good"),
        ({"LANG": "C"}, "warning"),
        ({}, "warning"),
        ({"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, "warning"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "good"),
        ({"LANG": "C.UTF-8", "LC_ALL": ""}, "good"),
    ],
)
def test_the_first_locale_variable_that_is_set_decides(
    screen: int, environ: dict[str, str], level: str
) -> None:
    found = terminal({"TERM": "xterm", **environ}, screen)
    assert found.level == level
    assert ("UTF-8 is not known" in found.says) == (level == "warning")


def test_what_is_no_terminal_is_neither_good_nor_bad() -> None:
    ours, theirs = os.pipe()
    found = terminal(GOOD, theirs)
    os.close(ours)
    os.close(theirs)
    assert found.level == "unknown"


def test_the_program_and_the_machine_are_named() -> None:
    assert "textual 8" in program().says
    assert "of memory" in processors().says
