"""Finds out whether the bytes of an image file are whole, also where a decoder would fill up what is missing.

A decoder that meets a cut file paints the rest grey and says nothing. So the structure of the file is read,
too: the checksums of a PNG's chunks, the end mark of a JPEG, the length that a WebP states.
"""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

PNG = b"\x89PNG\r\n\x1a\n"
_CHUNK_FRAME = 12  # length, type and checksum of a chunk, four bytes each
CUT = "cut off"


def fault_of(data: bytes) -> str:
    """Return what is wrong with the bytes of an image file; "" for a whole image."""
    if not data:
        return "empty"
    if data.startswith(PNG):
        fault = _png_fault(data)
    elif data.startswith(b"\xff\xd8"):
        fault = "" if b"\xff\xd9" in data[-64:] else CUT
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        fault = "" if len(data) >= struct.unpack("<I", data[4:8])[0] + 8 else CUT
    else:
        fault = ""
    return fault or ("" if _can_be_decoded(data) else "no image that can be read")


def _png_fault(data: bytes) -> str:
    place = len(PNG)
    while place + _CHUNK_FRAME <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + _CHUNK_FRAME + length
        if end > len(data):
            return CUT
        (checksum,) = struct.unpack(">I", data[end - 4 : end])
        if zlib.crc32(data[place + 4 : end - 4]) != checksum:
            return "a part has another checksum than it states"
        if kind == b"IEND":
            return ""
        place = end
    return CUT


def _can_be_decoded(data: bytes) -> bool:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None


def silence_opencv() -> None:
    """Keep OpenCV from telling stderr of each broken image; the faults say what is wrong."""
    if hasattr(cv2.utils, "logging"):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    else:  # before OpenCV 5
        cv2.setLogLevel(0)  # type: ignore[attr-defined]  # silent; OpenCV 5 does not have it
