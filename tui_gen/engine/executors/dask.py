"""Runs units on the machines of a dask cluster. dask carries membership and bytes; it plans nothing.

    Worker ─ ClusterExecutor ─ Machine ─ PostLink ═dask═ Post ─pipe─ unit runner
                    └─ Membership: which dask workers there are

A dask worker that has the resource `tui-gen` is lent to us; the amount is its number of workers.

Invariant: every call to dask stands within a time, and no failure of dask ends the run.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from tui_gen.base.detached_call import detached_call, exhaustion
from tui_gen.base.errors import (
    ObstructedError,
    OutOfMemoryError,
    RefusedError,
    SourceUnreachableError,
    reason_of,
)
from tui_gen.base.uncancelled import uncancelled
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.base import MachineLostError, MachineNews
from tui_gen.engine.executors.dask_membership import DaskConnector, LentWorker, Membership, owner_of
from tui_gen.engine.executors.enlisting import Examination, MachineCheck, Requirements, steps_of
from tui_gen.engine.executors.error_fields import UnitError
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.executors.link import LinkLostError
from tui_gen.engine.executors.local import HERE
from tui_gen.engine.executors.machine import ENLIST_SECONDS, Listeners, Machine
from tui_gen.engine.executors.machine_waits import MachineWaits
from tui_gen.engine.executors.sent_files import FileReceiver
from tui_gen.engine.model.work import DATASET, Report, Stage, Unit

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
LOOK_SECONDS = 30.0
"""The longest time that a look for a path may take: a dead share does not answer."""


class Terms:
    """What all machines are told and compared with."""

    def __init__(self, job: ClusterJob, settings: ClusterSettings, *, run_folder: Path, output: Path) -> None:
        """Keep what the caller has opened; `read` looks at the files."""
        self._job, self._settings = job, settings
        self._run_folder, self._output = run_folder, output
        self._packed = ""
        self.is_sent = settings.output == "send"
        self.wanted = Requirements(job.recipe)

    async def read(self) -> None:
        """Pack the job, and find out what every machine must prove. Blocks no other task."""
        self._packed = say.packed(self._job)
        folder = next((path for path in (self._run_folder, self._output) if path.is_dir()), None)
        proof, files = await detached_call(lambda: (self._job.proof(), tuple(self._job.known_files())))
        self.wanted = Requirements(self._job.recipe, proof, None if self.is_sent else folder, files)

    def opening(self, name: str, lent: int) -> say.Open:
        """Return the first request to a machine that lends a number of workers."""
        own = self._settings.machine(name)
        tools = {"ffmpeg": own.ffmpeg} if own.ffmpeg is not None else {}
        sent = str(self._output) if self.is_sent else ""
        workers = lent if own.workers is None else own.workers
        return say.Open(self._packed, workers, tools, own.paths, sent)


class ClusterExecutor:
    """An executor of all machines that lend themselves to a dask scheduler."""

    def __init__(self, job: ClusterJob, settings: ClusterSettings, *, run_folder: Path, output: Path) -> None:
        """Keep what the machines need; `async with` connects to the scheduler."""
        self._terms = Terms(job, settings, run_folder=run_folder, output=output)
        self._receiver = FileReceiver(run_folder=run_folder, output=output)
        self._membership = Membership(settings, owner_of(output))
        self._machines: dict[str, Machine] = {}
        self._connectors: dict[str, DaskConnector] = {}
        self._waits = MachineWaits(self._end_wait)
        self._call: Callable[[], None] = lambda: None
        self._news: Callable[[MachineNews], None] = lambda _: None
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect to the scheduler. Raises RefusedError if that is not possible."""
        await self._membership.open()
        try:
            await self._terms.read()
            await asyncio.to_thread(self._receiver.clear)
        except BaseException:
            await uncancelled(self._membership.close())
            raise
        self._watching = asyncio.create_task(self._watch(), name="machines of the cluster")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the unit runners of all machines, and the connection."""
        await uncancelled(self._close())

    async def _close(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait({watching})
        self._waits.cancel()
        await asyncio.gather(*(machine.close() for machine in self._machines.values()))
        await self._membership.close()
        await asyncio.to_thread(self._receiver.clear)

    # ------------------------------------------------------------------ the machines

    async def _watch(self) -> None:
        """Follow which machines there are."""
        while True:
            try:
                self._follow(await self._membership.workers())
            except Exception as error:  # of any kind: the run waits for this task
                if not isinstance(error, LinkLostError):
                    log.exception("the machines of the cluster")
                for connector in self._connectors.values():
                    connector.turn(None)
            await asyncio.sleep(WATCH_SECONDS)

    def _follow(self, found: Mapping[str, LentWorker]) -> None:
        for name, lent in found.items():
            if name not in self._machines:
                self._add(name, lent.workers)
        for name, connector in self._connectors.items():
            connector.turn(found[name].address if name in found else None)
            if name not in found:
                self._machines[name].leave()

    def _add(self, name: str, lent: int) -> None:
        connector = self._connectors[name] = DaskConnector(self._membership)

        async def store(piece: say.FilePiece) -> None:
            await self._receiver.take(name, piece)

        listeners = Listeners(self._change, self._take_news, store)
        opening = self._terms.opening(name, lent)
        machine = self._machines[name] = Machine(name, connector, self._terms.wanted, opening, listeners)
        machine.keep()

    def enlist_again(self) -> None:
        """Examine all refused machines once more."""
        for connector in self._connectors.values():
            connector.allow()

    def _take_news(self, news: MachineNews) -> None:
        self._news(news)

    def _change(self) -> None:
        for name, machine in self._machines.items():
            if not machine.is_running:
                self._receiver.forget(name)
        self._call()

    # ------------------------------------------------------------------ the executor

    @property
    def _running(self) -> dict[str, Machine]:
        return {name: machine for name, machine in self._machines.items() if machine.is_running}

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str | None:
        """Return the machine with the smallest part of its workers in use; of equal ones, the largest.

        The engine's own machine performs only what no other may perform.
        """
        if source == DATASET or (stage is not None and self._is_only_for_here(stage)):
            return HERE if in_hand.get(HERE, 0) < self.target(HERE) else None
        free = [
            (in_hand.get(name, 0) / machine.target, -machine.cores, name)
            for name, machine in self._running.items()
            if in_hand.get(name, 0) < machine.target and self._may_take(name, source)
        ]
        return min(free)[2] if free else None

    def _is_only_for_here(self, stage: Stage) -> bool:
        needs_folder = stage.needs_output and self._terms.is_sent
        return stage.scope == "dataset" or not stage.is_portable or needs_folder

    def _may_take(self, name: str, source: str) -> bool:
        return not self._waits.is_obstructed(name) and not self._waits.misses(name, source)

    def target(self, machine: str) -> int:
        """Return the most units that a machine performs at the same time; of the engine's own, its cores."""
        if machine == HERE:
            return os.cpu_count() or 1
        return self._machines[machine].target if machine in self._machines else 0

    @property
    def capacity(self) -> int:
        """The most units that the machines that are there perform together."""
        return sum(machine.target for machine in self._running.values())

    def set_target(self, machine: str, workers: int) -> None:
        """Set the most units that a machine performs at the same time. Raises RefusedError if unknown."""
        if machine not in self._machines:
            known = ", ".join(sorted(self._machines)) or "none"
            message = f"{machine}: not a machine of this run; its machines: {known}"
            raise RefusedError(message)
        self._machines[machine].set_target(workers)

    def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit there, or in this process."""
        if machine == HERE or self._is_only_for_here(stage):
            return stage.perform(unit)
        return self._perform_there(self._machines[machine], stage, unit)

    async def _perform_there(
        self, machine: Machine, stage: Stage, unit: Unit
    ) -> AsyncGenerator[Report, None]:
        async with aclosing(machine.perform(stage, unit)) as reports:
            try:
                async for report in reports:
                    yield report
            except MachineLostError:
                raise
            except Exception as error:
                other = self._own_problem(machine, unit.source, error)
                if other is None:
                    raise
                raise other from error

    async def sees(self, path: str) -> bool:
        """Return whether a path exists on one of the machines that are there."""
        looks = [asyncio.ensure_future(machine.sees(path)) for machine in self._running.values()]
        try:
            for look in asyncio.as_completed(looks, timeout=LOOK_SECONDS):
                if await look:
                    return True
        except TimeoutError:
            log.warning("looking for %s: no answer for %.0f s", path, LOOK_SECONDS)
        finally:
            for look in looks:
                look.cancel()
        return False

    def on_change(self, call: Callable[[], None]) -> None:
        """Call `call` whenever a machine comes, goes, or has more or less room."""
        self._call = call

    def on_machine(self, call: Callable[[MachineNews], None]) -> None:
        """Call `call` with all changes of machines, beginning with their states now."""
        self._news = call
        for machine in self._machines.values():
            call(machine.change)

    # ------------------------------------------------------------------ what only one machine lacks

    def _own_problem(self, machine: Machine, source: str, error: Exception) -> Exception | None:
        """Return the error instead of one that only this machine has; None if the error stands."""
        if isinstance(error, OutOfMemoryError):
            return self._after_memory(machine, error)
        if isinstance(error, ObstructedError) or exhaustion(error):
            return self._after_obstruction(machine, error)
        if isinstance(error, SourceUnreachableError):
            return self._after_missing(machine, source, error)
        return None

    def _after_memory(self, machine: Machine, error: OutOfMemoryError) -> Exception:
        """Let the machine perform one unit fewer; of its only unit, fail the clip."""
        if machine.target <= 1:
            return UnitError(str(error))
        log.warning("%s: %s; fewer workers from now on: %d", machine.name, error, machine.target - 1)
        machine.set_target(machine.target - 1)
        return _handed_back(machine, error)

    def _after_obstruction(self, machine: Machine, error: Exception) -> Exception | None:
        """Let the machine wait; if all wait, the error stands and holds the whole run."""
        self._waits.obstruct(machine.name)
        machine.wait(exhaustion(error) or str(error))
        if all(self._waits.is_obstructed(name) for name in self._running):
            return None
        return _handed_back(machine, error)

    def _after_missing(self, machine: Machine, source: str, error: SourceUnreachableError) -> Exception:
        """Keep the source from the machine; if all miss it, the source waits."""
        self._waits.miss(machine.name, source)
        if all(self._waits.misses(name, source) for name in self._running):
            self._waits.find(source)
            return SourceUnreachableError(f"{machine.name}: {error}", error.path)
        log.warning("%s: %s: it gets other sources for some time", machine.name, error)
        return _handed_back(machine, error)

    def _end_wait(self, name: str) -> None:
        if not self._waits.is_obstructed(name):
            self._machines[name].wait("")
        self._call()


def _handed_back(machine: Machine, error: Exception) -> MachineLostError:
    return MachineLostError(f"{machine.name}: {reason_of(error)}", was_at_work=False)


# ---------------------------------------------------------------------------- before a run


async def survey(
    job: ClusterJob, settings: ClusterSettings, *, run_folder: Path, output: Path
) -> Sequence[MachineCheck]:
    """Examine all machines that are lent now, and name those of the settings. Raises RefusedError."""
    terms = Terms(job, settings, run_folder=run_folder, output=output)
    membership = Membership(settings, owner_of(output))
    await membership.open()
    try:
        await terms.read()
        found = await membership.workers()
        checks = await asyncio.gather(*(_checked(lent, membership, terms) for lent in found.values()))
    except LinkLostError as error:
        message = f"{settings.address}: {error}"
        raise RefusedError(message) from error
    finally:
        await uncancelled(membership.close())
    missing = [
        MachineCheck(name, settings.machines[name].workers or 0, 0, "", steps_of({}, "it is not lent"))
        for name in settings.machines
        if name not in found
    ]
    return sorted([*checks, *missing], key=lambda check: check.name)


async def _checked(lent: LentWorker, membership: Membership, terms: Terms) -> MachineCheck:
    """Examine one machine, without ending a unit runner that works there."""
    opening = terms.opening(lent.name, lent.workers)
    try:
        link = await membership.connect(lent.address, takes_over=False)
    except (RefusedError, LinkLostError) as error:
        return MachineCheck(lent.name, opening.workers, 0, "", steps_of({}, str(error)))
    examination = Examination(link, terms.wanted, opening, lambda _: None)
    try:
        async with asyncio.timeout(ENLIST_SECONDS):
            steps = await examination.steps()
    except (LinkLostError, TimeoutError) as error:
        steps = steps_of(examination.passed, reason_of(error))
    finally:
        how = await uncancelled(link.end())
        log.info("%s: %s", lent.name, how)
    hello = examination.hello or say.Hello("", "", 0)
    return MachineCheck(lent.name, opening.workers, hello.cores, hello.host, steps)
