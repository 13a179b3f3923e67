"""Encodes images as PNG: 8 bits a channel, or 16 bits with a cICP chunk that names the colour space.

The chunk is that of the PNG specification, third edition, 11.3.2.6: four bytes for primaries, transfer,
matrix and range, by the numbers of ITU-T H.273. Readers that do not know the chunk ignore it.
"""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.extraction.igzip_png import chunk, encode_igzip
from tui_gen.jobs.superres.extraction.picture_form import IGZIP
from tui_gen.media.colour import Output

CODE_POINTS: dict[Output, bytes] = {
    "pq16": bytes((9, 16, 0, 1)),
    "linear16": bytes((9, 8, 0, 1)),
}
"""Output -> the content of its cICP chunk: BT.2020, PQ or linear, RGB, full range."""

_HEADER_BYTES = 8 + 12 + 13
"""The signature, and the chunk IHDR: its length, type and checksum, and 13 bytes of content."""

_RLE = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
# A compression level alone would disable OpenCV's own fast strategy and filter, which doubles the time. Each
# entry therefore sets all parameters.
_PNG_PARAMETERS: dict[str, tuple[int, ...]] = {
    "rle": (*_RLE, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH),
    "fast": (*_RLE, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
    "0": (cv2.IMWRITE_PNG_COMPRESSION, 0, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE),
    **{
        str(level): (
            *(cv2.IMWRITE_PNG_COMPRESSION, level),
            *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
            *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS),
        )
        for level in range(1, 10)
    },
}


def encode_png(
    array: NDArray[np.unsignedinteger[Any]], compression: str, *, colour: bytes | None = None
) -> bytes:
    """Return an image of shape (height, width, 3), BGR, as a PNG file. Raises ValueError.

    `compression` is a value of the configuration's `png_compression`, `colour` the content of a cICP chunk.
    """
    content = encode_igzip(array) if compression == IGZIP else _encoded(array, _PNG_PARAMETERS[compression])
    if colour is None:
        return content
    return b"".join((content[:_HEADER_BYTES], *chunk(b"cICP", colour), content[_HEADER_BYTES:]))


def _encoded(array: NDArray[np.unsignedinteger[Any]], parameters: tuple[int, ...]) -> bytes:
    is_done, encoded = cv2.imencode(".png", array, parameters)
    if not is_done:
        message = f"OpenCV could not encode an image of shape {array.shape}"
        raise ValueError(message)
    return encoded.tobytes()


def colour_of(content: bytes) -> bytes | None:
    """Return the content of the cICP chunk that `encode_png` wrote into a PNG file, or None without one."""
    length, name = struct.unpack_from(">I4s", content, _HEADER_BYTES)
    return content[_HEADER_BYTES + 8 : _HEADER_BYTES + 8 + length] if name == b"cICP" else None
