"""A 16-bit PNG holds exactly its pixels, and names its colour space where the specification says."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from tui_gen.jobs.superres.extraction.png import CODE_POINTS, colour_of, encode_png

IMAGE = np.random.default_rng(0).integers(0, 65536, (24, 32, 3), dtype=np.uint16)


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return the names and contents of the chunks; every checksum must be right."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        name, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, place + 8 + length)
        assert checksum == zlib.crc32(name + body)
        found.append((name, body))
        place += 12 + length
    return found


@pytest.mark.parametrize("compression", ["rle", "fast", "6"])
def test_the_pixels_are_kept_and_the_chunk_stands_before_them(compression: str) -> None:
    content = encode_png(IMAGE, compression, colour=CODE_POINTS["pq16"])
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(np.asarray(decoded), IMAGE)
    parts = chunks(content)
    assert parts[1] == (b"cICP", bytes([9, 16, 0, 1]))  # BT.2020, PQ, RGB, full range
    header = parts[0][1]
    assert (header[8], header[9]) == (16, 2)  # bits, RGB
    assert [name for name, _ in parts].index(b"cICP") < [name for name, _ in parts].index(b"IDAT")
    assert colour_of(content) == CODE_POINTS["pq16"]


def test_a_file_without_the_chunk_is_the_encoders_own() -> None:
    content = encode_png(IMAGE, "rle")
    assert b"cICP" not in content
    assert colour_of(content) is None
