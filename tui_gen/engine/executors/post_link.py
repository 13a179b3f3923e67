"""The engine's side of a `Post`: requests in order, answers acknowledged, silence noticed.

Invariant: every call stands within a number of ticks. A suspended engine counts none, so that its own
suspension is no silence of the other end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from tui_gen.base.errors import reason_of
from tui_gen.engine.executors.link import LinkLostError, Loss
from tui_gen.engine.executors.messages import Answer, Request, answer_of, line_of, may_wait
from tui_gen.engine.executors.post import Heard

Result = TypeVar("Result")

TICK_SECONDS = 1.0
SILENT_TICKS = 10
END_TICKS = 40
"""A unit runner has 30 seconds for its end before it is killed."""
ANSWER_SECONDS = 0.01
"""An answer is soon followed by a request: it is waited for so long, and sent with the next call."""


class PostCalls(Protocol):
    """The methods of a `Post`, called from afar."""

    def say(self, number: int, lines: list[bytes]) -> Awaitable[None]:
        """Pass on lines."""
        ...

    def hear(self, after: int, number: int, lines: list[bytes]) -> Awaitable[Heard]:
        """Pass on lines and return lines."""
        ...

    def kill(self) -> Awaitable[None]:
        """Kill the unit runner."""
        ...

    def end(self) -> Awaitable[str]:
        """End the unit runner."""
        ...


async def answered(call: Awaitable[Result], *, ticks: int = SILENT_TICKS) -> Result:
    """Return the answer of a call. Raises LinkLostError if there is none within some ticks of a second."""
    calling = asyncio.ensure_future(call)
    try:
        for _ in range(ticks):
            done, _ = await asyncio.wait({calling}, timeout=TICK_SECONDS)
            if done and not calling.cancelled():
                return calling.result()
            if done:  # dask cancels its futures when it loses the scheduler
                message = "the scheduler is gone"
                raise LinkLostError(message, "gone")
    finally:
        calling.cancel()
    message = f"no answer for {ticks * TICK_SECONDS:.0f} s"
    raise LinkLostError(message, "silent")


class PostLink:
    """A connection to a unit runner that a `Post` has started."""

    def __init__(self, post: PostCalls, release: Callable[[], None]) -> None:
        """Wrap a post; `release` gives the actor back at the end."""
        self._post, self._release = post, release
        self._unsent: list[bytes] = []
        self._sent = self._heard = 0  # numbers of the last lines
        self._answers: deque[bytes] = deque()
        self._unsent_there, self._wake = asyncio.Event(), asyncio.Event()
        self._is_sending_with_hear = self._is_request_near = False
        self._how: str | None = None
        self._loss: Loss = "died"
        self._sending = asyncio.create_task(self._send(), name="requests to a unit runner")
        self._killing: asyncio.Future[None] | None = None

    @property
    def loss(self) -> Loss:
        """How the connection ended."""
        return self._loss

    def say(self, request: Request) -> None:
        """Send a request without waiting."""
        self._unsent.append(line_of(request))
        self._unsent_there.set()

    async def hear(self) -> Answer | None:
        """Return the next answer, or None when the connection has ended. Raises MessageError."""
        while not self._answers:
            if self._how is not None:
                return None
            try:
                await self._fetch()
            except Exception as error:  # noqa: BLE001 - whatever dask raises, the way is cut
                self._lose(error)
        return answer_of(self._answers.popleft())

    def kill(self) -> None:
        """Kill the unit runner. If nothing answers, its lease ends it."""
        self._killing = asyncio.ensure_future(self._kill())

    async def end(self) -> str:
        """End the unit runner; return how it ended."""
        self._sending.cancel()
        if self._how is None:
            try:
                self._how = await answered(self._post.end(), ticks=END_TICKS)
            except Exception as error:  # noqa: BLE001 - whatever dask raises, the way is cut
                self._lose(error)
        if self._killing is not None:
            await asyncio.wait({self._killing})
        self._release()
        return self._how or ""

    async def _fetch(self) -> None:
        """Send the requests that wait, and wait for answers."""
        self._is_sending_with_hear = True
        try:
            if self._is_request_near:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await self._unsent_there.wait()
            call = self._post.hear(self._heard, *self._take_unsent())
        finally:
            self._is_sending_with_hear = False
            self._wake.set()
        first, lines, how = await answered(call)
        new = lines[max(0, self._heard + 1 - first) :]
        self._answers.extend(new)
        self._heard += len(new)
        self._is_request_near = not all(map(may_wait, new))
        if how is not None and self._how is None:
            self._how = how

    def _take_unsent(self) -> tuple[int, list[bytes]]:
        """Return the requests that wait, after the number of the first."""
        number, lines = self._sent + 1, self._unsent
        self._sent += len(lines)
        self._unsent = []
        self._unsent_there.clear()
        return number, lines

    async def _send(self) -> None:
        """Send requests that come while `hear` waits for answers."""
        try:
            while True:
                await self._unsent_there.wait()
                if self._is_sending_with_hear:
                    self._wake.clear()
                    await self._wake.wait()
                elif self._unsent:
                    await answered(self._post.say(*self._take_unsent()))
        except Exception as error:  # noqa: BLE001 - whatever dask raises, the way is cut
            self._lose(error)

    async def _kill(self) -> None:
        try:
            await answered(self._post.kill())
        except Exception as error:  # noqa: BLE001 - whatever dask raises, the way is cut
            self._lose(error)

    def _lose(self, error: Exception) -> None:
        """Keep the first reason; the answers that arrived before are still heard."""
        if self._how is None:
            self._loss = error.loss if isinstance(error, LinkLostError) else "gone"
            self._how = reason_of(error)
