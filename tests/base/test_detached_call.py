"""Detached calls use the threads of earlier calls, as long as those are not at work."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
import weakref

import pytest

from tui_gen.base import detached_call as detached
from tui_gen.base.detached_call import THREAD_NAME, detached_call


@pytest.fixture(autouse=True)
def _no_idle_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the threads that other tests left."""
    monkeypatch.setattr(detached, "_idle", [])


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Return the threads that are started for calls."""
    threads, start = list[threading.Thread](), threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        if thread.name == THREAD_NAME:
            threads.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    return threads


async def until_idle(count: int) -> None:
    while len(detached._idle) < count:
        await asyncio.sleep(0.001)


async def test_one_call_after_the_other_is_made_in_one_thread(started: list[threading.Thread]) -> None:
    for number in range(20):
        assert await detached_call(lambda number=number: number) == number  # type: ignore[misc]
        await until_idle(1)
    assert len(started) == 1


async def test_calls_at_once_have_a_thread_each(started: list[threading.Thread]) -> None:
    together = threading.Barrier(10)
    await asyncio.gather(*(detached_call(lambda: together.wait(10)) for _ in range(10)))
    assert len(started) == 10


async def test_a_call_that_hangs_keeps_its_thread_to_itself(started: list[threading.Thread]) -> None:
    never = threading.Event()
    hung = asyncio.create_task(detached_call(never.wait))
    await asyncio.sleep(0)
    assert [await detached_call(lambda: 7) for _ in range(3)] == [7, 7, 7]
    hung.cancel()
    never.set()
    assert len(started) >= 2


async def test_a_call_that_raises_leaves_a_thread_for_the_next(started: list[threading.Thread]) -> None:
    def fail() -> None:
        message = "gone"
        raise FileNotFoundError(message)

    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            await detached_call(fail)
        await until_idle(1)
    assert len(started) == 1


async def test_an_idle_thread_ends_after_a_while(
    started: list[threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detached, "IDLE_SECONDS", 0.01)
    await detached_call(lambda: None)
    deadline = time.monotonic() + 10
    while started[0].is_alive() and time.monotonic() < deadline:
        await asyncio.sleep(0.005)
    assert not started[0].is_alive()
    assert detached._idle == []
    assert await detached_call(lambda: 8) == 8


async def test_an_idle_thread_holds_nothing_of_its_last_call() -> None:
    class Frames:
        def look(self) -> None:
            """Do nothing."""

    frames = Frames()
    gone = weakref.ref(frames)
    await detached_call(frames.look)
    await until_idle(1)
    del frames
    assert gone() is None


FORKED = """
import asyncio, os
from tui_gen.base.detached_call import detached_call
asyncio.run(detached_call(lambda: None))
child = os.fork()
if child == 0:
    os._exit(asyncio.run(asyncio.wait_for(detached_call(lambda: 7), 5)))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


def test_a_fork_makes_its_calls_in_threads_of_its_own() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=30)
