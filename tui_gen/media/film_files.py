"""Looks at the files of films: is a regular file there, with which size, time and content.

look ─> FileLook | NoFile        look_at_folder ─> is the disk or share there
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_gen.engine.model.work import JsonObject

FINGERPRINT_BYTES = 1 << 20
"""The number of bytes hashed at the beginning of the file and at its end."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True, slots=True)
class FileLook:
    """A regular file at this moment."""

    path: str
    size_bytes: int
    mtime_ns: int
    folder_device: int
    fingerprint: str  # of the size and of the first and last MiB

    @property
    def facts(self) -> dict[str, Any]:
        """The "file" fact of the film."""
        return {
            "path": self.path,
            "size": self.size_bytes,
            "mtime_ns": self.mtime_ns,
            "folder_device": self.folder_device,
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True)
class NoFile:
    """A path without a readable regular file."""

    path: str
    reason: str
    is_missing: bool  # False: the path exists, but is not a regular file or cannot be read


@dataclass(frozen=True, slots=True)
class FolderLook:
    """A folder at this moment; the fields are None if it cannot be listed."""

    is_empty: bool | None
    device: int | None


def look(path: str, known: JsonObject | None) -> FileLook | NoFile:
    """Look at a file. The file is not opened if its size and time are those of `known`, its "file" fact."""
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
            return NoFile(path, f"{kind}, not a file", is_missing=False)
        device = Path(folder_of(path)).stat().st_dev
        if known and (known["size"], known["mtime_ns"]) == (status.st_size, status.st_mtime_ns):
            fingerprint = known["fingerprint"]
        else:
            fingerprint = _fingerprint(path, status.st_size)
    except (FileNotFoundError, NotADirectoryError):
        return NoFile(path, "file not found", is_missing=True)
    except OSError as error:
        return NoFile(path, f"cannot be read: {error.strerror}", is_missing=False)
    return FileLook(path, status.st_size, status.st_mtime_ns, device, fingerprint)


def _fingerprint(path: str, size_bytes: int) -> str:
    # O_NONBLOCK: the file may have been replaced by a pipe, and opening a pipe can block for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        digest = hashlib.sha256(str(size_bytes).encode("ascii") + b"\n")
        digest.update(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, size_bytes - FINGERPRINT_BYTES))
        digest.update(file.read(FINGERPRINT_BYTES))
    return digest.hexdigest()


def folder_of(path: str) -> str:
    """Return the folder of a file."""
    return str(Path(path).parent)


def look_at_folder(path: str) -> FolderLook:
    """Return whether a folder can be listed, its device, and whether it is empty."""
    try:
        device = Path(path).stat().st_dev
        with os.scandir(path) as entries:
            return FolderLook(is_empty=next(entries, None) is None, device=device)
    except OSError:
        # A missing folder and a folder that cannot be listed are the same for the caller.
        return FolderLook(is_empty=None, device=None)
