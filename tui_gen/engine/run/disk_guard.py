"""The disk guard holds the work while the output's disk is low, or is not the disk on which the run began.

The guard checks the disk before the first clip, every few seconds, and as soon as the bytes written since the
last check could bring the disk to its threshold. The work continues by itself when there is room again.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.detached_call import detached_call, exhaustion
from tui_gen.engine.model import eta
from tui_gen.engine.model import events as ev
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.storage.recorder import Recorder

GO_ON_FACTOR = 1.05
"""After a low disk, the work continues when this multiple of the threshold is free."""
MIN_FREE_FILES = 1000
"""The least number of free files: a file system with a fixed number of files may run out of them first."""
WRITTEN_FACTOR = 2
"""The factor from bytes written to disk space used: files fill whole blocks, and other programs write too."""
NOT_OURS = "{} is not the folder this run began in: put its disk back, or stop the run and start it again"


@dataclass(frozen=True, slots=True)
class Watched:
    """The folders to which the run writes, and the space that it must leave free."""

    output: Path
    run_folder: Path
    status_path: Path
    min_free_bytes: int


class DiskGuard:
    """Closes and opens the gate by the results of its checks."""

    def __init__(self, watched: Watched, *, recorder: Recorder, gate: Gate) -> None:
        """Remember the identity of the folder in which the run began."""
        self._watched, self._recorder, self._gate = watched, recorder, gate
        self._folder = identity(watched.run_folder)
        self._has_warned = False
        self._looking = asyncio.Lock()
        self._next_look_at_bytes = float("inf")  # of `Recorder.bytes_written`

    @property
    def is_due(self) -> bool:
        """Whether the bytes written since the last check could bring the disk to its threshold."""
        return self._recorder.bytes_written >= self._next_look_at_bytes

    def is_in_place(self) -> bool:
        """Return whether the run folder is still the one in which the run began. Raises OSError."""
        return identity(self._watched.run_folder) == self._folder

    async def look_if_due(self) -> None:
        """Check the disk, unless another check has made this one unnecessary. Raises the errors of `look`."""
        async with self._looking:
            if self.is_due:
                await self._look()

    async def look(self) -> None:
        """Check the disk, off the loop. Raises OSError, and RuntimeError if the machine is exhausted."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        at, written = self._recorder.now(), self._recorder.bytes_written
        try:
            disk, gone = await detached_call(lambda: self._measure(at))
        finally:
            self._next_look_at_bytes = float("inf")
        if gone:
            self._gate.obstruct("folder", gone)
        else:
            self._gate.clear("folder")
        if disk is None:
            return
        room = max(0, disk.free_bytes - disk.pauses_below_bytes)
        self._next_look_at_bytes = written + room / WRITTEN_FACTOR
        self._recorder.show(disk)
        self._guard_free_space(disk)
        self._warn_of_low_space(disk)

    def _measure(self, at: float) -> tuple[ev.DiskMeasured | None, str]:
        try:
            if not self.is_in_place():
                return None, NOT_OURS.format(self._watched.run_folder)
            usage = shutil.disk_usage(self._watched.output)
            inodes = os.statvfs(self._watched.output)
        except (FileNotFoundError, NotADirectoryError):
            return None, NOT_OURS.format(self._watched.run_folder)
        except OSError as error:
            if exhaustion(error):
                raise
            return None, f"{self._watched.output}: {error.strerror}"
        free_files = inodes.f_favail if inodes.f_files else None
        return ev.DiskMeasured(at, usage.free, usage.total, self._watched.min_free_bytes, free_files), ""

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


def identity(folder: Path) -> tuple[int, int]:
    """Return a value that identifies a folder among others at the same path. Raises OSError."""
    found = folder.stat()
    return found.st_dev, found.st_ino


def _size(size_bytes: int) -> str:
    giga = size_bytes / 1e9
    return f"{giga:.1f} GB" if giga >= 1 else f"{size_bytes / 1e6:.1f} MB"
