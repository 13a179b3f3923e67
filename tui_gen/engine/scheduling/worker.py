"""One worker: pulls the reports of its unit at the gate, and records each report before it is shown.

    Worker.work: gate ─> pull ─> ledger ─> state ─┐     ends with the unit, or, when told to end,
                 └───────────────────────────────┘     after the current pull

A pull ends with an outcome, a `Retried`, a `Learned` or an `Unusable`; each `Doing` before it is shown.

The worker reports to the scheduler what concerns more than its unit. Invariant: a clip counts as done only
after its outcome is in the ledger.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from tui_gen.base.detached_call import exhaustion
from tui_gen.base.errors import (
    ObstructedError,
    OutOfMemoryError,
    SourceChangedError,
    SourceUnreachableError,
    reason_of,
)
from tui_gen.engine.executors.base import Executor, MachineLostError
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import (
    Clip,
    Doing,
    Failed,
    Learned,
    Made,
    Outcome,
    Rejected,
    Report,
    Retried,
    Stage,
    Unit,
    Unusable,
)
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.scheduling.queues import SAME_FAILURES, SourceQueue
from tui_gen.engine.storage.recorder import Recorder

log = logging.getLogger(__name__)

DIED = "its process died three times"
"""The reason of a failure after `SAME_FAILURES` processes ended while they performed the clip or source."""

Pulled = Retried | Learned | Unusable | Outcome
"""The reports that end a pull."""


class SchedulerCalls(Protocol):
    """The scheduler's methods for workers: for reports that concern more than one unit."""

    @property
    def is_ending(self) -> bool:
        """Whether the run ends after the current pulls."""
        ...

    def want_plan(self, *, learned_of: str | None = None) -> None:
        """Request a new plan: the input of the plan has changed."""
        ...

    def drop(self, source: str) -> None:
        """Hand out no more work of a source that was found unusable."""
        ...

    def quarantine(self, source: str, reason: str) -> None:
        """Hand out no more work of a source in this run."""
        ...

    def mark_unreachable(self, source: str, gone: SourceUnreachableError) -> None:
        """Hand out no work of a source until it can be reached."""
        ...

    def obstruct(self, what: str, reason: str) -> None:
        """Hold all work for some time."""
        ...

    def reduce_workers(self, reason: str, machine: str) -> bool:
        """Reduce the number of a machine's workers by one; return False if there is only one."""
        ...


class Tickets:
    """The clips that a limited run may still begin; a clip without an outcome returns its ticket."""

    def __init__(self, limit: int | None) -> None:
        """Make this number of tickets, or an unlimited number for None."""
        self._left = limit

    @property
    def left(self) -> int | None:
        """The number of tickets left, or None for an unlimited number."""
        return self._left

    @property
    def are_gone(self) -> bool:
        """Whether no further clip may begin."""
        return self._left == 0

    def take(self) -> bool:
        """Take a ticket; return whether there was one."""
        if self._left is not None:
            if self._left == 0:
                return False
            self._left -= 1
        return True

    def give_back(self) -> None:
        """Return a ticket that was not used."""
        if self._left is not None:
            self._left += 1


@dataclass(frozen=True, slots=True)
class StageContext:
    """The context that all workers of a stage share."""

    stage: Stage
    executor: Executor
    recorder: Recorder
    gate: Gate
    tickets: Tickets
    scheduler: SchedulerCalls


