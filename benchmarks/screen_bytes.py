"""What the screen costs: bytes a second to the terminal and the share of a core, with eight busy workers.

Runs the screen in a process of its own on a pty, over a controller that changes like a real run, and
counts what leaves it; then presses keys while every core is busy with work as nice as the decoders':

    python benchmarks/screen_bytes.py [SECONDS]
"""

from __future__ import annotations

import fcntl
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.engine.model.state import RunState
    from tui_gen.tui.view import EngineInfo

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

SIZES = ((80, 24, 5000), (120, 40, 10000), (200, 50, None))
SETTLED_SECONDS = 3.0
PRESSES = 30
KEY_BUDGET_MS = 100
KEYS = {"one worker more": (b"+", b"done: "), "the help": (b"?", b"The work")}
BUSY = "import os\nos.nice(19)\nwhile True: pass"


class BusyController:
    """A run with eight workers, a clip about every 0.3 s, measured anew twice a second."""

    def __init__(self) -> None:
        """Begin with a run that has worked for a while."""
        from tests.tui import runs
        from tui_gen.engine.model import events as ev
        from tui_gen.engine.model.work import Clip

        self.runs, self.ev, self.clip = runs, ev, Clip
        self.state = runs.working_run()
        self.random = random.Random(7)
        self.steered = 0
        self.offset = runs.NOW - time.time()
        self.next_clip = dict.fromkeys(self.state.slots, 0)
        self.due = dict.fromkeys(self.state.slots, 0.0)

    def clock(self) -> float:
        """Return the time of the run."""
        return time.time() + self.offset

    def snapshot(self) -> RunState:
        """Let what is due happen, and return a picture."""
        now, ev = self.clock(), self.ev
        for number, slot in list(self.state.slots.items()):
            if now >= self.due[number]:
                self.due[number] = now + self.random.uniform(0.5, 2.5)
                self.next_clip[number] += 1
                clip = self.clip(slot.source, 150 + 20 * number + self.next_clip[number] % 20)
                self.state.apply(self.runs.made(clip, now))
                self.state.apply(
                    ev.SlotTurned(now, number, clip, self.random.choice(("reading", "cutting")), 1)
                )
        cores = tuple(self.random.uniform(60, 100) for _ in range(8))
        self.state.apply(
            ev.SystemMeasured(
                now,
                cores,
                int(8.4e9 + self.random.uniform(0, 3e8)),
                32 * 10**9,
                self.random.uniform(9e7, 1.4e8),
                self.random.uniform(3e7, 6e7),
            )
        )
        if self.state.disk is not None:
            self.state.apply(
                replace(self.state.disk, at=now, free_bytes=self.state.disk.free_bytes - 10_000_000)
            )
        return self.state.copy()

    async def steer(self, command: object) -> str:
        """Do nothing, and never say the same twice."""
        self.steered += 1
        return f"done: {self.steered} {type(command).__name__}"

    def engine_info(self) -> EngineInfo:
        """Return that the engine lives."""
        from tui_gen.tui.view import EngineInfo

        return EngineInfo()


def screen() -> int:
    from tui_gen.tui.app import TuiGenApp
    from tui_gen.tui.terminal.session import run_screen

    controller = BusyController()
    return run_screen(TuiGenApp(controller, clock=controller.clock))


def start(width: int, height: int) -> tuple[int, subprocess.Popen[bytes]]:
    """Return our end of a terminal and the screen on it, its first picture painted."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TZ": "UTC"}
    child = subprocess.Popen(
        [sys.executable, __file__, "--screen"],
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


def measure(width: int, height: int, seconds: float, keys: bytes = b"") -> tuple[float, float]:
    """Return bytes a second and the share of a core, once the first picture is painted."""
    ours, child = start(width, height)
    os.write(ours, keys)
    drain(ours, 1.0)
    before = cpu_seconds(child.pid)
    started = time.monotonic()
    count = drain(ours, seconds)
    took = time.monotonic() - started
    used = cpu_seconds(child.pid) - before
    end(ours, child)
    return count / took, used / took


def key_delays_ms(width: int, height: int, key: bytes, answer: bytes) -> list[float]:
    """Return how long a key's answer took to be seen, while all cores are busy."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2 * (os.cpu_count() or 1))]
    ours, child = start(width, height)
    delays = []
    try:
        for press in range(PRESSES):
            pressed = time.monotonic()
            os.write(ours, key)
            seen = b""
            while answer not in seen and time.monotonic() < pressed + 5.0:
                if select.select([ours], [], [], 0.1)[0]:
                    seen += os.read(ours, 65536)
            delays.append(1000 * (time.monotonic() - pressed))
            os.write(ours, b"\x1b")
            drain(ours, 0.3 + 0.037 * (press % 11))  # now and then a press meets a look at the run
    finally:
        end(ours, child)
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
    print("size     view       bytes/s   budget   of a core")
    is_over = False
    for width, height, budget in SIZES:
        for view, keys in (("all", b""), ("log", b"l"), ("videos", b"3z")):
            rate, share = measure(width, height, seconds, keys)
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
    if sys.argv[1:] == ["--screen"]:
        sys.exit(screen())
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0))
