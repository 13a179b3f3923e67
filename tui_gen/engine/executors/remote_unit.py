"""One unit that a unit runner performs: pulls go out, answers come in through a queue.

Invariant: a unit whose runner is lost raises MachineLostError at its next pull, after the answers that
arrived before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tui_gen.engine.control.codec import from_wire
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.base import MachineLostError
from tui_gen.engine.executors.error_fields import error_of
from tui_gen.engine.executors.link import Link
from tui_gen.engine.model.work import Doing, Report

log = logging.getLogger(__name__)

CLOSE_SECONDS = 60.0
"""A runner that does not close a unit within this time is killed, so that stopping always ends."""

UnitAnswer = say.Does | say.Gave | say.Ended | say.Raised | say.Closed | say.FilePiece
Store = Callable[[say.FilePiece], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Lost:
    """The runner is lost."""

    reason: str
    was_at_work: bool  # whether it performed the unit that gets this message, and died


class RemoteUnit:
    """One unit that a runner performs."""

    def __init__(self, number: int, link: Link, store: Store) -> None:
        """Prepare a unit; nothing is sent before the first pull. `store` writes a piece of a file."""
        self._number, self._link, self._store = number, link, store
        self._heard: asyncio.Queue[UnitAnswer | _Lost] = asyncio.Queue()
        self._is_pulled = self._is_incomplete = False
        self.is_over = False

    def hear(self, answer: UnitAnswer) -> None:
        """Process an answer about this unit."""
        self._heard.put_nowait(answer)

    def lose(self, reason: str, *, has_died: bool) -> None:
        """Mark the runner as lost, after the answers that arrived before."""
        self._heard.put_nowait(_Lost(reason, was_at_work=has_died and self._is_pulled))

    async def pull(self) -> Report | None:
        """Return the next report, or None at the end. Raises MachineLostError and the errors of the unit."""
        if not self._is_pulled:
            self._link.say(say.Pull(self._number))
            self._is_pulled = True
        while isinstance(answer := await self._heard.get(), say.FilePiece):
            await self._keep(answer)
        match answer:
            case say.Does(_, payload) | say.Gave(_, payload):
                self._is_pulled = isinstance(answer, say.Does)
                report: Report = from_wire(payload, Report)
                return report
            case say.Raised(_, error):
                self.is_over = True
                raise error_of(error)
            case _Lost(reason, was_at_work):
                self.is_over = True
                raise MachineLostError(reason, was_at_work=was_at_work)
            case _:
                self.is_over = True
                return None

    async def _keep(self, piece: say.FilePiece) -> None:
        """Write a piece of a file. After a failure the rest of the unit is discarded."""
        if self._is_incomplete:
            return
        try:
            await self._store(piece)
        except BaseException:
            self._is_incomplete = True
            raise

    async def close(self) -> Report | None:
        """End the unit and its processes; return an outcome that arrived after the last pull.

        An outcome whose files could not be written is not returned.
        """
        if self.is_over:
            return None
        self._link.say(say.Close(self._number))
        killing = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._link.kill)
        late = None
        try:
            while not self.is_over:
                self._is_pulled = True  # only reports pulled before still arrive
                report = await self._pull_late()
                late = late if report is None or isinstance(report, Doing) else report
        except MachineLostError:
            log.info("unit %d was closed by the end of its process", self._number)
        finally:
            killing.cancel()
        return None if self._is_incomplete else late

    async def _pull_late(self) -> Report | None:
        try:
            return await self.pull()
        except Exception:
            if self.is_over:
                raise
            log.exception("unit %d: the files of its last outcome", self._number)
            return None

    async def closed(self) -> Report | None:
        """Close the unit, even if this task is cancelled several times."""
        closing = asyncio.ensure_future(self.close())
        while not closing.done():
            try:
                await asyncio.wait({closing})
            except asyncio.CancelledError:
                continue  # the task remains cancelled
        return closing.result()
