"""Converts BGR to the YUV 4:2:0 that video encoders take, and back, in whole numbers.

BT.709, limited range. Chroma has the place that H.264 and MPEG-2 give it: beside the left luma sample of a
pair of columns, between the two rows of a pair. It is the weighted mean 1:2:1 of columns and 1:1 of rows, and
comes back by linear interpolation. Edge pixels are repeated.

ffmpeg gets and gives planes only. Its own conversion rounds otherwise on another processor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.int32]

BITS = 16
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
_LUMA_SCALE, _CHROMA_SCALE = 219 / 255, 224 / 255
_BLACK, _NEUTRAL = 16, 128
_CHROMA_BITS = 3
"""The taps of chroma have the sum 8, in both directions."""


def _fixed(value: float) -> int:
    return round(value * (1 << BITS))


_Y_RED, _Y_BLUE = _fixed(_KR * _LUMA_SCALE), _fixed(_KB * _LUMA_SCALE)
_Y_GREEN = _fixed(_LUMA_SCALE) - _Y_RED - _Y_BLUE
_B_SCALE, _R_SCALE = _CHROMA_SCALE / (2 * (1 - _KB)), _CHROMA_SCALE / (2 * (1 - _KR))
_CB = (_fixed((1 - _KB) * _B_SCALE), _fixed(-_KG * _B_SCALE), _fixed(-_KR * _B_SCALE))
_CR = (_fixed(-_KB * _R_SCALE), _fixed(-_KG * _R_SCALE), _fixed((1 - _KR) * _R_SCALE))


def to_planes(frames: Image) -> bytes:
    """Return frames of shape (count, height, width, 3), BGR, of even height and width, as yuv420p."""
    return b"".join(_planes_of(frame.astype(np.int32)) for frame in frames)


def _planes_of(frame: Plane) -> bytes:
    blue, green, red = frame[..., 0], frame[..., 1], frame[..., 2]
    luma = blue * _Y_BLUE + green * _Y_GREEN + red * _Y_RED
    planes = [_rounded(luma, BITS, _BLACK)]
    halved = _halved(frame)
    for weights in (_CB, _CR):
        # Green takes the remainder: gray has no colour.
        green_weight = -weights[0] - weights[2]
        chroma = halved[..., 0] * weights[0] + halved[..., 1] * green_weight + halved[..., 2] * weights[2]
        planes.append(_rounded(chroma, BITS + _CHROMA_BITS, _NEUTRAL))
    return b"".join(plane.tobytes() for plane in planes)


def _halved(frame: Plane) -> Plane:
    """Return 8 times the weighted means at the places of chroma."""
    pairs = frame[0::2] + frame[1::2]
    before = np.concatenate([pairs[:, :1], pairs[:, 1:-1:2]], axis=1)
    total: Plane = before + 2 * pairs[:, 0::2] + pairs[:, 1::2]
    return total


def _rounded(values: Plane, bits: int, offset: int) -> Image:
    whole: Plane = ((values + (1 << (bits - 1))) >> bits) + offset
    return np.clip(whole, 0, 255).astype(np.uint8)


# --------------------------------------------------------------------------------------------- back

_RED_CR = _fixed(2 * (1 - _KR) / _CHROMA_SCALE)
_BLUE_CB = _fixed(2 * (1 - _KB) / _CHROMA_SCALE)
_GREEN_CB = _fixed(-2 * (1 - _KB) * _KB / _KG / _CHROMA_SCALE)
_GREEN_CR = _fixed(-2 * (1 - _KR) * _KR / _KG / _CHROMA_SCALE)
_LUMA_BACK = _fixed(1 / _LUMA_SCALE)


def from_planes(data: Image, *, height: int, width: int) -> Image:
    """Return frames of shape (count, height, width, 3), BGR, from the bytes of yuv420p."""
    quarter = height * width // 4
    frames = data.reshape(-1, 6 * quarter)
    luma = frames[:, : 4 * quarter].reshape(-1, height, width)
    blue, red = (
        frames[:, start * quarter : (start + 1) * quarter].reshape(-1, height // 2, width // 2)
        for start in (4, 5)
    )
    return np.stack([_picture(*planes) for planes in zip(luma, blue, red, strict=True)])


def _picture(luma: Image, blue: Image, red: Image) -> Image:
    y = (luma.astype(np.int32) - _BLACK) * (_LUMA_BACK << _CHROMA_BITS)
    cb, cr = _doubled(blue), _doubled(red)
    # A chroma weight is at most 2.2 and 8 * 128 * 2.2 * 2^16 with luma's share stays below 2^31.
    channels = (y + cb * _BLUE_CB, y + cb * _GREEN_CB + cr * _GREEN_CR, y + cr * _RED_CR)
    return np.stack([_rounded(channel, BITS + _CHROMA_BITS, 0) for channel in channels], axis=-1)


def _doubled(chroma: Image) -> Plane:
    """Return 8 times the chroma at every pixel, less the neutral value."""
    values = chroma.astype(np.int32) - _NEUTRAL
    above, below = np.concatenate([values[:1], values[:-1]]), np.concatenate([values[1:], values[-1:]])
    rows = np.stack([3 * values + above, 3 * values + below], axis=1).reshape(-1, values.shape[1])
    after = np.concatenate([rows[:, 1:], rows[:, -1:]], axis=1)
    return np.stack([2 * rows, rows + after], axis=2).reshape(len(rows), -1)
