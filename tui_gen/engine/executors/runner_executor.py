"""Runs units in a unit runner: another process of this machine, which is started again when it is lost.

    Worker ─ perform ─ RemoteUnit ─┐                      ┌─ a task for each unit
    Worker ─ perform ─ RemoteUnit ─┴─ RunnerProcess ═pipe═┘

Invariant: a unit whose runner is lost raises MachineLostError at its next pull; no other failure is counted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tui_gen import __version__
from tui_gen.base.errors import RefusedError
from tui_gen.base.uncancelled import uncancelled
from tui_gen.engine.control.codec import from_wire
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.base import MachineChange, MachineLostError, MachineNews, MachinePhase
from tui_gen.engine.executors.error_fields import error_of
from tui_gen.engine.executors.ground import PortableJob
from tui_gen.engine.executors.runner_process import RunnerProcess
from tui_gen.engine.model.work import Doing, JsonObject, Report, Stage, Unit

log = logging.getLogger(__name__)

MACHINE = "runner-1"
TRY_AGAIN_SECONDS = 5.0
"""The time before another attempt to start a runner that could not be started."""
CLOSE_SECONDS = 60.0
"""A runner that does not close a unit within this time is killed, so that stopping always ends."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """The runner is lost."""

    was_at_work: bool  # whether it performed the unit that gets this message


class RemoteUnit:
    """One unit that a runner performs."""

    def __init__(self, number: int, runner: RunnerProcess) -> None:
        """Prepare a unit; nothing is sent before the first pull."""
        self._number, self._runner = number, runner
        self._heard: asyncio.Queue[say.Answer | _Lost] = asyncio.Queue()
        self._is_pulled = self._is_closing = False
        self.is_over = False

    def hear(self, answer: say.Answer) -> None:
        """Process an answer about this unit."""
        self._heard.put_nowait(answer)

    def lose(self) -> None:
        """Mark the runner as lost, after the answers that arrived before."""
        self._heard.put_nowait(_Lost(was_at_work=self._is_pulled))

    async def pull(self) -> Report | None:
        """Return the next report, or None at the end. Raises MachineLostError and the errors of the unit."""
        if not self._is_pulled:
            self._runner.say(say.Pull(self._number))
            self._is_pulled = True
        match await self._heard.get():
            case say.Gave(_, payload):
                report: Report = from_wire(payload, Report)
                self._is_pulled = isinstance(report, Doing)
                return report
            case say.Raised(_, error):
                self.is_over = True
                raise error_of(error)
            case _Lost(was_at_work):
                self.is_over = True
                message = f"{MACHINE} was lost"
                raise MachineLostError(message, was_at_work=was_at_work)
            case _:
                self.is_over = True
                return None

    async def close(self) -> Report | None:
        """End the unit and its processes; return an outcome that arrived after the last pull."""
        if self.is_over:
            return None
        self._runner.say(say.Close(self._number))
        killing = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._runner.kill)
        late = None
        try:
            while not self.is_over:
                self._is_pulled = True  # only reports pulled before still arrive
                report = await self.pull()
                late = late if report is None or isinstance(report, Doing) else report
        except MachineLostError:
            log.info("unit %d was closed by the end of its process", self._number)
        finally:
            killing.cancel()
        return late


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
        self._packed = ""
        self._runner: RunnerProcess | None = None
        self._units: dict[int, RemoteUnit] = {}
        self._looks: dict[int, asyncio.Future[bool]] = {}
        self._last_number = 0
        self._call: Callable[[], None] = lambda: None
        self._tell: Callable[[MachineNews], None] = lambda _: None
        self._supervising: asyncio.Task[None] | None = None
        self._is_closing = False
        self.measured: say.Measured | None = None

    async def __aenter__(self) -> Self:
        """Start the runner. Raises RefusedError if it cannot perform the job."""
        self._packed = say.packed(self._job)
        self._runner = await self._start()
        self._supervising = asyncio.create_task(self._supervise(self._runner), name=MACHINE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the runner and all processes that it started."""
        await uncancelled(self._close())

    async def _close(self) -> None:
        self._is_closing = True
        supervising, self._supervising = self._supervising, None
        if supervising is not None:
            supervising.cancel()
            await asyncio.wait({supervising})
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.end()
        self._lose_all()

    # ------------------------------------------------------------------ the executor

    @property
    def runner_pid(self) -> int | None:
        """The process id of the runner, None if there is no runner."""
        return self._runner.pid if self._runner is not None else None

    def place(self, in_hand: Mapping[str, int], source: str) -> str | None:
        """Return the runner if it exists and has room."""
        del source
        has_room = self._runner is not None and in_hand.get(MACHINE, 0) < self._workers
        return MACHINE if has_room else None

    def target(self, machine: str) -> int:
        """Return the number of units that the runner may perform at the same time."""
        return self._workers if machine == MACHINE else 0

    @property
    def capacity(self) -> int:
        """The number of units that the runner may perform at the same time."""
        return self._workers

    def set_target(self, machine: str, workers: int) -> None:
        """Set the number of units that the runner may perform at the same time."""
        if machine != MACHINE:
            message = f"{machine}: not a machine of this run; the only one is {MACHINE}"
            raise RefusedError(message)
        self._workers = workers
        self._tell(self._change())
        if self._runner is not None:
            self._runner.say(say.SetTarget(workers))
        self._call()

    async def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit in the runner."""
        if self._runner is None:
            message = f"{machine} is not there"
            raise MachineLostError(message, was_at_work=False)
        number = self._new_number()
        self._runner.say(say.Begin(number, stage.name, say.packed(unit)))
        remote = self._units[number] = RemoteUnit(number, self._runner)
        try:
            while (report := await remote.pull()) is not None:
                yield report
        except asyncio.CancelledError:
            late = await self._closed(remote)
            if late is None:
                raise
            yield late
        finally:
            await self._closed(remote)
            del self._units[number]

    async def _closed(self, remote: RemoteUnit) -> Report | None:
        """Close a unit, even if this task is cancelled several times."""
        closing = asyncio.ensure_future(remote.close())
        while not closing.done():
            try:
                await asyncio.wait({closing})
            except asyncio.CancelledError:
                continue  # the task remains cancelled
        return closing.result()

    async def sees(self, path: str) -> bool:
        """Return whether the runner can see a path; False without a runner."""
        if self._runner is None:
            return False
        number = self._new_number()
        look: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._looks[number] = look
        self._runner.say(say.Look(number, path))
        try:
            return await look
        finally:
            del self._looks[number]

    def on_change(self, call: Callable[[], None]) -> None:
        """Call `call` when there is a runner again, or when it has more room."""
        self._call = call

    def on_machine(self, call: Callable[[MachineNews], None]) -> None:
        """Call `call` with the changes of the runner, beginning with its state now."""
        self._tell = call
        call(self._change())

    def _change(self) -> MachineChange:
        phase: MachinePhase = "running" if self._runner is not None else "lost"
        return MachineChange(MACHINE, phase, "", self._workers, os.cpu_count() or 1)

    def _new_number(self) -> int:
        self._last_number += 1
        return self._last_number

    # ------------------------------------------------------------------ the runner

    async def _start(self) -> RunnerProcess:
        """Start a runner and open the job there. Raises RefusedError and OSError."""
        runner = await RunnerProcess.start()
        try:
            await self._open_job(runner)
        except EOFError as error:
            message = f"{MACHINE} cannot be started: {await uncancelled(runner.end())}"
            raise RefusedError(message) from error
        except BaseException:
            runner.kill()
            await uncancelled(runner.end())
            raise
        return runner

    async def _open_job(self, runner: RunnerProcess) -> None:
        """Open the job in a new runner. Raises RefusedError, and EOFError if the runner ends before."""
        runner.say(say.Open(self._packed, self._workers, self._tools, self._paths))
        while not isinstance(answer := await runner.hear(), say.Ready):
            if answer is None:
                raise EOFError
            if isinstance(answer, say.Refused):
                message = f"{MACHINE}: {answer.reason}"
                raise RefusedError(message)
            self._take(answer)
        if answer.version != __version__:
            message = f"{MACHINE} runs version {answer.version}, not {__version__}"
            raise RefusedError(message)
        if differences := _differences(self._job.recipe, answer.recipe):
            message = f"{MACHINE} would make other bytes: {'; '.join(differences)}"
            raise RefusedError(message)

    async def _supervise(self, runner: RunnerProcess) -> None:
        """Process the runner's answers; when the runner is lost, start another."""
        while True:
            try:
                await self._hear(runner)
            except Exception:
                log.exception("%s", MACHINE)
                runner.kill()
            self._runner = None
            self._lose_all()
            log.warning("%s: %s; its units go back", MACHINE, await uncancelled(runner.end()))
            runner = self._runner = await self._start_again()
            self._call()

    async def _start_again(self) -> RunnerProcess:
        while True:
            try:
                return await self._start()
            except Exception:  # of any kind: the run waits for this task
                log.exception("%s cannot be started again", MACHINE)
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _hear(self, runner: RunnerProcess) -> None:
        while (answer := await runner.hear()) is not None:
            self._take(answer)

    def _take(self, answer: say.Answer) -> None:
        match answer:
            case say.Gave(number) | say.Ended(number) | say.Raised(number) | say.Closed(number):
                if number in self._units:
                    self._units[number].hear(answer)
            case say.Stands(number, is_there):
                if number in self._looks and not self._looks[number].done():
                    self._looks[number].set_result(is_there)
            case say.Log(level, name, text):
                logging.getLogger(name).log(level, "%s: %s", MACHINE, text)
            case say.Measured():
                self.measured = answer
            case _:
                message = f"{answer} was not expected"
                raise say.MessageError(message)

    def _lose_all(self) -> None:
        for unit in self._units.values():
            unit.lose()
        for look in self._looks.values():
            if not look.done():
                look.set_result(False)


def _differences(wanted: JsonObject, found: Mapping[str, Any]) -> list[str]:
    """Return "key: wanted -> found" for each entry that differs in two recipes."""
    ours: dict[str, Any] = json.loads(json.dumps(dict(wanted)))  # in the form of the received one
    keys = sorted(ours.keys() | found.keys())
    return [
        f"{key}: {ours.get(key)!r} -> {found.get(key)!r}" for key in keys if ours.get(key) != found.get(key)
    ]
