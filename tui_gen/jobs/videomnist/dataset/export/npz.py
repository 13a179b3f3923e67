"""Writes .npz files in parts: an array need not be in memory whole. Equal arrays give equal bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

_LEVEL = 1
"""Of deflate: frames are mostly black, and higher levels take several times as long."""
_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time of a ZIP archive; a real one would make equal archives differ."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an .npy file says of its array."""

    shape: tuple[int, ...]
    dtype: str

    def write(self, file: IO[bytes]) -> None:
        """Write the header; the array's bytes in C order follow."""
        descr = np.lib.format.dtype_to_descr(np.dtype(self.dtype))
        header = {"descr": descr, "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(file, header)


class NpzWriter:
    """Writes the arrays of one archive."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin an archive in a file that is open for writing."""
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write the archive's directory."""
        self._archive.close()

    def add(self, name: str, array: NDArray[Any]) -> None:
        """Write an array."""
        self.add_parts(name, Header(array.shape, array.dtype.str), [array])

    def add_parts(self, name: str, header: Header, parts: Iterable[NDArray[Any]]) -> None:
        """Write an array whose parts follow each other along its first dimension."""
        entry = zipfile.ZipInfo(f"{name}.npy", _NO_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        with closing(self._archive.open(entry, "w", force_zip64=True)) as file:
            header.write(file)
            for part in parts:
                file.write(np.ascontiguousarray(part, header.dtype).tobytes())
