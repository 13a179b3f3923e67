"""Encodes images as lossless WebP with the libwebp of PyAV, at its fastest setting.

With OpenCV, a lossless WebP takes ten times as long and is a tenth smaller: the effort cannot be chosen.
The bytes depend on the version of libwebp: the recipe has a fingerprint of them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.config.picture_checks import LONGEST_WEBP_SIDE

ENCODER = "libwebp"
_OPTIONS = {"lossless": "1", "compression_level": "0", "quality": "0"}
"""Of lossless files, `quality` is an effort too: it changes no pixel."""


def has_encoder() -> bool:
    """Return whether PyAV was built with libwebp; its wheels are."""
    return ENCODER in av.codecs_available


def encode_webp(array: NDArray[np.unsignedinteger[Any]]) -> bytes:
    """Return an image of shape (height, width, 3), BGR, uint8, as a lossless WebP file. Raises ValueError."""
    height, width = array.shape[:2]
    if array.dtype != np.uint8 or max(height, width) > LONGEST_WEBP_SIDE:
        message = f"WebP holds 8 bits and {LONGEST_WEBP_SIDE} pixels a side, not {array.shape} {array.dtype}"
        raise ValueError(message)
    pixels = np.asarray(cv2.cvtColor(array, cv2.COLOR_BGR2BGRA), np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="bgra")
    frame.pts = 0
    encoder = cast("av.VideoCodecContext", av.VideoCodecContext.create(ENCODER, "w"))
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "bgra"
    encoder.time_base = Fraction(1)
    encoder.thread_count = 1
    encoder.options = _OPTIONS
    try:
        packets = [*encoder.encode(frame), *encoder.encode(None)]
    except av.FFmpegError as error:
        message = f"PyAV could not encode an image of shape {array.shape} as WebP: {error}"
        raise ValueError(message) from error
    return b"".join(map(bytes, packets))