class Worker:
    """Performs one unit. One task runs `work`; other tasks may only tell it to end."""

    def __init__(
        self, number: int, unit: Unit, queue: SourceQueue, place: StageContext, *, machine: str
    ) -> None:
        """Keep a unit that was taken from its source's queue, for a machine that has room for it."""
        self.number, self.unit, self.machine = number, unit, machine
        self.task: asyncio.Task[None] | None = None
        self.is_ending = False  # ends after the current pull
        self.is_stale = False  # its unit may have clips that are no longer wanted
        self.has_ticket = False
        self._queue, self._place = queue, place
        self._done: set[Clip] = set()
        self._is_complete = False

    async def work(self) -> None:
        """Pull the unit's reports to the end, or until told to end; then reap its children."""
        source, scheduler = self.unit.source, self._place.scheduler
        reports = self._place.executor.perform(self.machine, self._place.stage, self.unit)
        try:
            await self._pull(reports)
        except MachineLostError as error:
            log.warning("worker %d on %s: %s", self.number, source, error)
            if error.was_at_work:
                await self._charge_death()
        except OutOfMemoryError as error:
            if not scheduler.reduce_workers(str(error), self.machine):
                await self._charge(str(error))
        except ObstructedError as error:
            scheduler.obstruct("output", str(error))
        except SourceUnreachableError as error:
            scheduler.mark_unreachable(source, error)
        except SourceChangedError as error:
            scheduler.quarantine(source, str(error))
        except Exception as error:
            if reason := exhaustion(error):
                scheduler.obstruct("machine", reason)
                return
            log.exception("worker %d on %s", self.number, source)
            await self._charge(reason_of(error))
        finally:
            await reports.aclose()

    def let_go(self) -> None:
        """Return the clips that were not done to the queue, and an unused ticket."""
        if self._is_complete:
            self._queue.complete(self.unit, self._done)
        else:
            self._queue.give_back(self.unit, self._done, is_stale=self.is_stale)
        if self.has_ticket:
            self._place.tickets.give_back()
            self.has_ticket = False

    async def _pull(self, reports: AsyncGenerator[Report, None]) -> None:
        while await self._may_pull():
            report = await self._next(reports)
            if report is None:
                return
            await self._take(report)

    async def _next(self, reports: AsyncGenerator[Report, None]) -> Pulled | None:
        """Return the next report after which a worker may stop; None at the unit's end or when cancelled.

        Each `Doing` before it is shown. A drain or a pause does not stop the worker at a `Doing`, because
        that would discard the decoded clip. An obstruction holds the worker there, so that nothing is
        written; a drain during an obstruction returns the clip to the queue.
        """
        async for report in reports:
            if not isinstance(report, Doing):
                return report
            self._show(report)
            if not await self._may_go_on():
                return None
        self._is_complete = True
        return None

    async def _may_go_on(self) -> bool:
        """Wait within a clip during an obstruction; return False if the clip must go back to the queue."""
        while self._place.gate.is_obstructed and not self._is_cancelled:
            if self._place.scheduler.is_ending or self.is_ending:
                return False
            await self._place.gate.wait()
        return not self._is_cancelled

    def _show(self, doing: Doing) -> None:
        recorder = self._place.recorder
        now = recorder.now()
        recorder.show(ev.SlotTurned(now, self.number, doing.clip, doing.what, doing.attempt))

    @property
    def stage(self) -> Stage:
        """The stage of its unit."""
        return self._place.stage

    @property
    def _is_cancelled(self) -> bool:
        return self.task is not None and bool(self.task.cancelling())

    async def _may_pull(self) -> bool:
        """Wait at the gate; return False if the worker must end."""
        while True:
            if self._place.scheduler.is_ending or self.is_ending or self._is_cancelled:
                return False
            if not self._place.gate.is_closed:
                return self._may_begin()
            await self._place.gate.wait()

    def _may_begin(self) -> bool:
        if self.unit.clips and not self.has_ticket:
            self.has_ticket = self._place.tickets.take()
            return self.has_ticket
        return True

    async def _take(self, report: Pulled) -> None:
        recorder, stage = self._place.recorder, self._place.stage.name
        now = recorder.now()
        match report:
            case Retried(clip, attempt, reason):
                recorder.show(ev.ClipRetried(now, clip, attempt, reason))
            case Learned(source, facts, warnings):
                await self._record(ev.FactsLearned(now, stage, source, facts, warnings))
                self._place.scheduler.want_plan(learned_of=source)
            case Unusable(source, reason, detail):
                await self._record(ev.SourceFoundUnusable(now, stage, source, reason, detail))
                self._place.scheduler.drop(source)
            case _:
                await self._take_outcome(report)

    async def _record(self, event: ev.Durable) -> None:
        await self._place.recorder.record(event, self._place.gate)

    async def _take_outcome(self, outcome: Outcome) -> None:
        now, stage = self._place.recorder.now(), self._place.stage.name
        await self._record(ev.ClipEnded(now, stage, outcome, self.machine))
        self._done.add(outcome.clip)
        self.has_ticket = False
        self._queue.end(outcome.clip)
        if isinstance(outcome, Failed):
            self._queue.fail(outcome.clip)
            if self._queue.count_failure(outcome.reason):
                self._place.scheduler.quarantine(self.unit.source, outcome.reason)
            return
        self._queue.count_success()
        if isinstance(outcome, Rejected) or _may_change_the_plan(outcome):
            self._place.scheduler.want_plan()

    @property
    def _first_left(self) -> Clip | None:
        return next((clip for clip in self.unit.clips if clip not in self._done), None)

    async def _charge_death(self) -> None:
        """After three lost machines, fail the first clip without an outcome, or quarantine the source."""
        first = self._first_left
        if not self._queue.count_death(first):
            return
        if first is not None:
            await self._take_outcome(Failed(first, DIED, SAME_FAILURES, 0.0))
        elif not self.unit.clips:
            self._place.scheduler.quarantine(self.unit.source, DIED)

    async def _charge(self, reason: str) -> None:
        """Fail the first clip without an outcome, or count a failed survey, after an unexpected error."""
        first = self._first_left
        if first is not None:
            await self._take_outcome(Failed(first, reason, 1, 0.0))
        elif not self.unit.clips and self._queue.count_survey_failure():
            self._place.scheduler.quarantine(self.unit.source, reason)


def _may_change_the_plan(made: Made) -> bool:
    """Return whether a rejected patch needs a replacement, or a hash may reveal a near duplicate."""
    return bool(made.rejected) or any(patch.perceptual_hash is not None for patch in made.patches)
