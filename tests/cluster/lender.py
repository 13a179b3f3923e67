"""`tui-gen lend` as a real process, whose lines a test reads while it lives."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LINE_SECONDS = 60.0


@dataclass
class Lender:
    """A started process."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)  # without their times
    _news: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n").partition("  ")[2])
                self._news.notify_all()

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until so many lines hold a text."""

        def is_said() -> bool:
            return sum(text in line for line in self.lines) >= count

        with self._news:
            assert self._news.wait_for(is_said, LINE_SECONDS), self.lines

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def dask_worker(self) -> psutil.Process:
        """Return the process below the nanny, in which the actor lives."""
        return next(each for each in self.below() if "spawn_main" in " ".join(each.cmdline()))

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(LINE_SECONDS)


@contextlib.contextmanager
def lender(
    address: str,
    *options: str,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[Lender]:
    """Start the command, below another program perhaps; at the end kill it with all that it has started."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "tui_gen", "lend", address, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=env,
    )
    started = Lender(process)
    reading = threading.Thread(target=started.read, daemon=True)
    reading.start()
    try:
        yield started
    finally:
        left = started.below() if process.poll() is None else []
        process.kill()
        process.wait()
        for each in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        reading.join(LINE_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


def gone(processes: list[psutil.Process], seconds: float = 20.0) -> bool:
    """Wait until all processes have ended; return whether they have."""
    deadline = time.monotonic() + seconds
    while any(_lives(each) for each in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
