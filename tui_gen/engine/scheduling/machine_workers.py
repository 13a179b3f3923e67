"""The machines of a run: records the executor's news of them, and sets how many workers each has.

    executor ── news ──> MachineChanged, MachineMeasured ──> state
    executor ── capacity ──> the number of workers of the run

A number for the whole run is divided among the machines by their cores, again whenever a machine comes or
goes, until a machine gets a number of its own. Invariant: at home, nothing is recorded and nothing is set.
"""

from __future__ import annotations

import logging

from tui_gen.engine.executors.base import Executor, MachineChange, MachineLoad, MachineNews
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_metrics import divided, machines_of, may_work
from tui_gen.engine.storage.recorder import Recorder

log = logging.getLogger(__name__)


class MachineWorkers:
    """Follows the machines of an executor."""

    def __init__(self, executor: Executor, recorder: Recorder) -> None:
        """Follow the machines from now on. The caller reports changes of the capacity."""
        self._executor, self._recorder, self._state = executor, recorder, recorder.state
        self._count: int | None = None  # for the whole run; None: each machine has its own number
        self._lent = dict[str, int]()  # workers of each machine before this object set another number
        self._is_set = set[str]()  # the machines whose number was set
        self._divided = dict[str, int]()  # cores of the machines among which it was divided
        executor.on_machine(self._take)
        self.follow_capacity()

    @property
    def is_cluster(self) -> bool:
        """Whether other machines perform the units, as many at the same time as they can."""
        return self._executor.capacity is not None

    def _take(self, news: MachineNews) -> None:
        at = self._recorder.now()
        match news:
            case MachineLoad(name, cpu_percent, used, total):
                self._recorder.show(ev.MachineMeasured(at, name, cpu_percent, used, total))
            case MachineChange(name, phase, reason, workers, cores):
                before = self._state.machines.get(name)
                if before is None or (before.phase, before.reason) != (phase, reason):
                    log.info("machine %s: %s%s", name, phase, f": {reason}" if reason else "")
                if workers and name not in self._is_set:
                    self._lent[name] = workers
                self._recorder.show(ev.MachineChanged(at, name, phase, reason, workers, cores))
                self._divide()

    def follow_capacity(self) -> None:
        """Make the number of workers that of the executor's capacity."""
        capacity = self._executor.capacity
        if capacity is not None and capacity != self._state.workers_target:
            self._recorder.show(ev.WorkersChanged(self._recorder.now(), capacity))

    @property
    def asked(self) -> int | None:
        """The requested number of workers; None if each machine has its own."""
        return self._count if self.is_cluster else self._state.workers_target

    def set_workers(self, count: int | None, machine: str | None) -> None:
        """Set the workers of a machine, or of all together. Raises RefusedError.

        `count` None: each machine has as many as it lends.
        """
        if machine is not None and count is not None:
            self._set(machine, count)
            self._count = None
        elif count is None:
            self._set_as_lent()
        elif self.is_cluster:
            self._count, self._divided = count, {}
            self._divide()
        else:
            self._recorder.show(ev.WorkersChanged(self._recorder.now(), count))
        self.follow_capacity()

    def enlist_again(self) -> int:
        """Have all refused machines examined once more; return how many there are."""
        refused = sum(machine.phase == "refused" for machine in machines_of(self._state))
        if refused:
            self._executor.enlist_again()
        return refused

    def _set_as_lent(self) -> None:
        self._count = None
        for name in sorted(self._is_set & self._lent.keys()):
            self._set(name, self._lent[name])
        self._is_set.clear()

    def _set(self, machine: str, workers: int) -> None:
        self._is_set.add(machine)  # first: setting a number causes news
        self._executor.set_target(machine, workers)

    def _divide(self) -> None:
        """Divide the number of the whole run, if there is one and the machines have changed."""
        cores = {each.name: each.cores for each in machines_of(self._state) if may_work(each)}
        if self._count is None or cores == self._divided:
            return
        self._divided = cores  # first: setting a number causes news
        for name, workers in divided(self._count, cores).items():
            self._set(name, workers)
