"""Encodes images as PNG with igzip, the deflate of Intel's ISA-L: in less than a quarter of the usual time.

    image ── filter "up" on all lines ──> bytes ── igzip, level 1 ──> zlib stream ──> IDAT chunks

A PNG is a zlib stream of filtered lines, so any deflate makes a valid file. igzip is in the package isal, an
optional dependency. Its bytes may differ between its versions and between processors: the recipe has a
fingerprint of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 1
"""Level 0 is hardly faster and writes 15 % more."""
_UP = 2
"""The number of the filter that subtracts the line above (PNG specification, section 9.2)."""
_RGB = 2
"""The colour type of images without a palette and without alpha."""
MOST_IN_CHUNK = 1 << 30
"""Bytes of one IDAT chunk; the specification allows 2^31 - 1."""


def encode_igzip(array: NDArray[np.unsignedinteger[Any]]) -> bytes:
    """Return an image of shape (height, width, 3), BGR, uint8 or uint16, as a PNG file.

    Raises ImportError without the package isal.
    """
    igzip = import_module("isal.isal_zlib")
    height, width = array.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, _RGB, 0, 0, 0)
    stream: bytes = igzip.compress(_filtered(array), _LEVEL)
    parts = [stream[start : start + MOST_IN_CHUNK] for start in range(0, len(stream), MOST_IN_CHUNK)]
    return b"".join((SIGNATURE, *chunk(b"IHDR", head), *_all_chunks(parts), *chunk(b"IEND", b"")))


def chunk(name: bytes, content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the parts of a chunk: its length, its name, its content and its checksum."""
    checksum = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)), name, content, struct.pack(">I", checksum)


def _all_chunks(parts: list[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield from chunk(b"IDAT", part)


def _filtered(array: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.uint8]:
    """Return the filtered lines of an image, uint8 (height, 1 + bytes of a line): the filter first."""
    rgb = np.asarray(cv2.cvtColor(array, cv2.COLOR_BGR2RGB))
    if rgb.itemsize > 1:
        rgb = rgb.astype(rgb.dtype.newbyteorder(">"))
    lines = rgb.reshape(len(rgb), -1).view(np.uint8)
    filtered = np.empty((lines.shape[0], 1 + lines.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = lines[0]
    np.subtract(lines[1:], lines[:-1], out=filtered[1:, 1:])
    return filtered
