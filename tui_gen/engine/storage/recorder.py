"""Records events before they are shown: first the files, then the ledger, then the state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tui_gen.base.detached_call import exhaustion
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Made
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.storage.ledger import Ledger

log = logging.getLogger(__name__)

SYNC_EVERY_LINES = 10
TRY_AGAIN_SECONDS = 5.0
"""The time before another attempt to write to an output that failed."""


class Recorder:
    """The ledger and the state of one run, changed together."""

    def __init__(
        self,
        ledger: Ledger,
        state: RunState,
        clock: Callable[[], float],
        *,
        take_step: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Take an open ledger, the state of its events, a clock, and a function that reports its steps."""
        self.ledger, self.state, self.now = ledger, state, clock
        self._take_step = take_step
        self.bytes_written = self.patches_written = 0  # since the start
        self.on_written: Callable[[], Awaitable[None]] | None = None  # awaited before more is written

    def show(self, event: ev.Event) -> None:
        """Apply an event to the state only: a transient event, or one that the ledger already has."""
        self.notice_clock()
        self.state.apply(event)

    def write(self, event: ev.Durable) -> None:
        """Write an event to the ledger and apply it. Raises OSError with neither done."""
        self.notice_clock()
        self.ledger.append([event])
        self.state.apply(event)

    def notice_clock(self) -> None:
        """Record a step of the wall clock before any event that was timed after the step."""
        seconds = self._take_step()
        if not seconds:
            return
        log.warning("wall time moved by %+.0f s: the clock was set, or the machine was suspended", seconds)
        stepped = ev.ClockStepped(self.now(), round(seconds, 3))
        try:
            self.ledger.append([stepped])
        except OSError as error:
            # Only the working time of past runs depends on this line; on a full disk it may be lost.
            log.warning("cannot write the ledger: %s", error)
        self.state.apply(stepped)

    async def record(self, event: ev.Durable, gate: Gate) -> None:
        """Write and apply an event; sync if more than a few lines are not synced."""
        await self.note(event, gate)
        if isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
            self.bytes_written += sum(patch.size_bytes for patch in event.outcome.patches)
            self.patches_written += len(event.outcome.patches)
            if self.on_written is not None:
                await self.on_written()
        if self.ledger.unsynced_lines >= SYNC_EVERY_LINES:
            await self.sync(gate)

    async def note(self, event: ev.Durable, gate: Gate) -> None:
        """Write and apply an event. While the disk refuses the line, close the gate and wait."""
        while True:
            try:
                self.write(event)
            except OSError as error:
                log.warning("cannot write the ledger: %s", error)
                gate.obstruct("ledger", f"cannot write the ledger: {error.strerror}")
                await asyncio.sleep(TRY_AGAIN_SECONDS)
            else:
                break
        gate.clear("ledger")

    async def sync(self, gate: Gate) -> None:
        """Sync the ledger to the disk, off the loop; hold the work only while that fails.

        If lines are lost, only work is lost: their clips are made again, into the same files.
        """
        if not self.ledger.unsynced_lines:
            return
        try:
            await asyncio.to_thread(self.ledger.sync)
        except (OSError, RuntimeError) as error:
            # If no thread can be started, the line is still in the file: its clip must not be made again.
            reason = error.strerror if isinstance(error, OSError) else exhaustion(error)
            if reason is None:
                raise
            log.warning("cannot sync the ledger: %s", error)
            gate.obstruct("ledger", f"cannot write the ledger: {reason}")
        else:
            gate.clear("ledger")
