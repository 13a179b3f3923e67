"""The process of a unit runner: a child that reads requests from its stdin and writes answers to its stdout.

Invariant: the process ends with the thread that started it. When `end` returns, the process has ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

from tui_gen.engine.executors.link import Loss
from tui_gen.engine.executors.messages import LINE_BYTES, Answer, Request, answer_of, line_of
from tui_gen.processes.launching import launch_arguments, send_signal

MODULE = "tui_gen.engine.executors.unit_runner"
END_SECONDS = 30.0
"""The time in which a runner must end its children and files before it is killed."""
TAIL_SECONDS = 2.0
READ_BYTES = 1 << 16
TAIL_BYTES = 8000


def _environment() -> dict[str, str]:
    """Return this process's environment, with the same search path for modules."""
    paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - "" stands for the current folder
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


class RunnerProcess:
    """A started process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a process; call `start` instead."""
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - they are pipes
        self._process, self._requests = process, process.stdin
        self._answers, self._errors = process.stdout, process.stderr
        self._tail = b""
        self._reading = asyncio.create_task(self._read_errors(), name=f"stderr of {process.pid}")

    @classmethod
    async def start(cls) -> RunnerProcess:
        """Start a process from the main thread. Raises OSError."""
        if threading.current_thread() is not threading.main_thread():
            message = "a unit runner would be killed when this thread ends; start it from the main one"
            raise RuntimeError(message)
        # With the flag for devices: it writes files, and maps the memory that it needs.
        process = await asyncio.create_subprocess_exec(
            *launch_arguments("--device"),
            *(sys.executable, "-P", "-m", MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            start_new_session=True,
            cwd="/",
            env=_environment(),
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def say(self, request: Request) -> None:
        """Send a request without waiting. After the end of the process nothing is sent; `hear` reports it."""
        self.say_line(line_of(request))

    def say_line(self, line: bytes) -> None:
        """Send the line of a request."""
        if not self._requests.is_closing():
            self._requests.write(line)

    async def hear(self) -> Answer | None:
        """Return the next answer, or None when the process has closed its stdout. Raises MessageError."""
        line = await self.hear_line()
        return answer_of(line) if line is not None else None

    async def hear_line(self) -> bytes | None:
        """Return the line of the next answer, or None when the process has closed its stdout."""
        line = await self._answers.readline()
        return line if line.endswith(b"\n") else None

    @property
    def loss(self) -> Loss:
        """The process died: nothing else ends the pipes."""
        return "died"

    def kill(self) -> None:
        """Kill the process; its children end with it."""
        send_signal(self._process, signal.SIGKILL)

    async def end(self) -> str:
        """Close its stdin, wait for its exit, kill it if that takes too long; return how it ended."""
        self._requests.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._drain()
        except TimeoutError:
            self.kill()
        status = await self._process.wait()
        # A remaining child that has the runner's stderr open must not delay this.
        await asyncio.wait({self._reading}, timeout=TAIL_SECONDS)
        self._reading.cancel()
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
        said = self._tail.decode("utf-8", "replace").strip()
        return f"process {self.pid} {how}{': ' if said else ''}{said}"

    async def _drain(self) -> None:
        while await self._answers.read(READ_BYTES):
            """Discard answers after the request to end."""
        await self._process.wait()

    async def _read_errors(self) -> None:
        while piece := await self._errors.read(READ_BYTES):
            self._tail = (self._tail + piece)[-TAIL_BYTES:]
