"""The scheduler: plan -> gate -> executor -> ledger -> state, controllable while it works.

The scheduler plans and hands out units, each to a worker with its own task (worker.py). Nothing is pulled
while the gate is closed, so pipes fill up and the children block.

    scheduler: plan ─> queues ─> a worker for a unit ─┐        wakes on every change
    worker:    gate ─> pull one report ─> ledger ─> state      ends after the current pull
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

from tui_gen.base.detached_call import exhaustion
from tui_gen.base.errors import SourceUnreachableError
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.run_result import Ending, verdict
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Job, Stage, Unit
from tui_gen.engine.scheduling.balance import balanced
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.scheduling.machine_workers import MachineWorkers
from tui_gen.engine.scheduling.obstructions import Obstructions
from tui_gen.engine.scheduling.open_sources import OpenSources
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.scheduling.phase import phase_of, record_phase
from tui_gen.engine.scheduling.queues import SourceQueue
from tui_gen.engine.scheduling.retried_sources import RetriedSources
from tui_gen.engine.scheduling.source_waits import SourceWaits
from tui_gen.engine.scheduling.stage_run import StageRun, clips_open, groups_of, in_order
from tui_gen.engine.scheduling.stage_start import left_out_words, record_start
from tui_gen.engine.scheduling.worker import StageContext, Tickets, Worker
from tui_gen.engine.scheduling.worker_growth import ByCapacity, Growth, WorkerGrowth
from tui_gen.engine.storage.recorder import Recorder

log = logging.getLogger(__name__)

LEAST_CLIPS = 4
"""The fewest clips of a divided unit: units are divided to keep workers busy, but starting one has a cost."""
PLAN_SECONDS = 1.0
"""While workers are busy, a new plan may wait this long, so that many changes cause one plan."""


class Scheduler:
    """Performs a job's stages and accepts commands meanwhile. One object per run."""

    def __init__(self, *, job: Job, recorder: Recorder, executor: Executor, options: Options) -> None:
        """Keep what the caller has read and opened; nothing starts before `run`."""
        self._job, self._recorder = job, recorder
        self._state, self._clock, self._apply = recorder.state, recorder.now, recorder.show
        self._executor, self._options = executor, options
        self._runs: list[StageRun] = []  # the stages of the current group
        self._workers: dict[int, Worker] = {}
        self._changed = asyncio.Event()
        self.gate = Gate(self._gate_changed)
        self._obstructions = Obstructions(self.gate)
        self._ending: Ending | None = None
        self._tickets = Tickets(options.limit)
        self._open_sources = OpenSources(options.open_sources)
        self._waits = SourceWaits(executor, self._reach_again)
        self._retried = RetriedSources()
        self._lacks_room = False  # a unit is left, and no machine has room for it
        executor.on_change(self._machines_changed)
        self._apply(ev.WorkersChanged(self._clock(), max(1, options.workers)))
        self.machines = MachineWorkers(executor, recorder)
        self._growth: Growth = (
            ByCapacity(self._state) if self.machines.is_cluster else WorkerGrowth(recorder, options.machine)
        )

    # ------------------------------------------------------------------ the run

    async def run(self) -> ev.RunEnded:
        """Perform all stages and return how the run ended. The caller records the end."""
        try:
            for group in groups_of(self._job.stages):
                await self._perform(group)
                if self._ending:
                    break
        finally:
            await self._end_all_workers()
            self._obstructions.cancel()
            self._waits.cancel()
        return verdict(self._state, self._ending, only=self._options.only, at=self._clock())

    async def _perform(self, group: Sequence[Stage]) -> None:
        self._runs = []
        self._growth.begin_stages()
        for stage in group:
            if text := left_out_words(stage, self._options):
                self._apply(ev.ProblemNoted(self._clock(), "warning", text))
                continue
            await record_start(stage, self._job.stages, self._recorder, self.gate)
            context = StageContext(
                stage, self._executor, self._recorder, self.gate, self._tickets, scheduler=self
            )
            upstream = self._runs[-1] if self._runs else None
            self._runs.append(StageRun(context, upstream))
            self._plan(self._runs[-1])
        self._show_phase()
        while True:
            self._fill_slots()
            if not self._workers and (self._ending or not self._must_wait()):
                return
            self._show_phase()
            await self._wait_for_change()

    def _must_wait(self) -> bool:
        return (
            self.gate.is_closed
            or self._lacks_room
            or any(queue.is_unreachable for run in self._runs for queue in run.queues.values())
        )

    async def _wait_for_change(self) -> None:
        try:
            async with asyncio.timeout(self._seconds_to_wait()):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def _seconds_to_wait(self) -> float | None:
        """Return how long to wait at most: for a new plan, or for the next step of the number of workers."""
        waits = [PLAN_SECONDS] if any(run.needs_plan for run in self._runs) else []
        step = self._growth.seconds_to_next_step(len(self._workers), time.monotonic())
        if step is not None and not (self.gate.is_closed or self._ending):
            waits.append(step)
        return min(waits, default=None)

    async def _end_all_workers(self) -> None:
        tasks = [worker.task for worker in self._workers.values() if worker.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------------ planning and handing out

    def _plan(self, run: StageRun) -> None:
        plan, named = run.stage.plan(self._state.records), self._is_named(run.stage)
        self._apply(ev.StagePlanned(self._clock(), run.stage.name, plan, named))
        for source in run.take_plan(plan, time.monotonic()):
            self._end_workers_of(source)
        self._open_sources.release()

    def _is_named(self, stage: Stage) -> bool:
        making = [each for each in self._job.stages if not each.is_discovery]
        return making != [stage]

    def _end_workers_of(self, source: str) -> None:
        for worker in self._workers.values():
            if worker.unit.source == source:
                worker.is_ending = worker.is_stale = True
        self.gate.pulse()

    def _fill_slots(self) -> None:
        now = time.monotonic()
        for run in self._runs:
            if run.is_urgent or (run.needs_plan and now - run.planned_at >= PLAN_SECONDS):
                self._plan(run)
        self._balance()
        while self._may_open():
            found = self._next_unit()
            if found is None and self._plan_where_needed():
                found = self._next_unit()
            if found is None:
                return
            self._open(*found)

    def _plan_where_needed(self) -> bool:
        """Plan the stages again that may have more work now; return whether there are any."""
        wanting = [
            run
            for run in self._runs
            if run.needs_plan or any(queue.may_want_more for queue in run.queues.values())
        ]
        for run in wanting:
            self._plan(run)
        return bool(wanting)

    def _may_open(self) -> bool:
        if self._ending or self.gate.is_closed:
            return False
        running = len(self._workers)
        if self.machines.is_cluster:  # what the engine's machine performs itself is no machine's room
            running = sum(bool(worker.machine) for worker in self._workers.values())
        return self._growth.allows_one_more(running, time.monotonic())

    def _fair_share(self, sources: Collection[str] | None) -> int:
        """Return the most clips of a unit of these sources, so small that all workers end together."""
        left = clips_open(self._runs, self._options.only if sources is None else sources)
        if self._tickets.left is not None:
            left = min(left, self._tickets.left + sum(worker.has_ticket for worker in self._workers.values()))
        return max(LEAST_CLIPS, -(-left // max(1, self._state.workers_target)))

    def _next_unit(self) -> tuple[StageRun, Unit, str] | None:
        in_hand = Counter(worker.machine for worker in self._workers.values())
        self._lacks_room = False
        places = (
            (run, source)
            for run, source in in_order(self._runs, first=self._retried.waiting(self._runs))
            if self._is_open(source) and run.may_enter(source)
        )
        admitted = self._open_sources.admitted(places, self._workers.values())
        most_clips = self._fair_share(admitted.sources)
        for run, source in admitted.places:
            unit = run.queues[source].take(most_clips=most_clips, workers=self._state.workers_target)
            if unit is None:
                continue
            if unit.clips and self._tickets.are_gone:
                run.queues[source].give_back(unit, set(), is_stale=False)
                return None
            machine = self._executor.place(in_hand, source, run.stage)
            self._retried.discard(source)  # also without room: ending workers would not help
            if machine is not None:
                return run, unit, machine
            self._lacks_room = True
            run.queues[source].give_back(unit, set(), is_stale=False)
        return None

    def _is_open(self, source: str) -> bool:
        only, record = self._options.only, self._state.records.get(source)
        if only is not None and source not in only:
            return False
        return record is None or not (record.skipped or record.unusable is not None)

    def _open(self, run: StageRun, unit: Unit, machine: str) -> None:
        number = next(n for n in range(1, len(self._workers) + 2) if n not in self._workers)
        worker = self._workers[number] = Worker(
            number, unit, run.queues[unit.source], run.context, machine=machine
        )
        what = "starting" if unit.clips else "looking"
        self._apply(ev.SlotOpened(self._clock(), number, unit.source, what, machine))
        worker.task = asyncio.create_task(worker.work(), name=f"worker {number}")
        # Not in the task's own `finally`, which a task that is cancelled before its start never reaches.
        worker.task.add_done_callback(lambda task: self._close(run, worker, task))

    def _close(self, run: StageRun, worker: Worker, task: asyncio.Task[None]) -> None:
        del self._workers[worker.number]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._give_up(worker, error)
        try:
            worker.let_go()
        except Exception as error:  # noqa: BLE001 - without this the run would never end
            self._give_up(worker, error)
        for later in self._runs[self._runs.index(run) + 1 :]:
            later.needs_plan = True  # the input of their plans has grown
        if self._tickets.are_gone and not any(other.has_ticket for other in self._workers.values()):
            self._ending = self._ending or "limit"
        self._apply(ev.SlotClosed(self._clock(), worker.number))
        self.gate.pulse()

    def _give_up(self, worker: Worker, error: BaseException) -> None:
        """Hold the work or quarantine the source, after a failure that no clip caused.

        The unit is back in its queue: if it was handed out again at once, it would fail again without end.
        """
        source = worker.unit.source
        log.error("worker %d on %s", worker.number, source, exc_info=error)
        if reason := exhaustion(error):
            self.obstruct("machine", reason)
        else:
            self.quarantine(source, f"internal error: {type(error).__name__}: {error}")

    def _balance(self) -> None:
        """Tell the newest workers to end if there are too many, and revoke this if there are not."""
        state, must_free = self._state, self._must_free_worker()
        most = state.workers_allowed - 1 if must_free else state.workers_target
        willing = [worker for worker in self._workers.values() if not worker.is_stale]
        if self.machines.is_cluster:  # each machine has its own number: one that is lost ends no other's
            most = len(willing) - must_free
        for worker, is_ending in balanced(willing, most, self._executor.target):
            worker.is_ending = is_ending
            self._apply(ev.SlotDrained(self._clock(), worker.number, is_ending))
            self.gate.pulse()

    def _must_free_worker(self) -> bool:
        """Return whether a retried source waits and all workers have clips of others."""
        if self._ending or self.gate.is_closed or len(self._workers) < self._state.workers_allowed:
            return False
        if self._open_sources.are_full(self._workers.values()):  # the source waits for its place
            return False
        return self._retried.needs_worker(self._runs, [w.unit for w in self._workers.values()])

    # ------------------------------------------------------------------ what workers tell

    @property
    def is_ending(self) -> bool:
        """Whether the run ends after the current pulls."""
        return self._ending is not None

    def want_plan(self, *, learned_of: str | None = None) -> None:
        """Request a new plan; a plan at once if workers would otherwise take a later source."""
        for run in self._runs:
            run.needs_plan = True
            if learned_of is not None and learned_of in run.queues:
                run.is_urgent |= run.comes_before_others(learned_of)
                self._open_sources.keep(learned_of, run.stage)
        if learned_of is None:
            self.gate.pulse()

    def drop(self, source: str) -> None:
        """Hand out no more work of a source that was found unusable."""
        for run in self._runs:
            run.needs_plan = True
        for queue in self._queues_of(source):
            queue.is_closed = True
        self._end_workers_of(source)

    def _queues_of(self, source: str) -> list[SourceQueue]:
        return [run.queues[source] for run in self._runs if source in run.queues]

    def quarantine(self, source: str, reason: str) -> None:
        """Hand out no more work of a source in this run."""
        for queue in self._queues_of(source):
            queue.is_closed = True
        self._apply(ev.SourceQuarantined(self._clock(), source, reason))
        self._end_workers_of(source)

    def mark_unreachable(self, source: str, gone: SourceUnreachableError) -> None:
        """Hand out no work of a source until it can be reached; its quota stays."""
        queues = self._queues_of(source)
        if any(queue.is_unreachable for queue in queues):
            return
        for queue in queues:
            queue.is_unreachable = True
        self._apply(ev.SourceUnreachable(self._clock(), source, str(gone)))
        self._end_workers_of(source)
        self._waits.begin(source, gone.path)

    def _reach_again(self, source: str) -> None:
        for queue in self._queues_of(source):
            queue.is_unreachable = False
        self._apply(ev.SourceReachable(self._clock(), source))
        self.gate.pulse()

    def obstruct(self, what: str, reason: str) -> None:
        """Close the gate for some time, then let the work try again."""
        self._obstructions.begin(what, reason)

    def reduce_workers(self, reason: str, machine: str = "") -> bool:
        """Reduce the number of a machine's workers by one; return False if there is only one."""
        if self.machines.is_cluster and not machine:  # the executor alone limits the engine's machine
            return False
        name = machine if self.machines.is_cluster else None
        count = (self._state.workers_target if name is None else self._executor.target(name)) - 1
        if count <= 0:
            return False
        text = f"{'' if name is None else f'machine {name}: '}{reason}; fewer workers from now on"
        log.warning("%s: %d", text, count)
        self._apply(ev.ProblemNoted(self._clock(), "warning", text))
        self.set_workers(count, name)
        return True

    def _machines_changed(self) -> None:
        self.machines.follow_capacity()
        self.gate.pulse()

    def _gate_changed(self) -> None:
        self._show_phase()
        self._changed.set()

    def _show_phase(self) -> None:
        can_work = bool(self._workers) or not self._lacks_room
        phase, reason = phase_of(self._state, self._ending, self.gate, self._workers, can_work=can_work)
        record_phase(self._recorder, phase, reason)

    # ------------------------------------------------------------------ what steering needs

    def snapshot(self) -> RunState:
        """Return a copy of the current state."""
        return self._state.copy()

    def end(self, how: Literal["drain", "stop"]) -> None:
        """End the run: after the current clips, or now."""
        if self._ending != "stop":
            self._ending = how
        if how == "stop":
            for worker in self._workers.values():
                if worker.task is not None:
                    worker.task.cancel()
        self.gate.pulse()

    def set_workers(self, count: int | None, machine: str | None = None) -> None:
        """Set the number of workers, of one machine or of all together. Raises RefusedError.

        In a cluster, a number without a machine is divided among the machines by their cores; without a
        number, each machine has as many as it lends.
        """
        self.machines.set_workers(count, machine)
        self._growth.step_now()
        self._balance()
        self.gate.pulse()

    def plan_again(self, source: str, *, is_dropped: bool = False) -> None:
        """Plan again after a change of a source's record; its current work may be unwanted."""
        for queue in self._queues_of(source):
            queue.rewind()
        if is_dropped:
            self._end_workers_of(source)
        for run in self._runs:
            self._plan(run)
        self.gate.pulse()

    def forgive(self, source: str) -> None:
        """Allow a source's failed clips to be handed out again, before the clips of other sources."""
        for queue in self._queues_of(source):
            queue.forgive()
        if self._is_open(source):
            self._retried.add(source)
        self.plan_again(source)
