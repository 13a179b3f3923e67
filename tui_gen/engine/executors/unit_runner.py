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
import threading
from collections.abc import AsyncGenerator, Callable
from functools import partial

import psutil

from tui_gen import __version__
from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError, reason_of
from tui_gen.engine.control.codec import to_wire
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.error_fields import fields_of
from tui_gen.engine.executors.ground import Ground, PortableJob, WorkerCount
from tui_gen.engine.model.work import Doing, Report

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


class UnitInHand:
    """One unit: performed up to the next report for each pull, until it ends or is closed."""

    def __init__(
        self, number: int, reports: AsyncGenerator[Report, None], tell: Say, home: Callable[[str], str]
    ) -> None:
        """Prepare a unit; nothing is performed before the first pull."""
        self._number, self._reports, self._tell, self._home = number, reports, tell, home
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
            last = say.Raised(self._number, fields_of(error, home=self._home))
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
                    self._tell(say.Gave(self._number, to_wire(report)))
                    return True
                if self._closing.is_set():
                    return True
                self._tell(say.Gave(self._number, to_wire(report)))
            return False
        finally:
            self._is_pulling = False


class UnitRunner:
    """Carries out the requests of one engine."""

    def __init__(self, tell: Say) -> None:
        """Send answers with `tell`."""
        self._tell = tell
        self._job: PortableJob | None = None
        self._ground = Ground(WorkerCount(1))
        self._units: dict[int, UnitInHand] = {}
        self._looks: set[asyncio.Task[None]] = set()

    def obey(self, request: say.Request) -> None:
        """Carry out one request; long work continues in a task."""
        match request:
            case say.Open():
                self._tell(self._open(request))
            case say.Begin():
                self._begin(request)
            case say.Pull(number):
                if number in self._units:
                    self._units[number].pull()
            case say.Close(number):
                if number in self._units:
                    self._units[number].close()
            case say.SetTarget(workers):
                self._ground.workers.count = workers
            case say.Look():
                look = asyncio.create_task(self._look(request), name=f"look at {request.path}")
                self._looks.add(look)
                look.add_done_callback(self._looks.discard)

    async def close(self) -> None:
        """End everything that was started."""
        for unit in self._units.values():
            unit.close()
        tasks = [unit.task for unit in self._units.values()]
        for look in self._looks:
            look.cancel()
        await asyncio.gather(*tasks, *self._looks, return_exceptions=True)

    def _open(self, request: say.Open) -> say.Answer:
        ground = Ground(WorkerCount(request.workers), request.tools, request.paths)
        try:
            job: PortableJob = say.unpacked(request.job)
            self._job = job.at(ground)
        except RefusedError as error:
            return say.Refused(str(error))
        except Exception as error:
            log.exception("opening the job")
            return say.Refused(f"the job cannot be opened: {reason_of(error)}")
        self._ground = ground
        return say.Ready(dict(self._job.recipe), __version__)

    def _begin(self, request: say.Begin) -> None:
        number = request.number
        try:
            stages = self._job.stages if self._job is not None else ()
            stage = next(stage for stage in stages if stage.name == request.stage)
            reports = stage.perform(say.unpacked(request.unit))
        except StopIteration:
            message = f"no such stage: {request.stage}"
            self._tell(say.Raised(number, fields_of(RefusedError(message), home=self._ground.home)))
        except Exception as error:  # noqa: BLE001 - carried over to the engine
            self._tell(say.Raised(number, fields_of(error, home=self._ground.home)))
        else:
            unit = self._units[number] = UnitInHand(number, reports, self._tell, self._ground.home)
            unit.task.add_done_callback(lambda _: self._units.pop(number))

    async def _look(self, request: say.Look) -> None:
        try:
            is_there = await detached_call(partial(os.path.exists, self._ground.here(request.path)))
        except Exception as error:  # noqa: BLE001 - a look that failed is repeated by whoever asked
            log.warning("looking for %s: %s", request.path, reason_of(error))
            is_there = False
        self._tell(say.Stands(request.number, is_there))


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
