"""Runs restricted child processes: starts them, reads them to their end or kills them, always reaps them.

    launch ──> ffmpeg ── pipe 1..n ──> Sink.take()      exact bytes into numpy arrays, or bounded text
                      └─ stderr ─────> on_line, or the bounded tail
               one thread polls all pipes of a child and keeps the stall clock

Children that hand data to each other (`finish_children`) share one thread and one stall clock.

Invariant: when `run_child` returns, raises or is cancelled, the child's process group has ended and every
file descriptor is closed. The only exception is a child that the kernel does not end (a dead network disk): a
background thread reaps it later.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tui_gen.base.detached_call import exhaustion
from tui_gen.base.errors import ObstructedError, OutOfMemoryError
from tui_gen.processes.cpu_time import Spent, current
from tui_gen.processes.error_lines import ErrorLines
from tui_gen.processes.keepalive import Line
from tui_gen.processes.launching import launch_arguments
from tui_gen.processes.memory import ended_for_memory

NOT_STARTED = 126  # as in launch.py, which is never imported
PIPE_BYTES = 1 << 18
"""The buffer of a pipe: with more of it a clip costs no less. An ordinary user may have 256 such pipes."""
READ_BYTES = 1 << 16
TICK_SECONDS = 1.0
REAP_SECONDS = 5.0
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LC_ALL": "C",
    "HOME": "/",
    "OPENBLAS_NUM_THREADS": "1",  # numpy would start a thread for each core
}
"""The whole environment of a child: no FFREPORT, no AV_LOG_*, no preloads, no proxies."""

DEVICE_VARIABLES = ("CUDA_VISIBLE_DEVICES", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH")


class ChildError(Exception):
    """A child failed for a reason that is not the file's: the attempt is worth repeating.

    The child was killed, stalled, met an I/O error or could not start. `detail` is the end of its stderr.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the reason, which is printable on a screen, and the evidence."""
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class StallLimits:
    """The longest times without output of a child: no frame bytes and no frame line."""

    first_seconds: float = 180.0  # until the first sign of life: opening, seeking, decoding up to the place
    next_seconds: float = 60.0


def _keep(line: str) -> Line:
    del line
    return Line.KEPT


class Sink(Protocol):
    """The destination of the bytes of one pipe."""

    def take(self, descriptor: int) -> int:
        """Read once and return the number of bytes, 0 at the end of the pipe."""
        ...


@dataclass(slots=True)
class ExactSink:
    """Fills a buffer; `extra` counts the bytes that did not fit."""

    buffer: memoryview
    filled: int = 0
    extra: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether the child wrote exactly the expected number of bytes."""
        return self.filled == len(self.buffer) and not self.extra

    def take(self, descriptor: int) -> int:
        """Read directly into the buffer."""
        if self.filled < len(self.buffer):
            count = os.readv(descriptor, [self.buffer[self.filled :]])
            self.filled += count
            return count
        count = len(os.read(descriptor, READ_BYTES))
        self.extra += count
        return count


@dataclass(slots=True)
class TextSink:
    """Keeps the text that a child prints, up to a limit; further bytes are read and only counted."""

    limit: int = 4 << 20
    data: bytearray = field(default_factory=bytearray)
    extra: int = 0

    def take(self, descriptor: int) -> int:
        """Read a piece and keep what fits."""
        piece = os.read(descriptor, READ_BYTES)
        room = self.limit - len(self.data)
        self.data += piece[:room]
        self.extra += max(0, len(piece) - room)
        return len(piece)


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a child. A negative status is the signal that killed it."""

    status: int
    tail: str
    has_stalled: bool

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended the child, sent by this program or by another."""
        return self.status < 0 or self.has_stalled


@dataclass(slots=True)
class _StallClock:
    """A monotonic clock that leaves out the time in which this process was stopped or starved."""

    limits: StallLimits
    last_seconds: float
    waited_seconds: float = 0.0
    has_begun: bool = False

    def tick(self, now_seconds: float, *, has_progress: bool) -> bool:
        """Return whether the child has stalled. Call it at least once per tick while this process runs."""
        # A gap much longer than a tick is a stop of this process, not a wait for the child.
        self.waited_seconds += min(now_seconds - self.last_seconds, 2 * TICK_SECONDS)
        self.last_seconds = now_seconds
        if has_progress:
            self.has_begun, self.waited_seconds = True, 0.0
        limit = self.limits.next_seconds if self.has_begun else self.limits.first_seconds
        return self.waited_seconds > limit


