"""Chooses the place of the control socket: a private folder, with a path of any length.

    1. <temporary folder>/tui-gen-<uid>/     remains when the user logs out
    2. $XDG_RUNTIME_DIR/tui-gen/             private, but removed when the user logs out
    3. /run/user/<uid>/tui-gen/              the same, if the variable is not set
    4. <run folder>/control-<uid>/           if no other folder can be used

The first usable place is used. Invariant: a folder is never used if another user owns it or may enter it. The
kernel accepts at most 107 bytes as a socket's address; a longer path is reached through a descriptor of its
folder (/proc/self/fd).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

ADDRESS_BYTES = 107
_FOREIGN = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EACCES})


class PlaceError(Exception):
    """A folder cannot contain the socket; the text names the folder and the reason."""


def socket_paths(run_folder: Path) -> Iterator[Path]:
    """Yield the possible paths of a run folder's socket, the best one first."""
    uid = os.getuid()
    name = f"{hashlib.sha256(os.fsencode(run_folder.resolve())).hexdigest()[:16]}.socket"
    with contextlib.suppress(FileNotFoundError):  # a container with a read-only root has no temporary folder
        yield Path(tempfile.gettempdir()) / f"tui-gen-{uid}" / name
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    for folder in dict.fromkeys((runtime, f"/run/user/{uid}")):
        if folder and Path(folder).is_absolute():
            yield Path(folder) / "tui-gen" / name
    yield run_folder.resolve() / f"control-{uid}" / "engine.socket"


def bind_first(paths: Iterator[Path]) -> tuple[socket.socket, Path, tuple[str, ...]]:
    """Return a socket bound to the first usable path, the path, and why those before it are unusable.

    Raises PlaceError if no path is usable. The caller must hold the lock of the run: an existing socket at a
    path then belongs to a dead engine and is replaced.
    """
    refused: list[str] = []
    for path in paths:
        try:
            return _bind(path), path, tuple(refused)
        except PlaceError as error:
            refused.append(str(error))
        except OSError as error:
            refused.append(f"{path.parent}: {error.strerror or error}")
    raise PlaceError("; ".join(refused))


def _bind(path: Path) -> socket.socket:
    """Return a socket bound to a path in a private folder. Raises PlaceError, OSError."""
    with _private_folder(path.parent) as folder:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path.name, dir_fd=folder)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(_address(path, folder))
            os.chmod(path.name, 0o600, dir_fd=folder)
        except BaseException:
            listener.close()
            raise
    return listener


def connected(path: Path) -> socket.socket:
    """Return a socket connected to the process that listens at a path. May block. Raises OSError."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            client.connect(_address(path, folder))
        except BaseException:
            client.close()
            raise
    finally:
        os.close(folder)
    return client


def identity(path: Path) -> tuple[int, int] | None:
    """Return a value that identifies a socket among others of the same path, or None if there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _address(path: Path, folder: int) -> str:
    if len(os.fsencode(path)) <= ADDRESS_BYTES:
        return str(path)
    return f"/proc/self/fd/{folder}/{path.name}"


@contextlib.contextmanager
def _private_folder(folder: Path) -> Iterator[int]:
    """Make a folder if it is missing, and yield its descriptor. Raises PlaceError, OSError."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in _FOREIGN:
            raise
        message = f"{folder} is not a folder of this user"
        raise PlaceError(message) from error
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.getuid():
            message = f"{folder} belongs to another user"
            raise PlaceError(message)
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, 0o700)
        yield descriptor
    finally:
        os.close(descriptor)
