"""Writes an export under a temporary name beside its place, and renames it when it is complete.

    <DIR>.partial/   links and files, each complete when it gets its name ── rename ──> <DIR>

Guards: the dataset is not changed. A folder with its final name is a complete export. A killed export is
continued if it was of the same patches and if the machine has not restarted since.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError

MANIFEST = ".tui-gen-export.json"
_CANNOT_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES})
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(slots=True)
class Output:
    """An export being written."""

    folder: Path  # the partial folder
    is_resumed: bool = False  # files in the folder are complete

    def link(self, source: Path, path: str) -> None:
        """Put a complete file at a path of the export: a hard link, or a copy if links are impossible."""
        target = self._place(path)
        if self._stands(target):
            return
        beside = _beside(target)
        with suppress(FileNotFoundError):
            beside.unlink()
        try:
            os.link(os.path.realpath(source), beside)
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            shutil.copyfile(source, beside)
        beside.replace(target)

    def write(self, path: str, content: bytes) -> None:
        """Write a file at a path of the export."""
        target = self._place(path)
        beside = _beside(target)
        beside.write_bytes(content)
        beside.replace(target)

    def stands(self, path: str) -> bool:
        """Return whether a complete file of this export exists from an earlier attempt."""
        return self._stands(self.folder / path)

    def write_lines(self, path: str, lines: Iterator[str]) -> None:
        """Write a text file, replacing an old one. Lines end in LF on every system."""
        target = self._place(path)
        beside = _beside(target)
        with beside.open("wb") as file:
            for line in lines:
                file.write(f"{line}\n".encode("utf-8", "surrogateescape"))
        beside.replace(target)

    @contextmanager
    def building(self, path: str) -> Iterator[Path]:
        """Yield a temporary path for a larger file or folder, and rename it to `path` at the end."""
        target = self._place(path)
        beside = _beside(target)
        for left in (beside, target):
            _remove(left)
        yield beside
        beside.rename(target)

    def _place(self, path: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _stands(self, target: Path) -> bool:
        return self.is_resumed and target.exists()


@contextmanager
def output_at(folder: Path, identity: Mapping[str, object]) -> Iterator[Output]:
    """Open the output for an export of `identity`, and rename it to its final name at the end.

    Raises RefusedError if another file or folder is in the way, OSError if nothing can be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - lexical, links stay as they are
    _refuse_what_stands(folder)
    partial = folder.with_name(f"{folder.name}.partial")
    manifest = partial / MANIFEST
    if partial.exists() and not manifest.exists() and any(partial.iterdir()):
        message = f"{partial} stands in the way, and is not what an export left; move it away"
        raise RefusedError(message)
    partial.mkdir(parents=True, exist_ok=True)
    with manifest.open("a+b") as lock:
        _hold(lock.fileno(), partial)
        text = _text({**identity, "boot": _boot_id()})
        lock.seek(0)
        is_same = lock.read() == text
        if not is_same:
            _empty(partial)
            lock.truncate(0)
            lock.write(text)
            lock.flush()
        yield Output(partial, is_resumed=is_same)
        os.sync()
        manifest.unlink()
        partial.rename(folder)


def digest_of(lines: Iterator[str]) -> str:
    """Return a digest that identifies a selection of patches."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()


def _refuse_what_stands(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        message = f"{folder} is there already, and not empty; name a new folder for the export"
        raise RefusedError(message)


def _hold(descriptor: int, partial: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        message = f"{partial}: another export is writing there"
        raise RefusedError(message) from error


def _text(identity: Mapping[str, object]) -> bytes:
    return json.dumps(identity, sort_keys=True).encode("ascii")


def _boot_id() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""


def _empty(partial: Path) -> None:
    for path in partial.iterdir():
        if path.name != MANIFEST:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")