@dataclass(slots=True)
class Child:
    """A started child and this process's ends of its pipes."""

    process: subprocess.Popen[bytes]
    outputs: dict[int, Sink]
    errors: int
    lines: ErrorLines
    clock: _StallClock
    has_stalled: bool = False
    # The number for the whole machine when the child was started.
    ended_for_memory: int = field(default_factory=ended_for_memory)
    spent: Spent | None = field(default_factory=current)
    program: str = ""  # for messages

    def count(self) -> None:
        """Add the child's processor time to the current counting, if there is one; call before reaping."""
        if self.spent is not None:
            # The number of a reaped process may belong to another process already.
            self.spent.add(self.process.pid if self.process.returncode is None else None)

    def was_ended_for_memory(self, status: int) -> bool:
        """Return whether the kernel ended the child because memory ran out."""
        is_killed = status == -signal.SIGKILL and not self.has_stalled
        return is_killed and ended_for_memory() > self.ended_for_memory

    def kill(self) -> None:
        """Send SIGKILL to the whole group; this also ends stopped children and those blocked on a full pipe.

        No request to end comes first: a decoder leaves no files behind.
        """
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def drain(self) -> None:
        """Read all pipes to their ends. A stalled child is killed, which ends its pipes."""
        _drain([self])

    def take(self, descriptor: int) -> tuple[int, bool]:
        """Read once from a pipe; return the number of bytes, and whether the child gave a sign of life."""
        if descriptor != self.errors:
            count = self.outputs[descriptor].take(descriptor)
            return count, count > 0
        piece = os.read(descriptor, READ_BYTES)
        return len(piece), self.lines.feed(piece)

    def close(self) -> None:
        """Close this process's ends of the pipes. Call only after `drain`, because descriptors are reused."""
        for descriptor in (*self.outputs, self.errors):
            os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run, and the handling of its output."""

    program: str
    # Gets the descriptors of the pipes, one per sink, and returns the program's arguments.
    arguments: Callable[[Sequence[int]], Sequence[str]]
    sinks: Sequence[Sink] = ()
    # Called with every line of stderr, in the reading thread.
    on_line: Callable[[str], Line] = _keep
    limits: StallLimits
    niceness: int = 19
    # Further descriptors that the child inherits with the same numbers. The caller closes them.
    inherits: Sequence[int] = ()
    # Device drivers map more memory than the machine has, and write files of their own.
    uses_device: bool = False
    # A decoder writes to its pipes alone; a child that makes files itself has to be allowed to.
    may_write: bool = False


async def run_child(command: Command) -> Ended:
    """Run one program to its end.

    Raises ChildError if it cannot be started, ObstructedError if no process can be started now, and
    OutOfMemoryError if the kernel ended it because memory ran out.
    """
    (ended,) = await finish_children([start_child(command)])
    return ended


async def finish_children(children: Sequence[Child]) -> list[Ended]:
    """Read started children to their ends, and reap them. Raises what `run_child` raises.

    They have stalled, and are all killed, if none of them gives anything within the limits of the first.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[int]] = loop.create_future()
    try:
        threading.Thread(target=_attend, args=(children, loop, done), name="child", daemon=True).start()
    except RuntimeError as error:  # no thread can be started
        end_children(children)
        raise ObstructedError(str(error)) from error
    try:
        statuses = await asyncio.shield(done)
    finally:
        if not done.done():
            for child in children:
                child.kill()
            await _reaped(done)
    return [_ended(child, status) for child, status in zip(children, statuses, strict=True)]


def end_children(children: Sequence[Child]) -> None:
    """Kill children that nobody reads, reap them, and close their pipes."""
    for child in children:
        child.kill()
        child.process.wait()
        child.close()


def _ended(child: Child, status: int) -> Ended:
    """Return the end of a child. Raises ChildError if it did not start, OutOfMemoryError."""
    tail = "\n".join(child.lines.tail)
    if status == NOT_STARTED:
        reason = f"could not start {child.program}"
        raise ChildError(reason, tail)
    if child.was_ended_for_memory(status):
        message = f"memory ran out: the system ended {Path(child.program).name}"
        raise OutOfMemoryError(message)
    return Ended(status, tail, child.has_stalled)


