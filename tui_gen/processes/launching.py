"""Starts children so that they end with this process, and sends signals to those of an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


def launch_arguments(*flags: str, niceness: int = 0) -> list[str]:
    """Return the beginning of an argument list by which a program ends with the thread that starts it.

    `--may-write`: it writes files. `--device`: also, and it maps the memory that it needs.
    """
    return [sys.executable, "-I", "-S", str(LAUNCHER), *flags, str(os.getpid()), str(niceness)]


def send_signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal to a child of the event loop; nothing happens if it has ended.

    `Process.send_signal` polls first. This takes the exit status of a process that has just ended from the
    event loop, which then reports 255.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
