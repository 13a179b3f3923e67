"""Runs units in a unit runner: another process of this machine, which is started again when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from types import TracebackType
from typing import Self

from tui_gen.base.errors import RefusedError
from tui_gen.base.uncancelled import uncancelled
from tui_gen.engine.executors import machine as machines
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.base import MachineLoad, MachineNews
from tui_gen.engine.executors.enlisting import Requirements
from tui_gen.engine.executors.ground import PortableJob
from tui_gen.engine.executors.machine import Listeners, Machine
from tui_gen.engine.executors.runner_process import RunnerProcess
from tui_gen.engine.model.work import Report, Stage, Unit

MACHINE = "runner-1"


class PipeConnector:
    """Starts unit runners on this machine, which is always there."""

    async def present(self) -> None:
        """Return at once."""

    async def connect(self) -> RunnerProcess:
        """Start a process. Raises OSError."""
        return await RunnerProcess.start()

    async def changed(self) -> None:
        """Wait for some time: nothing reports that a program was installed, for example."""
        await asyncio.sleep(machines.TRY_AGAIN_SECONDS)


class UnitRunnerExecutor:
    """An executor of one machine: a runner process that performs several units at the same time."""

    def __init__(
        self,
        job: PortableJob,
        *,
        workers: int,
        tools: Mapping[str, str] | None = None,
        paths: Mapping[str, str] | None = None,
    ) -> None:
        """Keep a job, and the differences of the runner's machine; `async with` starts the runner."""
        self._job, self._workers = job, workers
        self._tools, self._paths = dict(tools or {}), dict(paths or {})
        self._machine: Machine | None = None
        self._call: Callable[[], None] = lambda: None
        self._news: Callable[[MachineNews], None] = lambda _: None
        self.load: MachineLoad | None = None

    async def __aenter__(self) -> Self:
        """Start the runner. Raises RefusedError if it cannot perform the job."""
        opening = say.Open(say.packed(self._job), self._workers, self._tools, self._paths)
        listeners = Listeners(self._change, self._take_news, _store_nothing)
        machine = Machine(MACHINE, PipeConnector(), Requirements(self._job.recipe), opening, listeners)
        await machine.start()
        self._machine = machine
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the runner and all processes that it started."""
        machine, self._machine = self._machine, None
        if machine is not None:
            await uncancelled(machine.close())

    @property
    def runner_pid(self) -> int | None:
        """The process id of the runner, None if there is no runner."""
        link = self._machine.link if self._machine is not None else None
        return link.pid if isinstance(link, RunnerProcess) else None

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str | None:
        """Return the runner if it exists and has room."""
        del source, stage
        machine = self._machine
        has_room = machine is not None and machine.is_running and in_hand.get(MACHINE, 0) < machine.target
        return MACHINE if has_room else None

    def target(self, machine: str) -> int:
        """Return the number of units that the runner may perform at the same time."""
        return self.capacity if machine == MACHINE else 0

    @property
    def capacity(self) -> int:
        """The number of units that the runner may perform at the same time."""
        return self._machine.target if self._machine is not None else self._workers

    def set_target(self, machine: str, workers: int) -> None:
        """Set the number of units that the runner may perform at the same time."""
        if machine != MACHINE:
            message = f"{machine}: not a machine of this run; the only one is {MACHINE}"
            raise RefusedError(message)
        self._workers = workers
        if self._machine is not None:
            self._machine.set_target(workers)

    def enlist_again(self) -> None:
        """Do nothing: the runner is started again by itself."""

    def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit in the runner."""
        del machine
        assert self._machine is not None  # noqa: S101 - `place` gave it
        return self._machine.perform(stage, unit)

    async def sees(self, path: str) -> bool:
        """Return whether the runner can see a path; False without a runner."""
        return self._machine is not None and await self._machine.sees(path)

    def on_change(self, call: Callable[[], None]) -> None:
        """Call `call` when there is a runner again, or when it has more room."""
        self._call = call

    def on_machine(self, call: Callable[[MachineNews], None]) -> None:
        """Call `call` with the changes of the runner, beginning with its state now."""
        self._news = call
        if self._machine is not None:
            call(self._machine.change)

    def _change(self) -> None:
        self._call()

    def _take_news(self, news: MachineNews) -> None:
        if isinstance(news, MachineLoad):
            self.load = news
        self._news(news)


async def _store_nothing(piece: say.FilePiece) -> None:
    """Refuse: this runner writes into the output folder itself."""
    message = f"{piece.path}: a file was not expected"
    raise say.MessageError(message)
