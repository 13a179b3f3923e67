"""How a file comes into being: under a temporary name, which is changed when the file is whole.

    videomnist.h5.part ── written, fsync ── rename ──> videomnist.h5 ── fsync of the folder

Invariant: an error removes the temporary file. A killed process leaves it; the next writer replaces it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui_gen.base.errors import ObstructedError

PART = ".part"
"""Ends the names of files that are not whole."""
_LASTING = frozenset(
    {errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EINVAL}
)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Translate an OSError of the block to ObstructedError (disk full, read-only, gone).

    Errors that waiting does not heal, for example a folder in the place of the file, stay OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _LASTING:
            raise
        message = f"{path}: {error.strerror or error}"
        raise ObstructedError(message) from error


@contextmanager
def whole_file(target: Path, *, token: str = "") -> Iterator[Path]:
    """Give the temporary path to write a file at; then flush the file to the disk and give it its name.

    `token` is part of the temporary name: with it two processes that write one file do not meet.
    The folder is made if need be. Raises ObstructedError where the output takes nothing.
    """
    part = target.with_name(f"{target.name}{token}{PART}")
    try:
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with writing(target):
            flush(part)
            part.replace(target)
            flush(target.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_whole(target: Path, content: bytes) -> None:
    """Write a small file. Raises ObstructedError, OSError."""
    with whole_file(target) as part, writing(target):
        part.write_bytes(content)


def flush(path: Path) -> None:
    """Write what the system holds of a file or folder to the disk. Raises OSError.

    A file system that cannot flush a folder is left as it is.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)
