"""Files that a machine without the output folder makes: staged there, sent, and written by the engine.

    job ─> staging folder ─ FileSender ═ FilePiece ═> FileReceiver ─> temporary file ─> output folder

Invariant: a file has its final name only when it is complete, on disk and has the sent checksum.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import fcntl
import os
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tui_gen.base.detached_call import exhaustion
from tui_gen.base.errors import ObstructedError
from tui_gen.engine.executors import messages as say
from tui_gen.engine.model.work import Outcome

PIECE_BYTES = 2 << 20
PREFIX = "tui-gen-sent-"
MAKING_PREFIX = "tui-gen-making-"
LOCK_NAME = "lock"
RECEIVED_FOLDER = "received"


# ---------------------------------------------------------------------------- on the machine


class StagingFolder:
    """A temporary folder of this process. Those of processes that were killed are removed with it."""

    def __init__(self) -> None:
        """Make the folder. Raises OSError."""
        remove_left_folders()
        made = Path(tempfile.mkdtemp(prefix=MAKING_PREFIX))
        self._lock = os.open(made / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (made / "output").mkdir()
        # Under this name it is never without its lock, so nobody takes it for one that was left.
        self._folder = made.rename(made.with_name(PREFIX + made.name.removeprefix(MAKING_PREFIX)))

    @property
    def path(self) -> str:
        """The folder that stands for the output folder."""
        return str(self._folder / "output")

    def remove(self) -> None:
        """Remove the folder."""
        # What is left is removed after the end of the process.
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def remove_left_folders() -> None:
    """Remove the staging folders of processes that have ended."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose process has ended."""
    with suppress(OSError):  # another user's, or of a process that works
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        finally:
            os.close(descriptor)


class FileSender:
    """Sends the files of outcomes, and removes them."""

    def __init__(
        self,
        files_of: Callable[[Outcome], Sequence[str]],
        home: Callable[[str], str],
        tell: Callable[[say.Answer], None],
    ) -> None:
        """Send with `tell`; `home` translates a path of this machine to a path of the engine's."""
        self._files_of, self._home, self._tell = files_of, home, tell

    async def send(self, number: int, outcome: Outcome) -> None:
        """Send all files of an outcome of a unit, in pieces. Raises OSError."""
        for path in self._files_of(outcome):
            await asyncio.to_thread(self._send_file, number, path)

    def _send_file(self, number: int, path: str) -> None:
        offset = crc32 = 0
        with open(path, "rb") as file:  # noqa: PTH123 - a path with surrogates
            size = os.fstat(file.fileno()).st_size
            while True:
                data = file.read(PIECE_BYTES)
                crc32 = zlib.crc32(data, crc32)
                is_last = offset + len(data) >= size
                text = base64.b85encode(data).decode("ascii")
                self._tell(say.FilePiece(number, self._home(path), offset, text, crc32 if is_last else None))
                offset += len(data)
                if is_last:
                    break
        os.unlink(path)  # noqa: PTH108 - a path with surrogates


# ---------------------------------------------------------------------------- on the engine's machine


class FileReceiver:
    """Writes the pieces that machines send into the output folder."""

    def __init__(self, *, run_folder: Path, output: Path) -> None:
        """Keep the folders; `clear` makes the one for incomplete files."""
        self._received, self._output = run_folder / RECEIVED_FOLDER, os.path.normpath(output)
        self._incomplete: dict[tuple[str, int, str], Path] = {}  # machine, unit, path

    def clear(self) -> None:
        """Remove incomplete files of an earlier engine, and of lost units. Raises OSError."""
        self._incomplete.clear()
        if self._received.exists():
            shutil.rmtree(self._received)

    def forget(self, machine: str) -> None:
        """Remove the incomplete files of a machine that is lost."""
        for key in [key for key in self._incomplete if key[0] == machine]:
            self._incomplete.pop(key).unlink(missing_ok=True)

    async def take(self, machine: str, piece: say.FilePiece) -> None:
        """Write a piece. Raises ObstructedError if the output folder takes nothing, and MessageError."""
        try:
            await asyncio.to_thread(self._write, machine, piece)
        except OSError as error:
            if exhaustion(error):
                raise
            message = f"{piece.path}: {error.strerror}"
            raise ObstructedError(message) from error

    def _write(self, machine: str, piece: say.FilePiece) -> None:
        path = os.path.normpath(piece.path)
        if not path.startswith(f"{self._output}/"):
            message = f"{piece.path} is not in the output folder"
            raise say.MessageError(message)
        key = machine, piece.number, path
        if piece.offset == 0:
            self._received.mkdir(exist_ok=True)
            self._incomplete[key] = self._received / f"{secrets.token_hex(8)}.tmp"
        temporary = self._incomplete[key]
        with temporary.open("r+b" if piece.offset else "wb") as file:
            file.seek(piece.offset)
            file.write(base64.b85decode(piece.data))
            if piece.crc32 is None:
                return
            file.flush()
            os.fsync(file.fileno())
        if _crc32_of(temporary) != piece.crc32:
            message = f"{piece.path} was damaged on its way"
            raise say.MessageError(message)
        _move(temporary, Path(path))
        del self._incomplete[key]


def _crc32_of(path: Path) -> int:
    crc32 = 0
    with path.open("rb") as file:
        while data := file.read(PIECE_BYTES):
            crc32 = zlib.crc32(data, crc32)
    return crc32


def _move(temporary: Path, path: Path) -> None:
    """Give a complete file its final name, in its final folder, which may be on another file system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        temporary.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        near = path.with_name(f"{path.name}.{temporary.name}")
        try:
            with temporary.open("rb") as source, near.open("wb") as target:
                shutil.copyfileobj(source, target, PIECE_BYTES)
                target.flush()
                os.fsync(target.fileno())
            near.replace(path)
        finally:
            near.unlink(missing_ok=True)
            temporary.unlink(missing_ok=True)
