"""At most one frame is under way: a key on a slow line is answered by the newest picture."""

from __future__ import annotations

import os
import signal
import subprocess
import termios
import time
import tty

import pytest

from benchmarks.lines import Line, Speed
from tests.tui.terminal.test_terminal import Terminal, assert_restored
from tui_gen.tui.terminal.pace import PICTURE_BURST_BYTES, QUESTION, SLOW_BYTES_PER_SECOND, Pace


def test_a_frame_waits_for_the_answer_to_the_one_before() -> None:
    pace = Pace()
    pace.sent(100, 10.0)
    pace.answered(10.3)
    assert pace.wait_seconds(10.4) == 0
    pace.sent(100, 11.0)
    assert pace.wait_seconds(11.1) > 10
    pace.answered(11.3)
    assert pace.wait_seconds(11.3) == 0


def test_a_terminal_that_never_answers_is_not_waited_for_twice() -> None:
    pace = Pace()
    pace.sent(100, 10.0)
    assert 0 < pace.wait_seconds(10.1) < 3
    pace.give_up()
    pace.sent(100, 13.0)
    assert pace.wait_seconds(13.0) == 0
    pace.answered(14.0)
    pace.sent(100, 15.0)
    assert pace.wait_seconds(15.0) > 0


def test_pieces_are_half_a_second_of_the_line() -> None:
    pace = Pace()
    pace.sent(100, 10.0)
    pace.answered(10.3)
    pace.sent(4000, 11.0)
    pace.answered(12.3)
    assert pace.bytes_per_second == pytest.approx(4000, rel=0.01)
    assert pace.most_bytes == pytest.approx(2000, rel=0.01)
    assert [pace.is_slow] == [False]
    pace.sent(4000, 13.0)
    pace.answered(14.4)
    assert [pace.is_slow] == [True]
    pace.sent(4000, 15.0)
    pace.answered(15.31)
    assert [pace.is_slow] == [False]


def test_ten_seconds_of_pictures_are_forty_kilobytes_and_a_slow_line_gets_none() -> None:
    pace, sent = Pace(), 0
    for tenth in range(101):
        allowed = pace.picture_bytes(1000 + tenth / 10)
        pace.sent_picture(allowed)
        sent += allowed
    assert PICTURE_BURST_BYTES < sent <= 40_100
    pace.measured = (SLOW_BYTES_PER_SECOND - 1.0, 4000.0)
    assert pace.picture_bytes(5000) == 0


def test_a_terminal_behind_a_slow_line_is_one_frame_behind_at_most() -> None:
    line = Line(speed=Speed(4_000, 0.15))
    try:
        line.run(30, lambda: "RUNNING" in line.text)
        line.run(2)  # the first frames have been answered
        for key in (b"l", b"?", b"\x1b", b"\x1b"):
            line.press(key)
            line.run(0.2)
        line.press(b" ")
        line.run(line.speed.delay_seconds)
        assert line.frames_under_way <= 1
        assert line.bytes_under_way < 4_000
        assert line.run(10, lambda: "PAUSED" in line.text) < 12_000
        assert "PAUSED" in line.text
    finally:
        line.end()


def test_an_answer_that_comes_late_is_not_left_to_the_shell() -> None:
    terminal = Terminal("run")
    try:
        terminal.read_until(QUESTION.encode())
        os.write(terminal.ours, b"\x1b[24;80R")
        os.write(terminal.ours, b"t")
        terminal._read_while(lambda: terminal.seen.count(QUESTION.encode()) < 2)
        os.write(terminal.ours, b"t")  # a frame that waits for the answer
        time.sleep(0.3)
        terminal.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            terminal.process.wait(0.3)
        os.write(terminal.ours, b"\x1b[24;80R")
        assert terminal.read_to_the_end() == 143
        assert_restored(terminal)
        tty.setraw(terminal.kept, termios.TCSANOW)
        os.set_blocking(terminal.kept, False)
        with pytest.raises(BlockingIOError):
            os.read(terminal.kept, 100)
    finally:
        terminal.close()
