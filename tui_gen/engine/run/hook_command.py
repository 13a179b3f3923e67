"""Runs one command of the user's with a time limit. Nothing that the command leaves behind can hold the run.

The command leads a process group of its own. When its time is over the whole group is killed and the
command is reaped. Its input is a file in memory and its error output is read without waiting for the
end of the pipe: a process that inherited one of them delays nothing.
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
"""A killed process that the kernel does not let go, on a dead network disk say, is not waited for longer."""
TAIL_BYTES = 500
READ_BYTES = 1 << 16


class _Tail:
    """Reads a pipe while the loop runs, and keeps the end of what was written."""

    def __init__(self, read_end: int) -> None:
        """Begin to read."""
        self._loop, self._read_end = asyncio.get_running_loop(), read_end
        self._kept = b""
        os.set_blocking(read_end, False)
        self._loop.add_reader(read_end, self._read)

    def _read(self) -> bool:
        """Read what is there; return False when nothing is, or no process can write any more."""
        try:
            data = os.read(self._read_end, READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._read_end)
        self._kept = (self._kept + data)[-TAIL_BYTES:]
        return bool(data)

    def close(self) -> str:
        """Read what is left without waiting for more, and return the end of it."""
        self._loop.remove_reader(self._read_end)
        for _ in range(TAIL_BYTES):  # a process left behind may write for ever
            if not self._read():
                break
        os.close(self._read_end)
        return self._kept.decode("utf-8", "replace")


async def run_command(command: Sequence[str], line: bytes, *, name: str) -> None:
    """Give a command a line and wait for its end, or kill it; what went wrong goes to the log."""
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
    """Lend a descriptor that a line can be read from. It is never full as a pipe, and needs no disk."""
    descriptor = os.memfd_create("hook")
    try:
        os.write(descriptor, line)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
