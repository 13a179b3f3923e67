"""Performs units for an engine in a separate process: `python -m tui_gen.engine.executors.unit_runner`.

    stdin ── requests ──> UnitRunner ── a task for each unit in hand ──> Stage.perform
    stdout <── answers ───────┴──────────────────┘

The main thread runs the loop and starts all children, which end with that thread. Nothing is performed
without a pull. The process ends when its stdin ends; all processes that it started end before.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import psutil

from tui_gen import __version__
from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError, reason_of
from tui_gen.base.uncancelled import uncancelled
from tui_gen.engine.control.codec import to_wire
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.error_fields import fields_of
from tui_gen.engine.executors.examined import examined
from tui_gen.engine.executors.ground import ClusterJob, Ground, PortableJob, WorkerCount
from tui_gen.engine.executors.sent_files import FileSender, StagingFolder
from tui_gen.engine.model.work import Doing, Outcome, Report

log = logging.getLogger(__name__)

MEASURE_SECONDS = 2.0
LOG_CHARACTERS = 8000

Say = Callable[[say.Answer], None]


class AnswerLines:
    """Writes answers to a pipe as whole lines, from any thread.

    Writing blocks while the engine does not read, as for a decoder and a full pipe.
    """

    def __init__(self, descriptor: int) -> None:
        """Write to an open descriptor."""
        self._descriptor, self._lock = descriptor, threading.Lock()

    def say(self, answer: say.Answer) -> None:
        """Write one answer. If the engine is gone, nothing is written; stdin has ended, too."""
        left = memoryview(say.line_of(answer))
        with self._lock, contextlib.suppress(BrokenPipeError):
            while left:
                left = left[os.write(self._descriptor, left) :]


class LogLines(logging.Handler):
    """Sends log records to the engine's log."""

    def __init__(self, tell: Say) -> None:
        """Send each record with `tell`."""
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, with its traceback."""
        self._tell(say.Log(record.levelno, record.name, self.format(record)[:LOG_CHARACTERS]))


@dataclass(frozen=True, slots=True)
class Opened:
    """A job that was opened on this machine."""

    job: PortableJob
    ground: Ground
    sender: FileSender | None  # None: the files stay where the job writes them


class UnitInHand:
    """One unit: performed up to the next report for each pull, until it ends or is closed."""

    def __init__(self, number: int, reports: AsyncGenerator[Report, None], tell: Say, opened: Opened) -> None:
        """Prepare a unit; nothing is performed before the first pull."""
        self._number, self._reports, self._tell, self._opened = number, reports, tell, opened
        self._wake, self._closing = asyncio.Event(), asyncio.Event()
        self._is_pulling = False
        self.task = asyncio.create_task(self._perform(), name=f"unit {number}")

    def pull(self) -> None:
        """Permit one report other than `Doing`."""
        self._wake.set()

    def close(self) -> None:
        """End the unit; files being written are completed and reported."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.set()
        if self._is_pulling:
            self.task.cancel()

    async def _perform(self) -> None:
        last: say.Answer
        try:
            last = await self._follow_pulls()
            await self._reports.aclose()
        except asyncio.CancelledError:
            last = say.Closed(self._number)
        except Exception as error:  # noqa: BLE001 - carried over to the engine
            last = say.Raised(self._number, fields_of(error, home=self._opened.ground.home))
        self._tell(last)

    async def _follow_pulls(self) -> say.Answer:
        while not self._closing.is_set():
            await self._wake.wait()
            self._wake.clear()
            if not self._closing.is_set() and not await self._give():
                return say.Ended(self._number)
        return say.Closed(self._number)

    async def _give(self) -> bool:
        """Send reports up to the next one other than `Doing`; return False at the unit's end."""
        self._is_pulling = True
        try:
            async for report in self._reports:
                if not isinstance(report, Doing):
                    await uncancelled(self._give_outcome(report))
                    return True
                if self._closing.is_set():
                    return True
                self._tell(say.Does(self._number, to_wire(report)))
            return False
        finally:
            self._is_pulling = False

    async def _give_outcome(self, report: Report) -> None:
        """Send a report that ends a pull, after the files that it made."""
        if self._opened.sender is not None and isinstance(report, Outcome):
            await self._opened.sender.send(self._number, report)
        self._tell(say.Gave(self._number, to_wire(report)))


