"""The engine: plan -> gate -> executor -> ledger -> state, steered while it works.

One task (the conductor) plans and hands out units; one task a worker owns and pulls the reports of its
unit. A report is written to the ledger before the state shows it. Nothing is pulled while the gate is
closed, so the pipes fill and the children sleep.

    conductor: plan ─> queues ─> open a slot for a unit ─┐         wakes on every change
    slot:      gate ─> pull one report ─> ledger ─> state ┘ ...    ends after the pull in hand
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from tui_gen.engine import events as ev
from tui_gen.engine.aside import aside, exhaustion
from tui_gen.engine.executors import Executor
from tui_gen.engine.gate import Gate
from tui_gen.engine.queues import SourceQueue
from tui_gen.engine.recorder import TRY_AGAIN_SECONDS, Recorder
from tui_gen.engine.state import RunState
from tui_gen.engine.verdict import Ending, verdict
from tui_gen.engine.work import (
    Clip,
    Doing,
    Failed,
    Job,
    Learned,
    Made,
    ObstructedError,
    Outcome,
    Plan,
    Rejected,
    Report,
    Retried,
    SourceChangedError,
    SourceGoneError,
    Stage,
    Unit,
    Unusable,
)

log = logging.getLogger(__name__)

LOOK_FOR_SOURCES_SECONDS = 10.0
PLAN_SECONDS = 1.0
"""While there is work at hand a changed plan may wait this long, so that many changes cost one plan."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this one run differs from a whole one."""

    workers: int
    limit: int | None = None  # end after so many clips
    only: frozenset[str] | None = None  # work on these sources alone


@dataclass(slots=True)
class Slot:
    """A worker and the unit it holds."""

    number: int
    unit: Unit
    done: set[Clip] = field(default_factory=set)
    task: asyncio.Task[None] | None = None
    is_ending: bool = False  # after the pull in hand
    is_stale: bool = False  # its unit may hold clips nobody wants any more
    is_complete: bool = False
    has_ticket: bool = False


