"""Checks that a film is still there and unchanged, before it is read and before a failure counts against it.

If a share drops, its films did not fail: their work waits. A replaced file is not read further: patches of
one file never mix with patches of another.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import SourceChangedError, SourceUnreachableError
from tui_gen.engine.executors.ground import MTIME_TOLERANCE_SECONDS
from tui_gen.media.film_files import folder_of, look_at_folder

LOOK_SECONDS = 30.0
"""If a file system does not answer within this time, it counts as unreachable."""


@dataclass(frozen=True, slots=True)
class Presence:
    """The files at the time when the films got their ids: id -> size in bytes, modification time in ns."""

    fingerprints: Mapping[str, tuple[int, int]]
    # Whether the files are seen from another machine than at that time: then a missing file says nothing
    # about the source, and times are those of the network's file system.
    is_elsewhere: bool = False

    async def check(self, source: str, path: str) -> None:
        """Raise SourceUnreachableError or SourceChangedError unless the file is there and unchanged."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await detached_call(partial(self._check, source, path))
        except TimeoutError as error:
            message = f"{folder_of(path)} does not answer"
            raise SourceUnreachableError(message, path) from error

    def _check(self, source: str, path: str) -> None:
        try:
            found = os.stat(path)  # noqa: PTH116 - the path may not be UTF-8
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._absence(path) from error
        except OSError as error:
            message = f"{folder_of(path)}: {error.strerror}"
            raise SourceUnreachableError(message, path) from error
        if not (stat.S_ISREG(found.st_mode) and self._is_same(source, found)):
            message = "the file changed while the run was on"
            if self.is_elsewhere:
                message += f", or another file is seen at {path} on this machine"
            raise SourceChangedError(message)

    def _is_same(self, source: str, found: os.stat_result) -> bool:
        if source not in self.fingerprints:
            return True
        size_bytes, mtime_ns = self.fingerprints[source]
        tolerance_ns = MTIME_TOLERANCE_SECONDS * 10**9 if self.is_elsewhere else 0
        return found.st_size == size_bytes and abs(found.st_mtime_ns - mtime_ns) <= tolerance_ns

    def _absence(self, path: str) -> SourceUnreachableError | SourceChangedError:
        folder = look_at_folder(folder_of(path))
        if folder.is_empty is None:
            return SourceUnreachableError(f"{folder_of(path)} is missing or cannot be listed", path)
        if folder.is_empty:
            return SourceUnreachableError(f"{folder_of(path)} is empty", path)
        if self.is_elsewhere:
            return SourceUnreachableError(f"{path} is not there on this machine", path)
        return SourceChangedError("the file is not there any more")
