"""What the screen costs: bytes a second to the terminal and the share of a core, with eight busy workers.

Runs the screen in a process of its own on a pty, over a controller that changes like a real run, and
counts what leaves it; then presses keys while every core is busy with work as nice as the decoders':

    python benchmarks/screen_bytes.py [SECONDS] [--moments]

It begins with what every change of the screen costs at 100x30, beside its goal, and with a line of 4 kB/s and
150 ms each way: how long until the terminal shows the true state after `l ? esc esc space`. `--moments` does
only this.
"""

from __future__ import annotations

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
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.lines import SCREEN, Line, Speed

SIZES = ((80, 24, 5000), (120, 40, 10000), (200, 50, None))
SETTLED_SECONDS = 3.0
PRESSES = 30
KEY_BUDGET_MS = 100
KEYS = {"one worker more": (b"+", "done: {} "), "the help": (b"?", "The work")}
VIEWS = (("all", b""), ("log", b"l"), ("videos", b"3z"), ("cluster", b"", "--cluster"))
BUSY = "import os\nos.nice(19)\nwhile True: pass"


@dataclass(frozen=True, slots=True)
class Moment:
    """Keys, what the screen shows after them, and how many bytes the change may cost."""

    name: str
    keys: bytes
    goal: int


MOMENTS = (
    Moment("open the help", b"?", 12_000),
    Moment("close the help", b"\x1b", 12_000),
    Moment("focus the sources", b"3", 6_000),
    Moment("open the details", b"\r", 12_000),
    Moment("close the details", b"\x1b", 12_000),
    Moment("open the question", b"q", 12_000),
    Moment("close the question", b"\x1b", 12_000),
    Moment("open the palette", b"\x10", 12_000),
    Moment("close the palette", b"\x1b", 12_000),
    Moment("focus the next pane", b"\t", 6_000),
    Moment("focus the workers", b"2", 6_000),
    Moment("this pane alone", b"z", 6_000),
    Moment("all panes", b"z", 6_000),
    Moment("the log", b"l", 6_000),
    Moment("back from the log", b"l", 6_000),
    Moment("the history", b"h", 6_000),
    Moment("the history, another span", b"h", 6_000),
    Moment("back from the history", b"\x1b", 6_000),
)
FIRST_PICTURE_GOAL, STEADY_GOAL, RATE_GOAL, PICTURE_RATE_GOAL = 20_000, 1_000, 500, 4_000
MOMENT_SECONDS = 1.5
PICTURE_SECONDS = 10.0
SLOW_SECONDS_GOAL, STALE_FRAMES_GOAL = 10.0, 1


def moments(seconds: float) -> bool:
    """Print what every change of the screen costs at 100x30; return whether a goal is missed."""
    is_over = False

    def told(name: str, value: float, goal: float, unit: str) -> None:
        nonlocal is_over
        is_over = is_over or value > goal
        print(
            f"{name:<36}{value:10.1f} {unit:<8} goal {goal:8.0f}  {'over' if value > goal else ''}",
            flush=True,
        )

    line = Line(speed=Speed())
    try:
        line.run(60.0, lambda: "RUNNING" in line.text)
        line.run(MOMENT_SECONDS)
        told("the first picture", line.written, FIRST_PICTURE_GOAL, "bytes")
        told("steady", line.run(seconds) / seconds, STEADY_GOAL, "bytes/s")
        for moment in MOMENTS:
            line.press(moment.keys)
            told(moment.name, line.run(MOMENT_SECONDS), moment.goal, "bytes")
            if moment.keys in {b"?", b"\x10", b"q", b"\r", b"h"}:
                told("  while it is open", line.run(seconds) / seconds, RATE_GOAL, "bytes/s")
        line.press(b"p")
        told("the preview", line.run(PICTURE_SECONDS) / PICTURE_SECONDS, PICTURE_RATE_GOAL, "bytes/s")
        line.press(b"p")
        line.run(1.0)
        line.press(b"p")
        told("the preview, again", line.run(PICTURE_SECONDS) / PICTURE_SECONDS, PICTURE_RATE_GOAL, "bytes/s")
    finally:
        line.end()
    seconds_until_true, frames, count = slow_line()
    told("slow line: until true", seconds_until_true, SLOW_SECONDS_GOAL, "s")
    told("slow line: stale frames", frames, STALE_FRAMES_GOAL, "frames")
    print(f"{'slow line: stale':<36}{count:10.0f} bytes", flush=True)
    return is_over


