"""Lets the number of workers grow by steps: one for each core at once, then one a second while memory lasts.

    allowed: cores ──1 s──> + 1 ──1 s──> + 1 ... requested number
                        no memory for one more: held, and tried again every second

Invariant: one worker is always allowed, and workers that are at work are never ended here.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

from tui_gen.base.formatting import size
from tui_gen.engine.model import events as ev
from tui_gen.engine.model import worker_room
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling.options import Machine
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.processes.machine_memory import Memory

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0


class Growth(Protocol):
    """Decides whether another worker may begin."""

    def begin_stages(self) -> None:
        """Grow from the first step again: workers of other stages may need more memory."""
        ...

    def step_now(self) -> None:
        """Take the next step without waiting: the requested number was changed."""
        ...

    def allows_one_more(self, running: int, now: float) -> bool:
        """Return whether another worker may begin beside `running` ones; `now` is by a monotonic clock."""
        ...

    def seconds_to_next_step(self, running: int, now: float) -> float | None:
        """Return how long to wait for the next step; None if workers that end are waited for."""
        ...


class ByCapacity:
    """The growth of a cluster: this machine performs no work, so its memory limits nothing."""

    def __init__(self, state: RunState) -> None:
        """Follow the number of workers of `state`."""
        self._state = state

    def begin_stages(self) -> None:
        """Do nothing."""

    def step_now(self) -> None:
        """Do nothing."""

    def allows_one_more(self, running: int, now: float) -> bool:
        """Return whether the machines perform fewer units than they can.

        Without any machine, one unit is offered all the same: the executor then says that it must wait.
        """
        del now
        return running < max(1, self._state.workers_target)

    def seconds_to_next_step(self, running: int, now: float) -> float | None:
        """Return None: there are no steps."""
        del running, now
        return None


class WorkerGrowth:
    """Decides whether another worker may begin, and records why not."""

    def __init__(self, recorder: Recorder, machine: Machine) -> None:
        """Record that no worker was measured yet."""
        self._recorder, self._state, self._machine = recorder, recorder.state, machine
        self._allowed = 0
        self._next_step_at = float("-inf")  # by a monotonic clock
        self._trouble = ""
        self._unmeasured = ev.WorkersMeasured(
            recorder.now(), machine.worker_bytes, *self._memory(), machine.cores
        )
        recorder.show(self._unmeasured)

    def begin_stages(self) -> None:
        """Grow from the first step again: workers of other stages may need more memory."""
        self._allowed, self._next_step_at = 0, float("-inf")

    def step_now(self) -> None:
        """Take the next step without waiting: the requested number was changed."""
        self._next_step_at = float("-inf")

    def allows_one_more(self, running: int, now: float) -> bool:
        """Return whether another worker may begin beside `running` ones; `now` is by a monotonic clock."""
        target = self._state.workers_target
        if self._allowed >= target:
            self._allowed = target
            self._hold(target, "")
        if running >= target:
            return False
        if running < self._allowed:
            return True
        if now < self._next_step_at:
            return False
        self._next_step_at = now + STEP_SECONDS
        self._step(running, target)
        return running < self._allowed

    def seconds_to_next_step(self, running: int, now: float) -> float | None:
        """Return how long to wait for the next step; None if workers that end are waited for."""
        if not 0 < self._allowed <= running < self._state.workers_target:
            return None
        return max(0.0, self._next_step_at - now)

    def _step(self, running: int, target: int) -> None:
        room = self._room()
        wanted = min(target, max(running + 1, self._machine.cores))
        borne = worker_room.workers_in_memory(room, running)
        self._allowed = max(self._allowed, min(wanted, borne), 1)
        if self._allowed == target:
            self._hold(target, "")
        elif borne <= self._allowed and borne < wanted:
            self._hold(self._allowed, worker_room.NO_MEMORY)
        else:
            self._hold(self._allowed, worker_room.STEP_BY_STEP)

    def _room(self) -> ev.WorkersMeasured:
        """Return the last measurement with the memory that is available now."""
        known, memory = self._state.worker_memory or self._unmeasured, self._memory()
        return replace(known, available_bytes=memory.available_bytes, total_bytes=memory.total_bytes)

    def _memory(self) -> Memory:
        """Return the memory of the machine; zeros if the system does not tell it, which ends no run."""
        try:
            return self._machine.memory()
        except OSError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning("the free memory is not known: %s", error)
            return Memory(0, 0)

    def _hold(self, allowed: int, reason: str) -> None:
        before = self._state.workers_held
        if before is not None and (before.allowed, before.reason) == (allowed, reason):
            return
        if before is None and not reason:
            return
        self._recorder.show(ev.WorkersHeld(self._recorder.now(), allowed, reason))
        if reason == worker_room.NO_MEMORY and (before is None or before.reason != reason):
            self._log_hold(allowed)
        elif before is not None and before.reason == worker_room.NO_MEMORY:
            log.info("there is memory for more workers again")

    def _log_hold(self, allowed: int) -> None:
        room = self._room()
        log.info(
            "%d of %d workers: %s; a worker takes %s (%s), %s of %s are free",
            allowed,
            self._state.workers_target,
            worker_room.NO_MEMORY,
            size(worker_room.worker_bytes(room)),
            "measured" if worker_room.is_measured(room) else "estimated",
            size(room.available_bytes),
            size(room.total_bytes),
        )
