"""Runs one command of the user with a time limit. No process that the command leaves behind delays the run.

The command leads its own process group. After the time limit the whole group is killed, and the command is
reaped. Its input is a file in memory. Its error output is read without waiting for the end of the pipe: a
process that inherited the pipe delays nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Iterator, Sequence

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60.0
REAP_SECONDS = 5.0
"""The longest wait for the exit of a killed process, which a dead network disk may delay."""
TAIL_BYTES = 500
READ_BYTES = 1 << 16


class _Tail:
    """Reads a pipe while the loop runs, and keeps the end of the data."""

    def __init__(self, read_end: int) -> None:
        """Begin to read."""
        self._loop, self._read_end = asyncio.get_running_loop(), read_end
        self._kept = b""
        os.set_blocking(read_end, False)
        self._loop.add_reader(read_end, self._read)

    def _read(self) -> bool:
        """Read the available data; return False if there are none, or if no process can write any more."""
        try:
            data = os.read(self._read_end, READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._read_end)
        self._kept = (self._kept + data)[-TAIL_BYTES:]
        return bool(data)

    def close(self) -> str:
        """Read the available rest, and return the end of all data."""
        self._loop.remove_reader(self._read_end)
        for _ in range(TAIL_BYTES):  # bounded: a remaining process may write for ever
            if not self._read():
                break
        os.close(self._read_end)
        return self._kept.decode("utf-8", "replace")


async def run_command(command: Sequence[str], line: bytes, *, name: str) -> None:
    """Send a line to a command and wait for its end, or kill it; failures go to the log."""
    read_end, write_end = os.pipe()
    tail = _Tail(read_end)
    try:
        with _in_memory(line) as stdin:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=stdin,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=write_end,
                start_new_session=True,
            )
    except OSError as error:
        tail.close()
        log.warning("hook %s: %s cannot be started: %s", name, command[0], error.strerror)
        return
    finally:
        os.close(write_end)
    try:
        await _wait(child, f"hook {name}: {command[0]}")
    finally:
        said = tail.close()
    if child.returncode and child.returncode > 0:
        log.warning("hook %s: %s ended with %d: %s", name, command[0], child.returncode, said)


async def _wait(child: asyncio.subprocess.Process, who: str) -> None:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await child.wait()
    except TimeoutError:
        log.warning(
            "%s did not end within %.0f s and was killed with all that it started", who, TIMEOUT_SECONDS
        )
    else:
        if child.returncode and child.returncode < 0:
            log.warning("%s was ended by signal %d", who, -child.returncode)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.killpg(child.pid, signal.SIGKILL)
            await _reap(child, who)


async def _reap(child: asyncio.subprocess.Process, who: str) -> None:
    try:
        async with asyncio.timeout(REAP_SECONDS):
            await child.wait()
    except TimeoutError:
        log.warning("%s (process %d) was killed but does not end; it is not waited for", who, child.pid)


@contextlib.contextmanager
def _in_memory(line: bytes) -> Iterator[int]:
    """Yield a descriptor from which a line can be read. It never fills up like a pipe, and needs no disk."""
    descriptor = os.memfd_create("hook")
    try:
        os.write(descriptor, line)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