class UnitRunner:
    """Carries out the requests of one engine."""

    def __init__(self, tell: Say) -> None:
        """Send answers with `tell`."""
        self._tell = tell
        self._opened: Opened | None = None
        self._staging: StagingFolder | None = None
        self._units: dict[int, UnitInHand] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def obey(self, request: say.Request) -> None:
        """Carry out one request; long work continues in a task."""
        match request:
            case say.Open():
                self._tell(self._open(request))
            case say.Examine():
                self._begin_task(self._examine(request), "examine")
            case say.Begin():
                self._begin(request)
            case say.Pull(number) | say.Close(number):
                self._steer(number, is_closing=isinstance(request, say.Close))
            case say.SetTarget(workers):
                if self._opened is not None:
                    self._opened.ground.workers.count = workers
            case say.Look():
                self._begin_task(self._look(request), f"look at {request.path}")

    def _steer(self, number: int, *, is_closing: bool) -> None:
        """Pull or close a unit; nothing happens if the unit has ended."""
        unit = self._units.get(number)
        if unit is not None and is_closing:
            unit.close()
        elif unit is not None:
            unit.pull()

    def _begin_task(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End everything that was started."""
        for unit in self._units.values():
            unit.close()
        tasks = [unit.task for unit in self._units.values()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._tasks, return_exceptions=True)
        if self._staging is not None:
            self._staging.remove()

    def _open(self, request: say.Open) -> say.Answer:
        try:
            self._opened = self._opened_job(request)
        except RefusedError as error:
            return say.Refused(str(error))
        except Exception as error:
            log.exception("opening the job")
            return say.Refused(f"the job cannot be opened: {reason_of(error)}")
        return say.Ready(dict(self._opened.job.recipe))

    def _opened_job(self, request: say.Open) -> Opened:
        job: PortableJob = say.unpacked(request.job)
        paths = dict(request.paths)
        if request.sent_folder:
            self._staging = StagingFolder()
            paths[request.sent_folder] = self._staging.path
        ground = Ground(WorkerCount(request.workers), request.tools, paths)
        job = job.at(ground)
        sender = None
        if request.sent_folder:
            sender = FileSender(cast("ClusterJob", job).files_of, ground.home, self._tell)
        return Opened(job, ground, sender)

    @property
    def _home(self) -> Callable[[str], str]:
        return self._opened.ground.home if self._opened is not None else str

    def _begin(self, request: say.Begin) -> None:
        number = request.number
        try:
            unit = UnitInHand(number, self._reports_of(request), self._tell, self._job_opened)
        except Exception as error:  # noqa: BLE001 - carried over to the engine
            self._tell(say.Raised(number, fields_of(error, home=self._home)))
        else:
            self._units[number] = unit
            unit.task.add_done_callback(lambda _: self._units.pop(number))

    @property
    def _job_opened(self) -> Opened:
        """The opened job. Raises RefusedError."""
        if self._opened is None:
            message = "no job is open"
            raise RefusedError(message)
        return self._opened

    def _reports_of(self, request: say.Begin) -> AsyncGenerator[Report, None]:
        stages = {stage.name: stage for stage in self._job_opened.job.stages}
        if request.stage not in stages:
            message = f"no such stage: {request.stage}"
            raise RefusedError(message)
        return stages[request.stage].perform(say.unpacked(request.unit))

    async def _look(self, request: say.Look) -> None:
        try:
            path = self._opened.ground.here(request.path) if self._opened is not None else request.path
            is_there = await detached_call(partial(os.path.exists, path))
        except Exception as error:  # noqa: BLE001 - a look that failed is repeated by whoever asked
            log.warning("looking for %s: %s", request.path, reason_of(error))
            is_there = False
        self._tell(say.Stands(request.number, is_there))

    async def _examine(self, request: say.Examine) -> None:
        try:
            opened = self._job_opened
            job = cast("ClusterJob", opened.job)
            answer: say.Answer = await detached_call(lambda: examined(job, opened.ground, request))
        except Exception as error:
            log.exception("examining the machine")
            answer = say.Refused(f"it cannot be examined: {reason_of(error)}")
        self._tell(answer)


async def _measure(tell: Say) -> None:
    psutil.cpu_percent()  # the first value is for an empty interval
    while True:
        await asyncio.sleep(MEASURE_SECONDS)
        memory = psutil.virtual_memory()
        tell(say.Measured(psutil.cpu_percent(), memory.total - memory.available, memory.total))


async def serve(descriptor: int, tell: Say) -> None:
    """Carry out the requests from a descriptor until it ends."""
    reader = asyncio.StreamReader(limit=say.LINE_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    tell(say.Hello(__version__, socket.gethostname(), os.cpu_count() or 1))
    runner = UnitRunner(tell)
    measuring = asyncio.create_task(_measure(tell), name="measure")
    try:
        while (line := await reader.readline()).endswith(b"\n"):
            runner.obey(say.request_of(line))
    finally:
        measuring.cancel()
        await runner.close()
        transport.close()


def main() -> None:
    """Run until stdin ends."""
    faulthandler.enable()
    # Output of a job or a library must not appear between the answers, and must not read the requests.
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    lines = AnswerLines(answers)
    logging.root.addHandler(LogLines(lines.say))
    logging.root.setLevel(logging.INFO)
    asyncio.run(serve(requests, lines.say))


if __name__ == "__main__":
    main()
