"""Finds the engines of this machine without a register: by the files that processes have open.

A living engine has the lock of its run folder open, wherever that folder is, with and without a socket. The
kernel knows which process has which file open, and forgets it when the process ends. It tells this of the
user's own processes only; root sees those of all users. The engines of other users are counted by the sockets
on which they listen. Invariant: nothing here opens, locks or connects to anything.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.engine.run.session import LOCK_NAME

PROCESSES = Path("/proc")
_LOCK = (RUN_FOLDER, LOCK_NAME)
_LISTENS = 0x10000  # __SO_ACCEPTCON: the flag of a socket that accepts connections
_FLAGS, _PATH = 3, 7  # columns of /proc/net/unix
_SOCKET_OF = re.compile(
    r"(?:/tui-gen-(\d+)|/run/user/(\d+)/tui-gen)/[0-9a-f]{16}\.socket|/control-(\d+)/engine\.socket"
)
"""The user in the path of a control socket, see `engine/control/socket_place.py`."""


def open_run_folders() -> frozenset[Path]:
    """Return the run folders whose lock a process has open that this user may look into."""
    return frozenset(
        path.parent
        for process in PROCESSES.iterdir()
        if process.name.isdecimal()
        for path in _open_files(process)
        if path.parts[-2:] == _LOCK
    )


def _open_files(process: Path) -> Iterator[Path]:
    """Yield the paths of a process's open files; none of a process of another user, or of one that ends."""
    with suppress(PermissionError, FileNotFoundError, ProcessLookupError):
        for descriptor in (process / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                yield descriptor.readlink()


def engines_of_others() -> Counter[int]:
    """Return user id -> number of engines with a socket, for the users whose processes are hidden here."""
    user = os.geteuid()
    if user == 0:
        return Counter()
    try:
        text = (PROCESSES / "net" / "unix").read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, PermissionError):  # some containers hide it
        return Counter()
    found = (_user_of(line) for line in text.splitlines()[1:])
    return Counter(owner for owner in found if owner is not None and owner != user)


def _user_of(line: str) -> int | None:
    """Return the user of an engine's listening socket, or None for any other line."""
    columns = line.split(maxsplit=_PATH)
    if len(columns) <= _PATH or not int(columns[_FLAGS], 16) & _LISTENS:
        return None
    found = _SOCKET_OF.search(columns[_PATH])
    return int(next(filter(None, found.groups()))) if found is not None else None
