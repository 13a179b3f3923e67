"""A screen on a pty behind a line of a given speed, and the terminal at the other end of the line.

The line takes at once whatever the program writes, as an SSH server does, and delivers it at its own speed.
The terminal (pyte) answers questions, and its answers and the keys take the way back.
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
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyte

SCREEN = Path(__file__).parent / "busy_screen.py"
_STEP_SECONDS = 0.01
_FRAME_ENDS = (b"\x1b[6n", b"\x1b[1;1H")
"""What ends a frame: the question whether it has arrived, or the cursor's place where none is asked."""


@dataclass(frozen=True, slots=True)
class Speed:
    """The speed of a line; no delay and no limit: a terminal of the same machine."""

    bytes_per_second: float = float("inf")
    delay_seconds: float = 0.0


class _Answering(pyte.Screen):
    """A terminal that hands on its answers."""

    def __init__(self, columns: int, lines: int, answer: Callable[[str], None]) -> None:
        """Hand every answer to `answer`."""
        self._answer = answer
        super().__init__(columns, lines)

    def write_process_input(self, data: str) -> None:
        """Hand on an answer."""
        self._answer(data)


class Line:
    """A screen in a process of its own, a line, and a terminal."""

    def __init__(self, width: int = 100, height: int = 30, speed: Speed | None = None) -> None:
        """Start the screen on a pty of this size."""
        self.speed = speed or Speed()
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TZ": "UTC"}
        environment.pop("NO_COLOR", None)
        self.child = subprocess.Popen(
            [sys.executable, str(SCREEN)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=environment,
        )
        os.close(theirs)
        self.terminal = _Answering(width, height, self._back)
        self._stream = pyte.ByteStream(self.terminal)
        self._waiting = bytearray()  # on the line, at its beginning
        self._under_way: deque[tuple[float, bytes]] = deque()
        self._keys: deque[tuple[float, bytes]] = deque()
        self._allowance, self._last = 0.0, time.monotonic()
        self.written = 0  # bytes since the start

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return "\n".join(self.terminal.display)

    @property
    def bytes_under_way(self) -> int:
        """What the program has written and the terminal has not shown."""
        return len(self._waiting) + sum(len(data) for _, data in self._under_way)

    @property
    def frames_under_way(self) -> int:
        """How many frames end in what is under way."""
        data = b"".join(part for _, part in self._under_way) + bytes(self._waiting)
        return max(data.count(end) for end in _FRAME_ENDS)

    def press(self, keys: bytes) -> None:
        """Press keys at the terminal."""
        self._back(keys.decode())

    def _back(self, data: str) -> None:
        self._keys.append((time.monotonic() + self.speed.delay_seconds, data.encode()))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> int:
        """Let time pass, at the most until something is so; return the bytes written meanwhile."""
        before, end = self.written, time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self._step()
        return self.written - before

    def _step(self) -> None:
        if select.select([self.ours], [], [], _STEP_SECONDS)[0]:
            data = os.read(self.ours, 65536)
            self.written += len(data)
            self._waiting += data
        now = time.monotonic()
        most = self.speed.bytes_per_second
        self._allowance = min(self._allowance + most * (now - self._last), max(1.0, most * 0.1))
        self._last = now
        count = int(min(len(self._waiting), self._allowance))
        if count:
            self._allowance -= count
            self._under_way.append((now + self.speed.delay_seconds, bytes(self._waiting[:count])))
            del self._waiting[:count]
        while self._under_way and self._under_way[0][0] <= now:
            self._stream.feed(self._under_way.popleft()[1])
        while self._keys and self._keys[0][0] <= now:
            os.write(self.ours, self._keys.popleft()[1])

    def end(self) -> None:
        """End the screen."""
        self.child.send_signal(signal.SIGTERM)
        end = time.monotonic() + 10
        while self.child.poll() is None and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.05)[0]:
                try:
                    os.read(self.ours, 65536)
                except OSError:  # the other side is gone
                    break
        self.child.wait(10)
        os.close(self.ours)
