"""h5py, imported at first need, and the file that HDF5 writes to.

HDF5 cannot close a file after a failed write, and tries again when the process ends. ErrorKeepingFile
therefore keeps the first error and ignores the writes after it: HDF5 closes as usual, and the caller
raises the error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.videomnist.dataset.output import writing


def h5py() -> Any:  # noqa: ANN401 - h5py carries no types
    """Return the package h5py. Raises RefusedError where it is not installed."""
    try:
        import h5py as package
    except ImportError as error:
        message = 'HDF5 files need the package h5py: pip install ".[videomnist]"'
        raise RefusedError(message) from error
    return package


class ErrorKeepingFile:
    """A new file as h5py's driver "fileobj" uses it; no method but `raise_error` raises OSError."""

    def __init__(self, path: Path) -> None:
        """Create the file, or empty it. Raises ObstructedError, OSError."""
        self.path = path
        self.error: OSError | None = None
        self._place = 0
        with writing(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)

    def raise_error(self) -> None:
        """Raise the first error of a write, if there was one. Raises ObstructedError, OSError."""
        if self.error is not None:
            with writing(self.path):
                raise self.error

    def close(self) -> None:
        """Close the descriptor."""
        try:
            os.close(self._descriptor)
        except OSError as error:
            self.error = self.error or error

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place of the file, counted from its start or its end; return it."""
        self._place = offset + (os.fstat(self._descriptor).st_size if whence == os.SEEK_END else 0)
        return self._place

    def tell(self) -> int:
        """Return the place in the file."""
        return self._place

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes from the place."""
        data = os.pread(self._descriptor, size, self._place)
        self._place += len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer from the place; return how many bytes were read."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: memoryview) -> int:
        """Write all of the data at the place, or keep the error; return the length of the data."""
        left = memoryview(data)
        while left and self.error is None:
            try:
                written = os.pwrite(self._descriptor, left, self._place)
            except OSError as error:
                self.error = error
            else:
                left, self._place = left[written:], self._place + written
        self._place += len(left)
        return len(data)

    def truncate(self, size: int) -> int:
        """Set the length of the file, or keep the error."""
        try:
            if self.error is None:
                os.ftruncate(self._descriptor, size)
        except OSError as error:
            self.error = error
        return size

    def flush(self) -> None:
        """Do nothing: the descriptor has no buffer."""


@contextmanager
def new_h5(path: Path) -> Iterator[tuple[Any, ErrorKeepingFile]]:
    """Give a new HDF5 file to fill, in the format of the earliest library, and the file under it.

    Raises RefusedError without h5py, ObstructedError or OSError where the file cannot be written.
    """
    package = h5py()
    file = ErrorKeepingFile(path)
    try:
        with package.File(file, "w", libver="earliest") as h5:
            yield h5, file
    except Exception:
        file.raise_error()  # the cause of what HDF5 says
        raise
    finally:
        file.close()
    file.raise_error()
