"""Tells whether the writer of a temporary file is dead: by its process, or on other hosts by its age."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from tui_gen.base.writer_token import is_of_dead_process, new_token

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
    test_prefix: str  # begins the name of a file in it by which the time is asked
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
        name = f"{self.test_prefix}{new_token()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o666, dir_fd=self.folder)
        try:
            return os.fstat(descriptor).st_mtime
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.folder)
