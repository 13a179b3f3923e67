"""The writer that never waits: a terminal that is not read costs pictures, not time."""

import contextlib
import os
import pty
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from tui_gen.tui.terminal.writer import MOST_PENDING_BYTES, PatientWriter

PATIENCE_SECONDS = 10.0


class Line:
    """A pty, a writer at one end, and what it said."""

    def __init__(self) -> None:
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.file = os.fdopen(theirs, "w")
        self.gone, self.drained = threading.Event(), threading.Event()
        self.writer = PatientWriter(self.file, on_gone=self.gone.set, on_drained=self.drained.set)
        self.writer.start()

    def read_until(self, done: threading.Event) -> bytes:
        seen = b""
        os.set_blocking(self.ours, False)
        end = time.monotonic() + PATIENCE_SECONDS
        while not done.is_set() and time.monotonic() < end:
            try:
                seen += os.read(self.ours, 65536)
            except BlockingIOError:
                done.wait(0.005)
        assert done.is_set()
        with contextlib.suppress(BlockingIOError):  # what is still on the line
            while True:
                seen += os.read(self.ours, 65536)
        return seen


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    if not made.gone.is_set():
        os.close(made.ours)
    made.writer.stop()
    made.writer.join(PATIENCE_SECONDS)
    made.file.close()


def test_what_is_written_arrives(line: Line) -> None:
    line.writer.write("hello é")
    assert os.read(line.ours, 100) == "hello é".encode()


def test_writing_to_a_terminal_nobody_reads_takes_no_time_and_is_repainted_later(line: Line) -> None:
    started = time.monotonic()
    for _ in range(400):
        line.writer.write("x" * 8192)
    assert time.monotonic() - started < 1.0
    assert line.writer._pending_bytes <= MOST_PENDING_BYTES
    line.writer.write("the last")
    seen = line.read_until(line.drained)
    assert seen.endswith(b"the last")


def test_a_sequence_that_was_begun_is_ended_when_pictures_are_dropped(line: Line) -> None:
    line.writer.write("<" + "a" * 60_000 + ">")
    while not line.writer._pending_bytes < 60_000:
        time.sleep(0.001)  # until a part of it is on the line
    line.writer.write("<picture>")
    line.writer.drop_pictures()
    line.writer.write("<order>")
    seen = line.read_until(line.drained)
    assert seen == b"<" + b"a" * 60_000 + b"><order>"


def test_a_terminal_that_goes_away_is_noticed_without_writing(line: Line) -> None:
    os.close(line.ours)
    assert line.gone.wait(PATIENCE_SECONDS)
    line.writer.write("to nobody")
    line.writer.join(PATIENCE_SECONDS)
    assert not line.writer.is_alive()


def test_the_end_does_not_wait_for_a_reader(line: Line) -> None:
    line.writer.write("x" * 200_000)
    started = time.monotonic()
    line.writer.stop()
    assert time.monotonic() - started < 3.0


def test_the_shells_terminal_stays_blocking(line: Line) -> None:
    assert os.get_blocking(line.file.fileno())