async def _reaped(done: asyncio.Future[list[int]]) -> None:
    """Wait for the end of killed children, even when cancelled, but at most REAP_SECONDS."""
    deadline = time.monotonic() + REAP_SECONDS
    was_cancelled = False
    while not done.done() and (left_seconds := deadline - time.monotonic()) > 0:
        try:
            await asyncio.wait({done}, timeout=left_seconds)
        except asyncio.CancelledError:
            was_cancelled = True
    if was_cancelled:
        raise asyncio.CancelledError


def _attend(
    children: Sequence[Child], loop: asyncio.AbstractEventLoop, done: asyncio.Future[list[int]]
) -> None:
    """Read, reap and close children; runs in a separate thread, so that a blocked child delays no other."""
    try:
        _drain(children)
        for child in children:
            child.lines.close()
            child.count()
    except BaseException as error:  # noqa: BLE001 - carried over to the waiting task
        for child in children:
            child.kill()
        outcome: list[int] | BaseException = error
        for child in children:
            child.process.wait()
    else:
        outcome = [_wait(child) for child in children]
    for child in children:
        child.close()
    with contextlib.suppress(RuntimeError):  # the loop is closed: no task waits
        loop.call_soon_threadsafe(_settle, done, outcome)


def _drain(children: Sequence[Child]) -> None:
    """Read all pipes to their ends. If the children have stalled, all are killed, which ends their pipes."""
    poll = select.poll()
    owners = {descriptor: child for child in children for descriptor in (*child.outputs, child.errors)}
    for descriptor in owners:
        poll.register(descriptor, select.POLLIN)
    while owners:
        has_progress = False
        for descriptor, _ in poll.poll(TICK_SECONDS * 1000):
            count, is_progress = owners[descriptor].take(descriptor)
            has_progress |= is_progress
            if not count:
                poll.unregister(descriptor)
                del owners[descriptor]
        if children[0].clock.tick(time.monotonic(), has_progress=has_progress):
            for child in children:
                child.has_stalled = True
                child.kill()


def _wait(child: Child) -> int:
    """Reap a child whose pipes are closed; a child that does not end in time is killed."""
    try:
        return child.process.wait(child.clock.limits.next_seconds)
    except subprocess.TimeoutExpired:
        child.has_stalled = True
        child.kill()
        return child.process.wait()


def _settle(done: asyncio.Future[list[int]], outcome: list[int] | BaseException) -> None:
    if done.cancelled():
        return
    if isinstance(outcome, BaseException):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


def _device_environment() -> dict[str, str]:
    """Return the environment of a child that uses a device: the chosen device and its driver."""
    chosen = {name: os.environ[name] for name in DEVICE_VARIABLES if name in os.environ}
    return {**ENVIRONMENT, "CUDA_CACHE_DISABLE": "1", **chosen}


def start_child(command: Command) -> Child:
    """Start a child from the main thread: PDEATHSIG ends it with the thread that started it.

    Raises ChildError, and ObstructedError if the machine has no room for another process, which is not the
    fault of a source.
    """
    if threading.current_thread() is not threading.main_thread():
        message = f"{command.program} would be killed when this thread ends; start it from the main one"
        raise RuntimeError(message)
    pipes: list[tuple[int, int]] = []
    try:
        pipes.extend(os.pipe() for _ in range(len(command.sinks) + 1))
        for read_end, _ in pipes[:-1]:
            with contextlib.suppress(OSError):  # refused to a user with 256 pipes: slower, but correct
                fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        ours, theirs = [pair[0] for pair in pipes], [pair[1] for pair in pipes]
        launch = launch_arguments(
            *(["--device"] if command.uses_device else ["--may-write"] if command.may_write else []),
            niceness=command.niceness,
        )
        process = subprocess.Popen(
            [*launch, command.program, *command.arguments(theirs[:-1])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs[-1],
            pass_fds=[*theirs[:-1], *command.inherits],
            start_new_session=True,
            cwd="/",
            env=_device_environment() if command.uses_device else ENVIRONMENT,
        )
    except OSError as error:
        for read_end, write_end in pipes:
            os.close(read_end)
            os.close(write_end)
        if no_room := exhaustion(error):
            raise ObstructedError(no_room) from error
        reason = f"could not start {command.program}: {error.strerror}"
        raise ChildError(reason) from error
    for descriptor in theirs:
        os.close(descriptor)
    outputs = dict(zip(ours[:-1], command.sinks, strict=True))
    clock = _StallClock(command.limits, time.monotonic())
    return Child(process, outputs, ours[-1], ErrorLines(command.on_line), clock, program=command.program)
