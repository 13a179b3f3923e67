"""The tasks beside the work: guarding the disk, measuring the machine, syncing, writing the status file."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil

from tui_gen.base.detached_call import detached_call
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import History
from tui_gen.engine.model.worker_room import measured_again
from tui_gen.engine.run.disk_guard import NOT_OURS, DiskGuard, Watched
from tui_gen.engine.run.history_sampler import HistorySampler
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.storage.lock import Lock
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.engine.storage.status import status_of, write_status
from tui_gen.processes.machine_memory import machine_memory, memory_of_children

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
MEASURE_EVERY_BEATS = 2
FIRST_LOOK_SECONDS = 10.0
"""The longest wait of the work for the first check of the disk: on a dead network disk it may never end."""


class Watch:
    """Runs the tasks once per second until it is cancelled."""

    def __init__(
        self, watched: Watched, *, recorder: Recorder, gate: Gate, lock: Lock, history: History
    ) -> None:
        """Remember the folder in which the run began, and subscribe to written bytes."""
        self._watched, self._recorder, self._gate, self._lock = watched, recorder, gate, lock
        self._guard = DiskGuard(watched, recorder=recorder, gate=gate)
        self._sampler = HistorySampler(history)
        recorder.on_written = self._after_writing
        self._first_look: asyncio.Task[None] | None = None
        self._io: tuple[float, int, int] | None = None
        self._status_failed = False
        self._writing = asyncio.Lock()
        self._last_write: asyncio.Task[None] | None = None

    async def look_first(self) -> None:
        """Check the disk before any work is handed out."""
        self._first_look = asyncio.create_task(self._look(), name="first look")
        await asyncio.wait({self._first_look}, timeout=FIRST_LOOK_SECONDS)

    async def _look(self) -> None:
        with self._failures_noted():
            await self._guard.look()

    async def _after_writing(self) -> None:
        if self._guard.is_due:
            with self._failures_noted():
                await self._guard.look_if_due()

    async def run(self) -> None:
        """Run the tasks until cancelled."""
        beats = 0
        while True:
            # No code waits for this task: it must not die unnoticed and leave the disk unguarded.
            with self._failures_noted():
                await self._beat(beats)
            beats += 1
            await asyncio.sleep(BEAT_SECONDS)

    @contextlib.contextmanager
    def _failures_noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            log.exception("looking after the run")
            text = f"looking after the run failed: {type(error).__name__}: {error}"
            self._recorder.show(ev.ProblemNoted(self._recorder.now(), "warning", text))

    async def _beat(self, number: int) -> None:
        self._recorder.notice_clock()
        if number % MEASURE_EVERY_BEATS == 0:
            await self._guard.look()
        await self._recorder.sync(self._gate)
        await self.write_status()
        if number % MEASURE_EVERY_BEATS == 0:
            self._measure_machine()
            self._sampler.sample(self._recorder.state, self._recorder.patches_written)
            await self._measure_workers()

    async def _measure_workers(self) -> None:
        """Measure the memory of the workers, off the loop: it takes longer the more processes there are."""
        known = self._recorder.state.worker_memory
        if known is None:
            return
        in_use_bytes = await detached_call(memory_of_children)
        memory, at = machine_memory(), self._recorder.now()
        workers = len(self._recorder.state.slots)
        now = replace(known, at=at, in_use_bytes=in_use_bytes, workers=workers)
        now = replace(now, available_bytes=memory.available_bytes, total_bytes=memory.total_bytes)
        self._recorder.show(measured_again(known, now))

    def _measure_machine(self) -> None:
        memory = psutil.virtual_memory()
        read, write = self._measure_io()
        self._recorder.show(
            ev.SystemMeasured(
                self._recorder.now(),
                tuple(psutil.cpu_percent(percpu=True)),
                memory.total - memory.available,
                memory.total,
                read,
                write,
            )
        )

    def _measure_io(self) -> tuple[float | None, float | None]:
        try:
            counters = psutil.disk_io_counters()
        except NotImplementedError:  # a sandbox without disk counters
            return None, None
        now = time.monotonic()
        if counters is None:
            return None, None
        before, self._io = self._io, (now, counters.read_bytes, counters.write_bytes)
        if before is None or now <= before[0]:
            return None, None
        seconds = now - before[0]
        return (self._io[1] - before[1]) / seconds, (self._io[2] - before[2]) / seconds

    async def write_status(self) -> None:
        """Write the status file, off the loop. If the disk refuses it, only the view is out of date."""
        status = status_of(self._recorder.state, self._recorder.now())
        # A write continues when the run ends; the last write must come after it.
        self._last_write = asyncio.create_task(self._write_in_turn(status), name="status")
        await asyncio.shield(self._last_write)

    async def _write_in_turn(self, status: dict[str, Any]) -> None:
        async with self._writing:
            try:
                await self._write_in_place(status)
                self._lock.beat()
            except OSError as error:
                if not self._status_failed:
                    log.warning("cannot write the status file: %s", error)
                self._status_failed = True
            else:
                self._status_failed = False

    async def _write_in_place(self, status: dict[str, Any]) -> None:
        watched = self._watched
        is_inside = watched.status_path.is_relative_to(watched.output)
        if is_inside and not await asyncio.to_thread(self._guard.is_in_place):
            # The disk is not there; the disk at its place must not fill up.
            raise FileNotFoundError(errno.ENOENT, NOT_OURS.format(watched.run_folder))
        await write_status(watched.status_path, status)
