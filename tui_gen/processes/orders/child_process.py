"""The parent's side of the child processes: a child is asked, answers, and waits for the next order.

    Children.ask ──> ChildProcess.ask ──> answer         a child that is interrupted is killed

Invariant: after `Children.close` no child is left and every descriptor is closed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pickle
import select
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import ObstructedError, OutOfMemoryError
from tui_gen.base.uncancelled import uncancelled
from tui_gen.processes.children import (
    READ_BYTES,
    TICK_SECONDS,
    Child,
    ChildError,
    Command,
    StallLimits,
    TextSink,
    start_child,
)
from tui_gen.processes.closing import REAP_SECONDS, ChildClosedError, close_in_thread, reap
from tui_gen.processes.orders.messages import LENGTH_BYTES, Order

log = logging.getLogger(__name__)

SCRIPT = Path(__file__).with_name("child.py")
LIMITS = StallLimits(first_seconds=300.0, next_seconds=300.0)
ANSWER_BYTES = 64 << 20
"""No answer is longer."""

Context = TypeVar("Context")


@dataclass(slots=True)
class ChildProcess:
    """One child and the pipe for its orders. `ask` and `close` may meet in two threads."""

    child: Child
    orders: int  # our end of the pipe
    work: str  # what the child does, in messages: "rendering"
    wake_pipe: tuple[int, int] = field(default_factory=os.pipe)  # a byte in it ends an `ask`
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_closed: bool = False

    def ask(self, context: bytes, order: Order) -> Any:  # noqa: ANN401 - an answer is JSON
        """Return the answer to an order. Blocks.

        Raises ObstructedError, OutOfMemoryError, ChildError where the child failed or ended, and
        ChildClosedError where it was closed meanwhile.
        """
        with self._lock:
            if self._is_closed:
                raise ChildClosedError
            for block in (context, pickle.dumps(order)):
                self._send(len(block).to_bytes(LENGTH_BYTES, "little") + block)
            return _taken(self._answer())

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self.orders, left) :]
        except BrokenPipeError as error:
            raise self._gone() from error

    def _answer(self) -> dict[str, Any]:
        """Wait for an answer that is no sign of life."""
        poll = select.poll()
        for descriptor in (*self.child.outputs, self.child.errors, self.wake_pipe[0]):
            poll.register(descriptor, select.POLLIN)
        waited_seconds, last_seconds = 0.0, time.monotonic()
        while True:
            signs = [self._attend(descriptor, poll) for descriptor, _ in poll.poll(TICK_SECONDS * 1000)]
            for answer in self._answers():
                if "sign" not in answer:
                    return answer
            now_seconds = time.monotonic()
            # A gap much longer than a tick was spent in a stop, not in waiting for the child.
            waited_seconds += min(now_seconds - last_seconds, 2 * TICK_SECONDS)
            last_seconds, waited_seconds = now_seconds, 0.0 if any(signs) else waited_seconds
            if waited_seconds > LIMITS.first_seconds:
                reason = f"a {self.work} process gave nothing for {LIMITS.first_seconds:g} s"
                raise ChildError(reason)

    def _attend(self, descriptor: int, poll: select.poll) -> bool:
        """Read from one descriptor and return whether it gave a sign of life."""
        if descriptor == self.wake_pipe[0]:
            raise ChildClosedError
        if descriptor in self.child.outputs:
            if not self.child.outputs[descriptor].take(descriptor):
                raise self._gone()
            return True
        if piece := os.read(descriptor, READ_BYTES):
            self.child.lines.feed(piece)
        else:
            poll.unregister(descriptor)
        return False

    def _answers(self) -> list[dict[str, Any]]:
        """Take the whole lines that have come."""
        (sink,) = self.child.outputs.values()
        if not isinstance(sink, TextSink):
            raise TypeError(sink)
        *lines, rest = bytes(sink.data).split(b"\n")
        sink.data[:] = rest
        return [json.loads(line) for line in lines]

    def _gone(self) -> Exception:
        """Return what to say of a child that has ended by itself."""
        status = self.child.process.wait()
        with contextlib.suppress(BlockingIOError):
            os.set_blocking(self.child.errors, False)
            while piece := os.read(self.child.errors, READ_BYTES):
                self.child.lines.feed(piece)
        self.child.lines.close()
        if self.child.was_ended_for_memory(status):
            return OutOfMemoryError(f"memory ran out: the system ended a {self.work} process")
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return ChildError(f"a {self.work} process {how}", "\n".join(self.child.lines.tail))

    def close(self) -> None:
        """Kill the child and wait for its end, but not for ever. Blocks for a moment."""
        if self._is_closed:
            return
        os.write(self.wake_pipe[1], b"!")
        self.child.count()
        self.child.kill()
        with self._lock:
            self._is_closed = True
            reap(self.child, REAP_SECONDS)
            self.child.close()
            for descriptor in (self.orders, *self.wake_pipe):
                os.close(descriptor)


def _taken(answer: dict[str, Any]) -> Any:  # noqa: ANN401 - an answer is JSON
    if "obstructed" in answer:
        raise ObstructedError(answer["obstructed"])
    if "failed" in answer:
        log.error("%s", answer["detail"])
        raise ChildError(answer["failed"], answer["detail"])
    return answer["done"]


def _started(children: Children[Any]) -> ChildProcess:
    """Start a child from the calling thread, which it is tied to. Raises ChildError, ObstructedError."""
    theirs, ours = os.pipe()
    try:
        child = start_child(
            Command(
                program=sys.executable,
                arguments=lambda pipes: ["-I", str(SCRIPT), str(theirs), str(pipes[0])],
                sinks=[TextSink(ANSWER_BYTES)],
                limits=LIMITS,
                niceness=children.niceness,
                inherits=[theirs],
                may_write=True,
                uses_device=children.uses_device,
            )
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return ChildProcess(child, ours, children.work)


@dataclass(slots=True)
class Children(Generic[Context]):
    """The children of a run: as many as are asked at once, and no more than there are workers for long."""

    context: Context  # picklable; what all orders of the run have in common
    most_idle: int
    niceness: int
    work: str = "working"  # what the children do, in messages: "rendering"
    uses_device: bool = False  # a GPU: its driver maps more memory than the machine has
    _idle: list[ChildProcess] = field(default_factory=list)
    _context_bytes: bytes = b""

    def __reduce__(self) -> tuple[type[Children[Context]], tuple[object, ...]]:
        """Pickle what children are started with, and no child."""
        return Children, (self.context, self.most_idle, self.niceness, self.work, self.uses_device)

    async def ask(self, order: Order) -> Any:  # noqa: ANN401 - an answer is JSON
        """Return the answer to an order. Raises as `ChildProcess.ask` does; a cancelled child is killed."""
        if not self._context_bytes:
            self._context_bytes = pickle.dumps(self.context)
        async with self._lent() as child:
            return await detached_call(partial(child.ask, self._context_bytes, order))

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[ChildProcess]:
        child = self._idle.pop() if self._idle else _started(self)
        try:
            yield child
        except ObstructedError as error:
            if isinstance(error, OutOfMemoryError):
                await uncancelled(close_in_thread(child.close))
            else:
                self._take_back(child)
            raise
        except BaseException:
            await uncancelled(close_in_thread(child.close))
            raise
        self._take_back(child)

    def _take_back(self, child: ChildProcess) -> None:
        if len(self._idle) < self.most_idle:
            self._idle.append(child)
        else:
            child.close()

    def follow(self, count: int) -> None:
        """Keep no more children than there are workers."""
        self.most_idle = count
        while len(self._idle) > count:
            self._idle.pop().close()

    def close(self) -> None:
        """End all children that are not at work: at the end of a run, all of them."""
        while self._idle:
            self._idle.pop().close()
