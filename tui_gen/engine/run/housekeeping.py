"""What goes on beside the work: measuring disk and machine, guarding, syncing, the status file.

A guard holds the work while the disk is low or the output folder is not the one the run began in, and
lets it go on by itself afterwards.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tui_gen.base.detached_call import exhaustion
from tui_gen.engine.model import eta
from tui_gen.engine.model import events as ev
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.storage.lock import Lock
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.engine.storage.status import status_of, write_status

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
MEASURE_EVERY_BEATS = 2
GO_ON_FACTOR = 1.05
"""A disk that was low must have this much more than the threshold before the work goes on."""


MIN_FREE_FILES = 1000
"""File systems that count their files may run out of them before they run out of bytes."""
_NOT_OURS = "{} is not the folder this run began in: put its disk back, or stop the run and start it again"


@dataclass(frozen=True, slots=True)
class Watched:
    """Where the run writes and what it must leave free."""

    output: Path
    run_folder: Path
    status_path: Path
    min_free_bytes: int


class Watch:
    """Looks around once a second until it is cancelled."""

    def __init__(self, watched: Watched, *, recorder: Recorder, gate: Gate, lock: Lock) -> None:
        """Remember which folder the run began in."""
        self._watched, self._recorder, self._gate, self._lock = watched, recorder, gate, lock
        self._folder = identity(watched.run_folder)
        self._io: tuple[float, int, int] | None = None
        self._status_failed = False
        # A write goes on in its thread when the run ends under it; the last one must come after it.
        self._writing = threading.Lock()
        self._has_warned = False

    async def run(self) -> None:
        """Look around for ever."""
        beats = 0
        while True:
            try:
                await self._beat(beats)
            except Exception as error:
                # Nobody waits for this task: it must neither die unnoticed nor leave the work unguarded.
                log.exception("looking after the run")
                text = f"looking after the run failed: {type(error).__name__}: {error}"
                self._recorder.show(ev.ProblemNoted(self._recorder.now(), "warning", text))
            beats += 1
            await asyncio.sleep(BEAT_SECONDS)

    async def _beat(self, number: int) -> None:
        if number % MEASURE_EVERY_BEATS == 0:
            await self._guard()
        await self._recorder.sync(self._gate)
        await self.write_status()
        if number % MEASURE_EVERY_BEATS == 0:
            self._measure_machine()

    # ------------------------------------------------------------------ guards

    async def _guard(self) -> None:
        disk, gone = await asyncio.to_thread(self._look_at_disk)
        if gone:
            self._gate.obstruct("folder", gone)
        else:
            self._gate.clear("folder")
        if disk is None:
            return
        self._recorder.show(disk)
        self._guard_free_space(disk)
        self._warn_of_low_space(disk)

    def _look_at_disk(self) -> tuple[ev.DiskMeasured | None, str]:
        try:
            if identity(self._watched.run_folder) != self._folder:
                return None, _NOT_OURS.format(self._watched.run_folder)
            usage = shutil.disk_usage(self._watched.output)
            inodes = os.statvfs(self._watched.output)
        except (FileNotFoundError, NotADirectoryError):
            return None, _NOT_OURS.format(self._watched.run_folder)
        except OSError as error:
            if exhaustion(error):
                raise
            return None, f"{self._watched.output}: {error.strerror}"
        measured = ev.DiskMeasured(
            self._recorder.now(),
            usage.free,
            usage.total,
            self._watched.min_free_bytes,
            inodes.f_favail if inodes.f_files else None,
        )
        return measured, ""

    def _guard_free_space(self, disk: ev.DiskMeasured) -> None:
        threshold = disk.pauses_below_bytes
        if disk.free_bytes < threshold:
            reason = f"disk low: waits until {_size(threshold)} are free"
            detail = f"{_size(disk.free_bytes)} were free in {self._watched.output}"
            self._hold("disk", reason, detail, at=disk.at)
        elif disk.free_bytes >= threshold * GO_ON_FACTOR:
            self._gate.clear("disk")
        self._guard_free_files(disk)

    def _guard_free_files(self, disk: ev.DiskMeasured) -> None:
        if disk.free_inodes is None:
            return
        if disk.free_inodes < MIN_FREE_FILES:
            reason = f"disk low: waits until there is room for {MIN_FREE_FILES} more files"
            detail = f"There was room for {disk.free_inodes} files in {self._watched.output}"
            self._hold("files", reason, detail, at=disk.at)
        elif disk.free_inodes >= MIN_FREE_FILES * GO_ON_FACTOR:
            self._gate.clear("files")

    def _hold(self, what: str, reason: str, detail: str, *, at: float) -> None:
        if self._gate.obstruct(what, reason):
            self._recorder.show(ev.ProblemNoted(at, "warning", reason, detail=detail))

    def _warn_of_low_space(self, disk: ev.DiskMeasured) -> None:
        needed = eta.bytes_left(self._recorder.state)
        room = disk.free_bytes - disk.pauses_below_bytes
        is_short = needed is not None and needed > room
        if is_short and not self._has_warned and needed is not None:
            detail = (
                f"Available: {disk.free_bytes / 1e9:.1f} GB\n"
                f"Estimated needed: {needed / 1e9:.1f} GB remaining\n"
                "Consider freeing up disk space."
            )
            self._recorder.show(ev.ProblemNoted(disk.at, "warning", "low disk space", detail=detail))
        self._has_warned = is_short

    # ------------------------------------------------------------------ looking

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
        except NotImplementedError:  # a sandbox that shows no disks
            return None, None
        now = self._recorder.now()
        if counters is None:
            return None, None
        before, self._io = self._io, (now, counters.read_bytes, counters.write_bytes)
        if before is None or now <= before[0]:
            return None, None
        seconds = now - before[0]
        return (self._io[1] - before[1]) / seconds, (self._io[2] - before[2]) / seconds

    async def write_status(self) -> None:
        """Write the status file, off the loop. A disk that takes nothing costs only the view."""
        status = status_of(self._recorder.state, self._recorder.now())
        try:
            await asyncio.to_thread(self._write_status, status)
            self._lock.beat()
        except OSError as error:
            if not self._status_failed:
                log.warning("cannot write the status file: %s", error)
            self._status_failed = True
        else:
            self._status_failed = False

    def _write_status(self, status: dict[str, Any]) -> None:
        watched = self._watched
        is_inside = watched.status_path.is_relative_to(watched.output)
        if is_inside and identity(watched.run_folder) != self._folder:
            # The disk is gone; what stands at its place must not fill up.
            raise FileNotFoundError(errno.ENOENT, _NOT_OURS.format(watched.run_folder))
        with self._writing:
            write_status(watched.status_path, status)


def identity(folder: Path) -> tuple[int, int]:
    """Return what tells a folder from another that takes its place. Raises OSError."""
    found = folder.stat()
    return found.st_dev, found.st_ino


def _size(size_bytes: int) -> str:
    giga = size_bytes / 1e9
    return f"{giga:.1f} GB" if giga >= 1 else f"{size_bytes / 1e6:.1f} MB"
