"""A reader who is slow or gone neither holds up a run nor ends it, and is told what was not shown."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import pytest

from tests.commands.run.toy_run import join_writers
from tui_gen.base import console_output
from tui_gen.base.console_output import ConsoleOutput

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come."""


@dataclass
class Pipe:
    """A pipe that nobody reads yet, full from the beginning where that is asked for."""

    reader: int
    stream: TextIO

    def fill(self) -> int:
        """Fill it; return how many bytes it took."""
        writer, filled = self.stream.fileno(), 0
        os.set_blocking(writer, False)
        for block in (b"-" * 4095 + b"\n", b"\n"):
            try:
                while True:
                    filled += os.write(writer, block)
            except BlockingIOError:
                continue
        os.set_blocking(writer, True)
        return filled

    def read_lines(self, after: int, last: str) -> list[str]:
        """Read up to a line, and leave away what the pipe was filled with."""
        read = b""
        while not read.endswith(f"{last}\n".encode()):
            read += os.read(self.reader, 1 << 16)
        return read[after:].decode().splitlines()


@pytest.fixture
def pipes() -> Iterator[tuple[Pipe, Pipe]]:
    ends = [os.pipe() for _ in range(2)]
    made = [Pipe(reader, os.fdopen(writer, "w", encoding="utf-8")) for reader, writer in ends]
    yield made[0], made[1]
    for pipe in made:
        os.close(pipe.reader)
    join_writers()  # before their descriptors are given to others
    for pipe in made:
        pipe.stream.close()


@pytest.fixture(autouse=True)
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_output, "MOST_LINES", 10)
    monkeypatch.setattr(console_output, "LINES_AT_ONCE", 2)
    monkeypatch.setattr(console_output, "FINISH_SECONDS", PATIENCE_SECONDS)


def until_the_writer_waits(talk: ConsoleOutput) -> None:
    """Wait until the thread has lines in its hands that the full pipe does not take."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not talk.report._in_hand:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_full_pipe_holds_up_nobody_and_the_oldest_lines_are_left_out_and_counted(
    pipes: tuple[Pipe, Pipe], caplog: pytest.LogCaptureFixture
) -> None:
    out, err = pipes
    filled = out.fill()
    talk = ConsoleOutput(out.stream, err.stream)
    talk.say("first", "second")
    until_the_writer_waits(talk)
    for number in range(100):
        talk.say(f"line {number}")
    assert "the reader of" in caplog.text
    lines = out.read_lines(filled, "line 99")
    name = talk.report.name
    notice = f"... 90 lines were not shown: the reader of {name} was too slow"
    assert lines == ["first", "second", notice, *(f"line {number}" for number in range(90, 100))]
    assert talk.close() == 0


def test_warnings_are_shown_while_nobody_reads_the_report(pipes: tuple[Pipe, Pipe]) -> None:
    out, err = pipes
    out.fill()
    talk = ConsoleOutput(out.stream, err.stream)
    talk.say("first")
    until_the_writer_waits(talk)
    talk.err.write("Warning: a film is gone\n")
    assert err.read_lines(0, "Warning: a film is gone")
    assert talk.err.drain(PATIENCE_SECONDS) == 0
    assert talk.close(0.0) == 1


def test_lines_of_json_are_mixed_with_no_notice(pipes: tuple[Pipe, Pipe]) -> None:
    out, err = pipes
    filled = out.fill()
    talk = ConsoleOutput(out.stream, err.stream, is_json=True)
    talk.report.write("{}\n")
    until_the_writer_waits(talk)
    talk.report.writelines(f'{{"number": {number}}}\n' for number in range(12))
    lines = out.read_lines(filled, '{"number": 11}')
    assert lines == ["{}", *(f'{{"number": {number}}}' for number in range(2, 12))]
    assert "2 lines were not shown" in err.read_lines(0, "too slow")[0]
    talk.say("for people")
    assert talk.close() == 0
    assert err.read_lines(0, "for people") == ["for people"]


def test_one_line_that_is_larger_than_the_queue_is_shown(
    pipes: tuple[Pipe, Pipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_output, "MOST_CHARACTERS", 100)
    out, err = pipes
    talk = ConsoleOutput(out.stream, err.stream)
    talk.say("x" * 1000)
    assert out.read_lines(0, "x") == ["x" * 1000]
    assert talk.close() == 0


def test_the_end_waits_a_bounded_time_and_counts_what_nobody_has_read(pipes: tuple[Pipe, Pipe]) -> None:
    out, err = pipes
    out.fill()
    talk = ConsoleOutput(out.stream, err.stream)
    for number in range(15):
        talk.say(f"line {number}")
    assert talk.close(0.01) == 15
    assert talk.close() == 0  # it is not waited for again
    out.stream.write("said past the queue")
    out.stream.flush()  # it leads to nowhere: nothing waits for the reader any more


def test_a_reader_that_is_gone_ends_nothing_and_the_other_stream_goes_on(
    pipes: tuple[Pipe, Pipe], caplog: pytest.LogCaptureFixture
) -> None:
    out, err = pipes
    os.dup2(err.reader, out.reader)  # the last reader of `out` is gone
    talk = ConsoleOutput(out.stream, err.stream)
    talk.say("nobody reads this")
    assert talk.close() == 0
    assert "Broken pipe" in caplog.text
    out.stream.write("nor this")
    out.stream.flush()


def test_two_streams_to_one_file_keep_their_order(pipes: tuple[Pipe, Pipe]) -> None:
    out, _ = pipes
    with os.fdopen(os.dup(out.stream.fileno()), "w", encoding="utf-8") as same:
        talk = ConsoleOutput(out.stream, same)
        for number in range(4):
            talk.say(f"said {number}")
            talk.err.write(f"warned {number}\n")
        assert talk.close() == 0
    expected = [f"{what} {number}" for number in range(4) for what in ("said", "warned")]
    assert out.read_lines(0, "warned 3") == expected


def test_a_terminal_that_somebody_made_non_blocking_is_waited_for(pipes: tuple[Pipe, Pipe]) -> None:
    out, err = pipes
    filled = out.fill()
    os.set_blocking(out.stream.fileno(), False)
    talk = ConsoleOutput(out.stream, err.stream)
    talk.say("patient")
    until_the_writer_waits(talk)
    assert out.read_lines(filled, "patient") == ["patient"]
    assert talk.close() == 0


def test_a_stream_that_is_no_file_is_written_to_as_it_is() -> None:
    out, err = io.StringIO(), io.StringIO()
    talk = ConsoleOutput(out, err)
    talk.say("one", "two")
    talk.err.write("three\n")
    assert talk.close() == 0
    assert (out.getvalue(), err.getvalue()) == ("one\ntwo\n", "three\n")


def test_a_machine_without_room_for_a_thread_shows_the_lines_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: threading.Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    out = io.StringIO()
    talk = ConsoleOutput(out, io.StringIO())
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", full)
        talk.say("one")
    talk.say("two")
    assert talk.close() == 0
    assert out.getvalue() == "one\ntwo\n"
