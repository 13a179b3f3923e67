"""How a screen leaves its terminal: ended by a signal, hung up on, no longer read, or crashed."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROCESS = Path(__file__).parent / "screen_process.py"
PATIENCE_SECONDS = 20.0


class Terminal:
    """A pty with a screen on it."""

    def __init__(self, scenario: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.name = os.ttyname(theirs)
        self.kept = os.open(self.name, os.O_RDWR | os.O_NOCTTY)
        self.before = termios.tcgetattr(theirs)
        # Shells and libraries may export a size, which stays while the terminal's own changes.
        exported = {"COLUMNS": "80", "LINES": "24"}
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **exported}
        # In a session of its own without a controlling terminal: no SIGHUP comes, only the line goes dead.
        self.process = subprocess.Popen(
            [sys.executable, str(PROCESS), scenario],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=environment,
        )
        os.close(theirs)
        self.seen = b""

    def read_until(self, wanted: bytes) -> None:
        self._read_while(lambda: wanted not in self.seen)
        assert wanted in self.seen

    def read_to_the_end(self) -> int:
        self._read_while(lambda: self.process.poll() is None)
        while select.select([self.ours], [], [], 0)[0]:
            self.seen += os.read(self.ours, 65536)
        return self.process.wait(PATIENCE_SECONDS)

    def _read_while(self, goes_on: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while goes_on() and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.05)[0]:
                self.seen += os.read(self.ours, 65536)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.kept, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process.send_signal(signal.SIGWINCH)

    def hang_up(self) -> None:
        os.close(self.kept)
        os.close(self.ours)
        self.kept = self.ours = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.kept, self.ours):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def start() -> Iterator[Callable[[str], Terminal]]:
    started: list[Terminal] = []

    def begin(scenario: str) -> Terminal:
        started.append(Terminal(scenario))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.close()


def assert_restored(terminal: Terminal) -> None:
    assert terminal.seen.rindex(b"\x1b[?1049l") > terminal.seen.rindex(b"\x1b[?1049h")
    assert terminal.seen.rindex(b"\x1b[?1000l") > terminal.seen.rindex(b"\x1b[?1000h")
    assert terminal.seen.rindex(b"\x1b[?25h") > terminal.seen.rindex(b"\x1b[?25l")
    assert b"\x1b[6n" not in terminal.seen.rpartition(b"\x1b[?1049l")[2], "a frame on the shell's screen"
    assert termios.tcgetattr(terminal.kept) == terminal.before


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_the_screen_and_restores_the_terminal(
    start: Callable[[str], Terminal], number: signal.Signals, code: int
) -> None:
    terminal = start("run")
    terminal.read_until(b"RUNNING")
    terminal.process.send_signal(number)
    assert terminal.read_to_the_end() == code
    assert_restored(terminal)


def test_a_dead_line_ends_the_screen_without_a_signal(start: Callable[[str], Terminal]) -> None:
    terminal = start("run")
    terminal.read_until(b"RUNNING")
    terminal.hang_up()
    assert terminal.process.wait(PATIENCE_SECONDS) == 129


def test_a_terminal_that_is_not_read_does_not_hold_up_the_end(start: Callable[[str], Terminal]) -> None:
    terminal = start("run")
    terminal.read_until(b"RUNNING")
    wait_until_the_line_is_full(terminal)
    started = time.monotonic()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(PATIENCE_SECONDS) == 143
    assert time.monotonic() - started < 3.5
    assert termios.tcgetattr(terminal.kept) == terminal.before


def wait_until_the_line_is_full(terminal: Terminal) -> None:
    """Change the colours, which paints everything, until no more of it fits on the line."""
    end = time.monotonic() + PATIENCE_SECONDS
    before, waiting = -1, 0
    while waiting != before or waiting <= 2000:
        assert time.monotonic() < end, f"only {waiting} bytes wait to be read"
        os.write(terminal.ours, b"t")
        time.sleep(0.2)
        before = waiting
        waiting = struct.unpack("i", fcntl.ioctl(terminal.ours, termios.FIONREAD, b"\0" * 4))[0]


def test_a_crash_restores_the_terminal_and_tells_of_it_harmlessly(start: Callable[[str], Terminal]) -> None:
    terminal = start("crash")
    assert terminal.read_to_the_end() == 1
    assert_restored(terminal)
    after = terminal.seen.rpartition(b"\x1b[?1049l")[2]
    assert b"The screen has crashed" in after
    assert b"boom [/b]" in after
    assert b"\x1b]0;" not in terminal.seen
    assert b"\xc2\x9b" not in terminal.seen


def test_a_storm_of_sizes_ends_in_the_last_one(start: Callable[[str], Terminal]) -> None:
    terminal = start("run")
    terminal.read_until(b"RUNNING")
    for step in range(40):
        terminal.resize(20 + 7 * step % 180, 3 + 5 * step % 60)
    terminal.resize(70, 14)
    terminal.seen = b""
    terminal.read_until(b"[2 Now]")
    assert terminal.process.poll() is None


def test_m_gives_the_mouse_back_to_the_terminal(start: Callable[[str], Terminal]) -> None:
    terminal = start("run")
    terminal.read_until(b"RUNNING")
    os.write(terminal.ours, b"m")
    terminal.read_until(b"mouse off")
    assert terminal.seen.rindex(b"\x1b[?1000l") > terminal.seen.rindex(b"\x1b[?1000h")


def test_what_others_write_to_the_standard_streams_does_not_reach_the_screen(
    start: Callable[[str], Terminal],
) -> None:
    terminal = start("run")
    terminal.read_until(b"RUNNING")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.read_to_the_end()
    assert b"NOISE" not in terminal.seen
