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
from tui_gen.media.film_files import folder_of, look_at_folder

LOOK_SECONDS = 30.0
"""If a file system does not answer within this time, it counts as unreachable."""


@dataclass(frozen=True, slots=True)
class Presence:
    """The files at the time when the films got their ids: id -> size in bytes, modification time in ns."""

    fingerprints: Mapping[str, tuple[int, int]]

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
            raise _absence(path) from error
        except OSError as error:
            message = f"{folder_of(path)}: {error.strerror}"
            raise SourceUnreachableError(message, path) from error
        fingerprint = self.fingerprints.get(source)
        is_same = stat.S_ISREG(found.st_mode) and fingerprint in {None, (found.st_size, found.st_mtime_ns)}
        if not is_same:
            message = "the file changed while the run was on"
            raise SourceChangedError(message)


def _absence(path: str) -> SourceUnreachableError | SourceChangedError:
    folder = look_at_folder(folder_of(path))
    if folder.is_empty is None:
        return SourceUnreachableError(f"{folder_of(path)} is missing or cannot be listed", path)
    if folder.is_empty:
        return SourceUnreachableError(f"{folder_of(path)} is empty", path)
    return SourceChangedError("the file is not there any more")
