"""Sets the number of workers by the schedule of the configuration, at each of its changes.

    schedule changes ──> workers, or a pause       a key or `ctl` ──> overrides it until the next change

Invariant: between two changes of the schedule, nothing is set here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from tui_gen.base.formatting import coming
from tui_gen.config.run_config import ScheduleEntry
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.schedule import Scheduled, scheduled
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.scheduling.machine_workers import MachineWorkers
from tui_gen.engine.storage.recorder import Recorder

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 60.0
"""The zone of the machine may be changed while a run works: the schedule is read anew once a minute."""


class ScheduledEngine(Protocol):
    """The methods of the scheduler that a schedule needs."""

    gate: Gate
    machines: MachineWorkers

    def set_workers(self, count: int | None) -> None:
        """Set the number of workers; None: as many as the machines lend."""
        ...


class ScheduleFollower:
    """Follows a schedule; without entries it does nothing."""

    def __init__(
        self,
        entries: Sequence[ScheduleEntry],
        engine: ScheduledEngine,
        recorder: Recorder,
        *,
        usual: int | None,
    ) -> None:
        """Keep the entries, and the `usual` number of workers when no entry applies.

        `usual` None: as many as the machines of a cluster lend.
        """
        self._entries, self._engine, self._recorder, self._usual = entries, engine, recorder, usual
        self._now: Scheduled | None = None
        self._looked_at = float("-inf")
        self._is_overridden = False
        self._most: int | None = None  # workers, after memory ran out with more

    async def run(self) -> None:
        """Follow the schedule until cancelled."""
        while self._entries:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, *, may_set: bool = True) -> None:
        """Set what the schedule says if it says something new.

        With `may_set` false, what is set stays until the next change.
        """
        at, before = self._recorder.now(), self._now
        if not self._entries or self._is_current(at):
            return
        self._looked_at = at
        now = self._now = scheduled(self._entries, at)
        if before is not None and now.workers == before.workers:
            if now.until != before.until:
                self._show(at)
            return
        self._is_overridden = not may_set
        if may_set:
            self._set(self._workers, at)
        self._show(at)
        log.info("%s", self._words(at))

    def _is_current(self, at: float) -> bool:
        """Return whether the schedule was looked at a moment ago, and no change has come since."""
        until = self._now.until if self._now is not None else None
        last = self._looked_at + LOOK_AGAIN_SECONDS
        return self._looked_at <= at < (last if until is None else min(last, until))

    def override(self) -> str:
        """Note that a command set something else; return until when, for the answer to the command."""
        if self._now is None:
            return ""
        asked, at = self._engine.machines.asked, self._recorder.now()
        is_paused = self._engine.gate.is_paused
        as_scheduled = is_paused if self._workers == 0 else not is_paused
        self._is_overridden = not (as_scheduled and (is_paused or asked == self._workers))
        self._most = None
        self._show(at)
        log.info("%s", self._words(at))
        if not self._is_overridden or self._now.until is None:
            return ""
        return f", by the schedule again from {coming(self._now.until, at)}"

    @property
    def _workers(self) -> int | None:
        known = self._now.workers if self._now is not None else None
        return self._usual if known is None else known

    def _set(self, workers: int | None, at: float) -> None:
        gate, shown, asked = self._engine.gate, self._recorder.state.schedule, self._engine.machines.asked
        if shown is not None and not shown.is_overridden and asked and asked < shown.workers:
            self._most = asked  # memory ran out with more
        if workers == 0:
            gate.pause(f"by the schedule{self._until(at)}")
            return
        is_limited = workers is not None and self._most is not None and self._most < workers
        self._engine.set_workers(self._most if is_limited else workers)
        if gate.is_paused:
            gate.resume()

    def _until(self, at: float) -> str:
        until = self._now.until if self._now is not None else None
        return "" if until is None else f" until {coming(until, at)}"

    def _words(self, at: float) -> str:
        if self._is_overridden:
            return f"set by hand{self._until(at)}, then by the schedule"
        workers = self._workers
        what = "pause" if workers == 0 else "all workers" if workers is None else f"{workers} workers"
        return f"schedule: {what}{self._until(at)}"

    def _show(self, at: float) -> None:
        until = self._now.until if self._now is not None else None
        workers = self._recorder.state.workers_target if self._workers is None else self._workers
        self._recorder.show(ev.ScheduleApplied(at, workers, until, self._is_overridden))
