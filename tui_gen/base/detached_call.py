"""Calls that may never return, like a look at a dead network share, and what a full machine says.

Such a call gets a thread of its own: the shared ones are few, and a program that ends waits for them. A
thread whose call has returned is kept a while for the next call: to start one takes as long as several looks,
and the event loop waits until the new thread has run.
"""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

EXHAUSTED = frozenset({errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
THREAD_NAME = "detached call"
IDLE_SECONDS = 5.0
"""A thread without a call ends after this time."""
_NO_THREAD = "can't start new thread"


class _Call(Generic[Result]):
    """One call and the future that waits for it."""

    def __init__(self, call: Callable[[], Result], loop: asyncio.AbstractEventLoop) -> None:
        self._call, self._loop = call, loop
        self.done: asyncio.Future[Result] = loop.create_future()

    def run(self) -> None:
        try:
            result = self._call()
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting task
            self._tell(self._fail, error)
        else:
            self._tell(self._succeed, result)

    def _tell(self, settle: Callable[..., None], outcome: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: no task waits
            self._loop.call_soon_threadsafe(settle, outcome)

    def _succeed(self, result: Result) -> None:
        if not self.done.done():
            self.done.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class _Thread:
    """A thread that makes one call after the other."""

    def __init__(self, call: Callable[[], None]) -> None:
        """Start with a call. Raises RuntimeError if no thread can be started."""
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.take(call)
        threading.Thread(target=self._work, name=THREAD_NAME, daemon=True).start()

    def take(self, call: Callable[[], None]) -> None:
        """Make a call; the thread is not among the idle ones."""
        self._calls.put(call)

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call()
            del call  # it may hold the frames of a clip
            _idle.append(self)

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next call; return None if none came for a while."""
        try:
            return self._calls.get(timeout=IDLE_SECONDS)
        except Empty:
            pass
        try:
            _idle.remove(self)
        except ValueError:  # taken from the idle ones at this moment: its call is on the way
            return self._calls.get()
        return None


_idle: list[_Thread] = []
os.register_at_fork(after_in_child=_idle.clear)  # a fork has one thread


def _start(call: Callable[[], None]) -> None:
    """Make a call in an idle thread, or in a new one. Raises RuntimeError if none can be started."""
    try:
        thread = _idle.pop()
    except IndexError:
        _Thread(call)
    else:
        thread.take(call)


async def detached_call(call: Callable[[], Result]) -> Result:
    """Return what a call returns, made in a thread that neither a cancelled wait nor the end waits for."""
    made = _Call(call, asyncio.get_running_loop())
    _start(made.run)
    return await made.done


class DetachedExecutor(Executor):
    """Makes each call in a thread of its own that the end of the program does not wait for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """Start a call and return its future."""
        future: Future[Any] = Future()

        def settle() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - carried over to the waiting task
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=settle, name="aside", daemon=True).start()
        return future


DETACHED = DetachedExecutor()
"""For aiofiles: a file on a dead network share holds up neither the loop nor the end of the program."""


def exhaustion(error: BaseException) -> str | None:
    """Return why the machine had no room for something, if that is what an error says."""
    if isinstance(error, OSError) and error.errno in EXHAUSTED:
        return f"the machine has no room: {error.strerror}"
    if isinstance(error, MemoryError):
        return "the machine has no room: out of memory"
    if isinstance(error, RuntimeError) and str(error).startswith(_NO_THREAD):
        return "the machine has no room: no new thread can be started"
    return None
