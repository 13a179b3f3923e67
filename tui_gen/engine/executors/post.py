"""The actor that a dask worker holds: it starts one unit runner and carries lines to it and from it.

    PostLink ═dask═ Post ─pipe─ unit runner

Lines are numbered, and kept until they are acknowledged, because dask repeats a call whose connection was
lost. All methods are coroutines: they run in the main thread of the dask worker, which may start children.

Invariant: a unit runner ends when no engine has heard it for `LEASE_SECONDS`, and when it says nothing for
`BEAT_SECONDS`. Time in which this process is suspended does not count.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import ClassVar

from tui_gen.engine.executors.messages import may_wait
from tui_gen.engine.executors.runner_process import RunnerProcess
from tui_gen.engine.executors.sent_files import remove_left_folders

WAIT_SECONDS = 1.0
"""The longest time that `hear` waits for a line."""
LEASE_SECONDS = 20.0
BEAT_SECONDS = 30.0
"""A unit runner measures its machine every two seconds: that is its sign of life."""
TICK_SECONDS = 1.0
HEARD_BYTES = 8 << 20
"""About the most bytes that one call returns."""

Heard = tuple[int, list[bytes], str | None]
"""The number of the first line, lines, and how the unit runner ended, None before the last line of all."""


class Post:
    """Holds one unit runner. A dask worker holds one at a time."""

    holder: ClassVar[Post | None] = None
    starting: ClassVar[asyncio.Lock | None] = None

    def __init__(self, owner: str) -> None:
        """Keep for which output folder the unit runner works. dask calls this in a thread."""
        self._owner = owner
        self._runner: RunnerProcess | None = None
        self._taken, self._early = 0, dict[int, bytes]()  # requests
        self._first, self._lines = 1, list[bytes]()
        self._awaited = 0  # the number of the last line for which the engine waits
        self._how: str | None = None
        self._why = ""  # why the unit runner was ended; "" if it ended by itself
        self._heard = asyncio.Event()
        self._ticks_unheard = self._ticks_without_line = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[str] | None = None

    async def start(self, *, takes_over: bool) -> str:
        """Start the unit runner; return "", or for whom another one works that stays.

        A unit runner of the same owner is ended first if `takes_over`. Raises OSError.
        """
        Post.starting = Post.starting or asyncio.Lock()
        async with Post.starting:
            before = Post.holder
            if before is not None and before._how is None:  # noqa: SLF001 - of this class
                if before._owner != self._owner or not takes_over:  # noqa: SLF001
                    return before._owner  # noqa: SLF001
                await before.end()
            self._runner = await RunnerProcess.start()
            Post.holder = self
        self._tasks = [
            asyncio.create_task(self._read(self._runner), name="lines of the unit runner"),
            asyncio.create_task(self._watch(self._runner), name="lease of the unit runner"),
        ]
        return ""

    async def say(self, number: int, lines: list[bytes]) -> None:
        """Pass on requests; `number` is that of the first. Requests that came before are not repeated.

        A call may overtake another: a request is passed on when all before it have come.
        """
        self._early |= dict(enumerate(lines, number))
        while (line := self._early.pop(self._taken + 1, None)) is not None:
            self._taken += 1
            if self._runner is not None:
                self._runner.say_line(line)
        for repeated in [number for number in self._early if number <= self._taken]:
            del self._early[repeated]

    async def hear(self, after: int, number: int, lines: list[bytes]) -> Heard:
        """Pass on requests, and return the lines after a number, which acknowledges those up to it.

        Waits for a line that may not wait, a second at most.
        """
        await self.say(number, lines)
        self._ticks_unheard = 0
        del self._lines[: max(0, after + 1 - self._first)]
        self._first = max(self._first, after + 1)
        if self._awaited <= after and self._how is None:
            self._heard.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._heard.wait()
        self._ticks_unheard = 0
        count = size = 0
        while count < len(self._lines) and size < HEARD_BYTES:
            size += len(self._lines[count])
            count += 1
        how = self._how if count == len(self._lines) else None
        return self._first, self._lines[:count], how

    async def kill(self) -> None:
        """Kill the unit runner; its children end with it."""
        if self._runner is not None:
            self._runner.kill()

    async def end(self) -> str:
        """End the unit runner, after what it is writing; return how it ended."""
        if self._runner is None:
            return "it was not started"
        return await asyncio.shield(self._begin_end(self._runner, ""))

    async def _read(self, runner: RunnerProcess) -> None:
        while (line := await runner.hear_line()) is not None:
            self._ticks_without_line = 0
            self._lines.append(line)
            if not may_wait(line):
                self._awaited = self._first + len(self._lines) - 1
                self._heard.set()
        self._begin_end(runner, self._why)

    async def _watch(self, runner: RunnerProcess) -> None:
        """End the unit runner when nobody hears it, kill it when it hangs."""
        while self._ticks_unheard * TICK_SECONDS < LEASE_SECONDS:
            await asyncio.sleep(TICK_SECONDS)
            self._ticks_unheard += 1
            self._ticks_without_line += 1
            if self._ticks_without_line * TICK_SECONDS >= BEAT_SECONDS:
                self._why = f"it said nothing for {BEAT_SECONDS:.0f} s; "
                runner.kill()
        self._begin_end(runner, "the engine was not heard; ")

    def _begin_end(self, runner: RunnerProcess, why: str) -> asyncio.Task[str]:
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(runner, why), name="end of the unit runner")
        return self._ending

    async def _end(self, runner: RunnerProcess, why: str) -> str:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        how = await runner.end()
        await asyncio.to_thread(remove_left_folders)  # of a unit runner that was killed
        self._how = why + how
        self._heard.set()
        return self._how