class Engine:
    """Performs a job's stages and can be steered meanwhile. One run is one object."""

    def __init__(
        self,
        *,
        job: Job,
        recorder: Recorder,
        executor: Executor,
        options: Options,
    ) -> None:
        """Take what was read and opened by the caller; nothing starts before `run`."""
        self._job, self._recorder = job, recorder
        self._state, self._clock, self._apply = recorder.state, recorder.now, recorder.show
        self._executor, self._options = executor, options
        self._queues: dict[str, SourceQueue] = {}
        self._order: tuple[str, ...] = ()
        self._slots: dict[int, Slot] = {}
        self._changed = asyncio.Event()
        self.gate = Gate(self._gate_changed)
        self._needs_plan = True
        self._is_plan_urgent = False
        self._planned_at = float("-inf")
        self._ending: Ending | None = None
        self._tickets = options.limit
        self._stage: Stage | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._waiting: set[asyncio.Task[None]] = set()
        self._apply(ev.WorkersChanged(self._clock(), max(1, options.workers)))

    # ------------------------------------------------------------------ the run

    async def run(self) -> ev.RunEnded:
        """Perform all stages and return how it ended. The end is the caller's to record."""
        try:
            for stage in self._job.stages:
                await self._perform(stage)
                if self._ending:
                    break
        finally:
            await self._end_all_slots()
            for timer in self._timers:
                timer.cancel()
            for waiting in self._waiting:
                waiting.cancel()
        return verdict(self._state, self._ending, only=self._options.only, at=self._clock())

    async def _perform(self, stage: Stage) -> None:
        self._stage, self._queues, self._order = stage, {}, ()
        self._plan()
        self._show_phase()
        while True:
            self._fill_slots()
            if not self._slots and (self._ending or not self._must_wait()):
                return
            self._show_phase()
            await self._wait_for_change()

    def _must_wait(self) -> bool:
        return self.gate.is_closed or any(queue.is_away for queue in self._queues.values())

    async def _wait_for_change(self) -> None:
        wait = PLAN_SECONDS if self._needs_plan else None
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _end_all_slots(self) -> None:
        tasks = [slot.task for slot in self._slots.values() if slot.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------------ planning and handing out

    def _plan(self) -> None:
        if self._stage is None:
            return
        plan = self._stage.plan(self._state.records)
        self._needs_plan = self._is_plan_urgent = False
        self._planned_at = self._clock()
        self._apply(ev.StagePlanned(self._planned_at, self._stage.name, plan))
        self._queue(plan)

    def _queue(self, plan: Plan) -> None:
        ranked = sorted(plan.sources, key=lambda source: source.priority)
        self._order = tuple(source.source for source in ranked)
        for source in ranked:
            queue = self._queues.get(source.source)
            if queue is None:
                self._queues[source.source] = SourceQueue(source)
            elif queue.renew(source):
                self._end_slots_of(source.source)

    def _end_slots_of(self, source: str) -> None:
        for slot in self._slots.values():
            if slot.unit.source == source:
                slot.is_ending = slot.is_stale = True
        self.gate.pulse()

    def _fill_slots(self) -> None:
        if self._is_plan_urgent or (self._needs_plan and self._clock() - self._planned_at >= PLAN_SECONDS):
            self._plan()
        self._balance()
        while self._may_open():
            unit = self._next_unit()
            if unit is None and self._needs_plan:
                self._plan()
                unit = self._next_unit()
            if unit is None:
                return
            self._open(unit)

    def _comes_before_others(self, source: str) -> bool:
        """Tell whether workers would turn to a later source while the plan for this one waits."""
        priority = self._queues[source].plan.priority
        return any(queue.plan.priority > priority for queue in self._queues.values())

    def _may_open(self) -> bool:
        if self._ending or self.gate.is_closed:
            return False
        return len(self._slots) < self._state.workers_target

    def _next_unit(self) -> Unit | None:
        only = self._options.only
        for source in self._order:
            if only is not None and source not in only:
                continue
            record = self._state.records.get(source)
            if record is not None and (record.skipped or record.unusable is not None):
                continue
            unit = self._queues[source].take()
            if unit is None:
                continue
            if unit.clips and self._tickets == 0:
                self._queues[source].give_back(unit, set(), is_stale=False)
                return None
            return unit
        return None

    def _open(self, unit: Unit) -> None:
        number = next(n for n in range(1, len(self._slots) + 2) if n not in self._slots)
        slot = self._slots[number] = Slot(number, unit)
        what = "starting" if unit.clips else "looking"
        self._apply(ev.SlotOpened(self._clock(), number, unit.source, what))
        slot.task = asyncio.create_task(self._work(slot), name=f"worker {number}")
        # Not in the task's own `finally`: one that is cancelled before it began never gets there.
        slot.task.add_done_callback(lambda task: self._close(slot, task))

    def _balance(self) -> None:
        """Tell the newest workers to end where there are too many; keep them where there are not."""
        target = self._state.workers_target
        willing = [slot for slot in self._slots.values() if not slot.is_stale]
        willing.sort(key=lambda slot: slot.number)
        for position, slot in enumerate(willing):
            is_ending = position >= target
            if slot.is_ending != is_ending:
                slot.is_ending = is_ending
                self._apply(ev.SlotDrained(self._clock(), slot.number, is_ending))
                self.gate.pulse()

    # ------------------------------------------------------------------ one worker

    async def _work(self, slot: Slot) -> None:
        if self._stage is None:
            return
        reports = self._executor.perform(self._stage, slot.unit)
        try:
            await self._pull(slot, reports)
        except ObstructedError as error:
            self._obstruct("output", str(error))
        except SourceGoneError as error:
            self._send_away(slot.unit.source, error)
        except SourceChangedError as error:
            self._set_aside(slot.unit.source, str(error))
        except Exception as error:
            if reason := exhaustion(error):
                self._obstruct("machine", reason)
                return
            log.exception("worker %d on %s", slot.number, slot.unit.source)
            await self._charge(slot, f"{type(error).__name__}: {error}")
        finally:
            await reports.aclose()

    async def _pull(self, slot: Slot, reports: AsyncGenerator[Report, None]) -> None:
        while await self._may_pull(slot):
            try:
                report = await anext(reports)
            except StopAsyncIteration:
                slot.is_complete = True
                return
            await self._take(slot, report)

    async def _may_pull(self, slot: Slot) -> bool:
        """Wait at the gate; return False when the worker is to end."""
        while True:
            if self._ending or slot.is_ending or (slot.task is not None and slot.task.cancelling()):
                return False
            if not self.gate.is_closed:
                return self._has_ticket(slot)
            await self.gate.wait()

    def _has_ticket(self, slot: Slot) -> bool:
        if self._tickets is None or slot.has_ticket or not slot.unit.clips:
            return True
        if self._tickets == 0:
            return False
        self._tickets -= 1
        slot.has_ticket = True
        return True

    async def _take(self, slot: Slot, report: Report) -> None:
        now = self._clock()
        if isinstance(report, Doing):
            self._apply(ev.SlotTurned(now, slot.number, report.clip, report.what, report.attempt))
        elif isinstance(report, Retried):
            self._apply(ev.ClipRetried(now, report.clip, report.attempt, report.reason))
        elif isinstance(report, Learned):
            await self._recorder.record(self._learned(report, now), self.gate)
            self._needs_plan = True
            self._is_plan_urgent |= self._comes_before_others(report.source)
        elif isinstance(report, Unusable):
            await self._take_unusable(report)
        else:
            await self._take_outcome(slot, report)

    def _learned(self, report: Learned, now: float) -> ev.FactsLearned:
        stage = self._stage.name if self._stage else ""
        return ev.FactsLearned(now, stage, report.source, report.facts, report.warnings)

    async def _take_unusable(self, report: Unusable) -> None:
        stage = self._stage.name if self._stage else ""
        await self._recorder.record(
            ev.SourceFoundUnusable(self._clock(), stage, report.source, report.reason, report.detail),
            self.gate,
        )
        self._queues[report.source].is_closed = True
        self._needs_plan = True
        self._end_slots_of(report.source)

    async def _take_outcome(self, slot: Slot, outcome: Outcome) -> None:
        stage = self._stage.name if self._stage else ""
        await self._recorder.record(ev.ClipEnded(self._clock(), stage, outcome), self.gate)
        slot.done.add(outcome.clip)
        slot.has_ticket = False
        queue = self._queues[slot.unit.source]
        queue.end(outcome.clip)
        if isinstance(outcome, Failed):
            queue.failed.add(outcome.clip)
            if queue.count_failure(outcome.reason):
                self._set_aside(slot.unit.source, outcome.reason)
            return
        queue.count_success()
        if isinstance(outcome, Rejected) or (isinstance(outcome, Made) and outcome.rejected):
            self._needs_plan = True
            self.gate.pulse()

    async def _charge(self, slot: Slot, reason: str) -> None:
        """Charge a surprise to the first clip not reported, or to the source where there is none."""
        left = [clip for clip in slot.unit.clips if clip not in slot.done]
        if left:
            await self._take_outcome(slot, Failed(left[0], reason, 1, 0.0))
        elif not slot.unit.clips and self._queues[slot.unit.source].count_scout_failure():
            self._set_aside(slot.unit.source, reason)

    def _set_aside(self, source: str, reason: str) -> None:
        self._queues[source].is_closed = True
        self._apply(ev.SourceSetAside(self._clock(), source, reason))
        self._end_slots_of(source)

    def _send_away(self, source: str, gone: SourceGoneError) -> None:
        """Hand out nothing of a source until it can be reached; its seats stay."""
        queue = self._queues[source]
        if queue.is_away:
            return
        queue.is_away = True
        self._apply(ev.SourceWentAway(self._clock(), source, str(gone)))
        self._end_slots_of(source)
        waiting = asyncio.create_task(self._await_return(source, gone.path), name=f"waiting for {source}")
        self._waiting.add(waiting)
        waiting.add_done_callback(self._waiting.discard)

    async def _await_return(self, source: str, path: str) -> None:
        # Nobody tells when a share is mounted again.
        while not await aside(partial(os.path.exists, path)):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_FOR_SOURCES_SECONDS)
        self._queues[source].is_away = False
        self._apply(ev.SourceCameBack(self._clock(), source))
        self.gate.pulse()

    def _close(self, slot: Slot, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("worker %d on %s", slot.number, slot.unit.source, exc_info=error)
        queue = self._queues[slot.unit.source]
        if slot.is_complete:
            queue.complete(slot.unit)
        else:
            queue.give_back(slot.unit, slot.done, is_stale=slot.is_stale)
        if slot.has_ticket and self._tickets is not None:
            self._tickets += 1
        del self._slots[slot.number]
        if self._tickets == 0 and not any(other.has_ticket for other in self._slots.values()):
            self._ending = self._ending or "limit"
        self._apply(ev.SlotClosed(self._clock(), slot.number))
        self.gate.pulse()

    def _obstruct(self, what: str, reason: str) -> None:
        """Close the gate for a while, then let the work try again."""
        log.warning("%s", reason)
        self.gate.obstruct(what, reason)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(TRY_AGAIN_SECONDS, self.gate.clear, what)
        self._timers = [t for t in self._timers if not t.cancelled() and t.when() > loop.time()]
        self._timers.append(timer)

    def _gate_changed(self) -> None:
        self._show_phase()
        self._changed.set()

    def _show_phase(self) -> None:
        phase, reason = self._phase()
        if (phase, reason) == (self._state.phase, self._state.reason):
            return
        event = ev.PhaseChanged(self._clock(), phase, reason)
        try:
            self._recorder.write(event)
        except OSError as error:
            # The phases in the ledger only serve the clock of past runs; a full disk may drop one.
            log.warning("cannot write the ledger: %s", error.strerror)
            self._apply(event)

    def _phase(self) -> tuple[str, str]:
        if self._ending == "stop":
            return "stopping", ""
        if self._ending:
            return "draining", ""
        if self.gate.is_paused:
            return "paused", ""
        if self.gate.is_closed:
            return "waiting", self.gate.reason
        away = {s.away for s in self._state.sources.values() if s.away}
        return ("waiting", "; ".join(sorted(away))) if away and not self._slots else ("running", "")

    # ------------------------------------------------------------------ what steering needs

    def snapshot(self) -> RunState:
        """Return the state of this moment."""
        return self._state.copy()

    def end(self, how: Literal["drain", "stop"]) -> None:
        """End the run: after the clips in hand, or now."""
        if self._ending != "stop":
            self._ending = how
        if how == "stop":
            for slot in self._slots.values():
                if slot.task is not None:
                    slot.task.cancel()
        self.gate.pulse()

    def set_workers(self, count: int) -> None:
        """Work with so many from now on."""
        self._apply(ev.WorkersChanged(self._clock(), count))
        self._balance()
        self.gate.pulse()

    def plan_again(self, source: str, *, is_dropped: bool = False) -> None:
        """Plan anew after something about a source was recorded; its work in hand may be unwanted."""
        queue = self._queues.get(source)
        if queue is not None:
            queue.rewind()
        if is_dropped:
            self._end_slots_of(source)
        self._plan()
        self.gate.pulse()

    def forgive(self, source: str) -> None:
        """Let a source's failed clips be handed out again."""
        if source in self._queues:
            self._queues[source].forgive()
        self.plan_again(source)
