"""MNIST's own format: IDX files, compressed or not, with "-" or "." before "idx".

train-images-idx3-ubyte   2051, n, 28, 28 as big-endian int32, then n * 28 * 28 bytes
train-labels-idx1-ubyte   2049, n as big-endian int32, then n bytes
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.labelled import IMAGES_MAGIC, LABELS_MAGIC, Labelled, LabelledCollection
from tui_gen.jobs.videomnist.digits.pool import DigitsError
from tui_gen.jobs.videomnist.model import Split

PREFIXES: dict[Split, str] = {"train": "train", "test": "t10k"}
FILES = 4
"""Images and labels of two splits."""
ENDS = ("-idx{}-ubyte", ".idx{}-ubyte", "-idx{}-ubyte.gz", ".idx{}-ubyte.gz")


@dataclass(frozen=True, slots=True)
class IdxFiles(LabelledCollection):
    """Two files. Uncompressed images are memory-mapped: processes share them."""

    images: Path
    labels: Path

    def labelled(self) -> Labelled:
        """Return the arrays; read once a process."""
        return _read(self)


def find_idx(folder: Path, split: Split) -> tuple[IdxFiles | None, list[str]]:
    """Return the two files of a split in `folder`, or None, and the names of those that are missing."""
    found: list[Path] = []
    missing: list[str] = []
    for kind, dimensions in (("images", 3), ("labels", 1)):
        names = [f"{PREFIXES[split]}-{kind}{end.format(dimensions)}" for end in ENDS]
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is None:
            missing.append(names[0])
        else:
            found.append(path)
    return (IdxFiles(*found) if not missing else None), missing


@lru_cache(maxsize=2)
def _read(files: IdxFiles) -> Labelled:
    return Labelled(
        read_idx(files.images, IMAGES_MAGIC),
        read_idx(files.labels, LABELS_MAGIC),
        str(files.images.parent),
    )


def read_idx(path: Path, magic: int) -> NDArray[np.uint8]:
    """Return the array in an IDX file of bytes: images [n, height, width] or labels [n].

    DigitsError where the file cannot be read, is cut off, too long or begins with another magic number.
    """
    try:
        return _compressed(path, magic) if path.suffix == ".gz" else _mapped(path, magic)
    except (OSError, EOFError, zlib.error) as error:
        message = f"{path} cannot be read: {error}"
        raise DigitsError(message) from error


def _mapped(path: Path, magic: int) -> NDArray[np.uint8]:
    with path.open("rb") as file:
        shape, start = _header(path, file.read(4 + 4 * (magic & 255)), magic)
    _require_length(path, path.stat().st_size - start, shape)
    if not all(shape):
        return np.zeros(shape, np.uint8)
    return np.memmap(path, np.uint8, "r", start, shape)


def _compressed(path: Path, magic: int) -> NDArray[np.uint8]:
    """Decompress into an array that is as long as the header says: two copies would be 94 MB."""
    with gzip.open(path, "rb") as file:
        shape, _ = _header(path, file.read(4 + 4 * (magic & 255)), magic)
        pixels = np.empty(shape, np.uint8)
        inside = pixels.reshape(-1).data
        length = 0
        while length < len(inside) and (read := file.readinto(inside[length:])):
            length += read
        _require_length(path, length + len(file.read(1)), shape)
    return pixels


def _header(path: Path, head: bytes, magic: int) -> tuple[tuple[int, ...], int]:
    """Return the array's shape and where it begins. The magic number's last byte counts the dimensions."""
    length = 4 + 4 * (magic & 255)
    if len(head) < length:
        message = f"{path} is cut off: {len(head)} bytes"
        raise DigitsError(message)
    found, *shape = struct.unpack(f">{length // 4}i", head)
    if found != magic or min(shape) < 0:
        message = f"{path} begins with the number {found}, not {magic}"
        raise DigitsError(message)
    return tuple(shape), length


def _require_length(path: Path, length: int, shape: tuple[int, ...]) -> None:
    wanted = int(np.prod(shape, dtype=np.int64))
    if length != wanted:
        state = "is cut off" if length < wanted else "is too long"
        message = f"{path} {state}: its header says that {wanted:,} bytes follow"
        raise DigitsError(message)