def slow_line() -> tuple[float, int, int]:
    """Return how long a terminal behind 4 kB/s is behind the run after keys, and what it is behind by."""
    line = Line(speed=Speed(4_000, 0.150))
    try:
        line.run(60.0, lambda: "RUNNING" in line.text and line.bytes_under_way == 0)
        line.run(3.0)
        for key in (b"l", b"?", b"\x1b", b"\x1b"):
            line.press(key)
            line.run(0.5)
        line.press(b" ")
        pressed = time.monotonic()
        line.run(line.speed.delay_seconds)
        frames, count = line.frames_under_way, line.bytes_under_way
        line.run(90.0, lambda: is_true(line.text))
        return time.monotonic() - pressed, frames, count
    finally:
        line.end()


def is_true(text: str) -> bool:
    """Return whether a paused run with all panes is shown, and no help."""
    return "PAUSED" in text and "1 Categories" in text and "2 Now" in text and "Moving" not in text


def start(width: int, height: int, *options: str) -> tuple[int, subprocess.Popen[bytes]]:
    """Return our end of a terminal and the screen on it, its first picture painted."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TZ": "UTC"}
    child = subprocess.Popen(
        [sys.executable, str(SCREEN), *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=environment,
    )
    os.close(theirs)
    drain(ours, SETTLED_SECONDS)
    return ours, child


def end(ours: int, child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    drain(ours, 1.0)
    child.wait(10)
    os.close(ours)


def measure(width: int, height: int, seconds: float, keys: bytes, *options: str) -> tuple[float, float]:
    """Return bytes a second and the share of a core, once the first picture is painted."""
    ours, child = start(width, height, *options)
    os.write(ours, keys)
    drain(ours, 1.0)
    before = cpu_seconds(child.pid)
    started = time.monotonic()
    count = drain(ours, seconds)
    took = time.monotonic() - started
    used = cpu_seconds(child.pid) - before
    end(ours, child)
    return count / took, used / took


def key_delays_ms(width: int, height: int, key: bytes, answer: str) -> list[float]:
    """Return how long a key's answer took to be seen, while all cores are busy."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2 * (os.cpu_count() or 1))]
    line = Line(width, height)
    delays = []
    try:
        line.run(60.0, lambda: "RUNNING" in line.text)
        line.run(SETTLED_SECONDS)
        for press in range(PRESSES):
            words = answer.format(press + 1)
            pressed = time.monotonic()
            line.press(key)
            line.run(5.0, lambda words=words: words in line.text)  # type: ignore[misc]
            delays.append(1000 * (time.monotonic() - pressed))
            line.press(b"\x1b")
            line.run(0.3 + 0.037 * (press % 11))  # now and then a press meets a look at the run
    finally:
        line.end()
        for each in busy:
            each.kill()
            each.wait()
    return sorted(delays)


def drain(descriptor: int, seconds: float) -> int:
    """Read for so long; return how many bytes came."""
    count, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            try:
                count += len(os.read(descriptor, 65536))
            except OSError:  # the other side is gone
                break
    return count


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(seconds: float) -> int:
    is_over = moments(min(seconds, 10.0))
    print("size     view       bytes/s   budget   of a core")
    for width, height, budget in SIZES:
        for view, keys, *options in VIEWS:
            rate, share = measure(width, height, seconds, keys, *options)
            is_over = is_over or (budget is not None and view == "all" and rate > budget)
            print(f"{width}x{height:<5}{view:<10}{rate:8.0f} {budget or '-':>8}   {share:8.1%}", flush=True)
    for width, height, _ in SIZES[:2]:
        for name, (key, answer) in KEYS.items():
            delays = key_delays_ms(width, height, key, answer)
            is_over = is_over or delays[-1] > KEY_BUDGET_MS
            median, late, last = delays[len(delays) // 2], delays[-2], delays[-1]
            print(
                f"{width}x{height:<5}{name}: seen after {median:.0f} ms (median of {PRESSES}), at the most"
                f" {late:.0f} and {last:.0f} ms; all cores busy; budget {KEY_BUDGET_MS} ms",
                flush=True,
            )
    return int(is_over)


if __name__ == "__main__":
    long = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    sys.exit(int(moments(min(long, 10.0))) if "--moments" in sys.argv else main(long))
