"""Tells whether the writer of a temporary file is dead: by its process, or on other hosts by its age."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui_gen.base.writer_token import WRITER_PATTERN, is_of_dead_process, new_token

TEST_PREFIX = ".check-"
"""Begins the names of files by which a process tests a folder or asks its time; a token follows."""
LIVING_SECONDS = 600.0
"""A temporary of another host counts as that of a dead writer after this time. A temporary exists for seconds
at most, and a machine that was lost stops working within 30 s."""

Whose = Literal["dead", "all"]
"""Whose temporaries are removed: those of dead processes of this host, of older versions and, after
LIVING_SECONDS, of other hosts; or everyone's."""


@dataclass(slots=True)
class DeadWriters:
    """The writers of the temporaries in one folder."""

    folder: int  # descriptor of the folder
    _server_time: float | None = field(default=None, init=False)

    def has_written(self, name: str, token: str | None) -> bool:
        """Return whether a file of the folder is that of a dead writer; None is the token of older versions.

        Raises OSError.
        """
        if token is None:
            return True
        is_dead = is_of_dead_process(token)
        return self._age_seconds(name) > LIVING_SECONDS if is_dead is None else is_dead

    def _age_seconds(self, name: str) -> float:
        """Return the time since a file was written, by the clock of the file server; -1 if it is gone."""
        if self._server_time is None:
            self._server_time = self._ask_server_time()
        try:
            return self._server_time - os.stat(name, dir_fd=self.folder, follow_symlinks=False).st_mtime
        except FileNotFoundError:
            return -1.0

    def _ask_server_time(self) -> float:
        name = f"{TEST_PREFIX}{new_token()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o666, dir_fd=self.folder)
        try:
            return os.fstat(descriptor).st_mtime
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.folder)


def remove_temporaries(folder: Path, names: Iterable[str], whose: Whose, *, suffix: str) -> None:
    """Remove files named `....<token><suffix>`, given relative to a folder. Raises OSError.

    A name without a token is that of an older version, or of the engine: only one engine is at work.
    """
    token = re.compile(rf"\.(?P<token>{WRITER_PATTERN}){re.escape(suffix)}")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        writers = DeadWriters(descriptor)
        for name in names:
            match = token.search(name)
            if whose == "all" or writers.has_written(name, match["token"] if match else None):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)
