"""Decides whether decoding may begin at a packet: all later pictures must equal a sequential decode.

Guards: a container's key flag is not sufficient. H.264 needs an IDR picture, or a recovery point with no
frames to go. HEVC needs a random access picture. Pictures shown before the entry belong to what came before.
"""

from __future__ import annotations

from collections.abc import Iterator

H264_SLICE_IDR, H264_SEI, H264_SLICE = 5, 6, 1
SEI_RECOVERY_POINT = 6
HEVC_RANDOM_ACCESS = range(16, 22)  # BLA, IDR and CRA
HEVC_LAST_SLICE = 31
START_CODE = b"\0\0\1"
LONG_SEI = 0xFF

REORDERED_FRAMES = {"h264": 16, "hevc": 16, "vp9": 0, "av1": 0}
"""Codec -> the most frames that may be stored before a frame that is shown earlier. Only codecs with
bit-exact decoding, so that two versions of a decoder agree."""


def is_sound_entry(data: bytes, *, codec: str, length_bytes: int | None) -> bool:
    """Return whether decoding may begin at this packet, which its container flags as a key frame.

    `length_bytes` is the size of the length before each unit, or None if start codes separate the units.
    """
    if codec == "h264":
        return _is_h264_entry(units(data, length_bytes))
    if codec == "hevc":
        return _is_hevc_entry(units(data, length_bytes))
    return True


def length_bytes_of(codec: str, extradata: bytes | None) -> int | None:
    """Return the size of the length before each unit of a packet, or None if start codes separate them."""
    place = {"h264": 4, "hevc": 21}.get(codec)
    if place is None or not extradata or len(extradata) <= place or extradata[0] != 1:
        return None
    return (extradata[place] & 3) + 1


def units(data: bytes, length_bytes: int | None) -> Iterator[bytes]:
    """Yield the NAL units of a packet."""
    if length_bytes is None:
        yield from data.split(START_CODE)[1:]
        return
    place = 0
    while place + length_bytes < len(data):
        end = place + length_bytes + int.from_bytes(data[place : place + length_bytes], "big")
        yield data[place + length_bytes : end]
        place = end


def _is_hevc_entry(parts: Iterator[bytes]) -> bool:
    for unit in parts:
        kind = (unit[0] >> 1) & 0x3F if unit else HEVC_LAST_SLICE + 1
        if kind <= HEVC_LAST_SLICE:
            return kind in HEVC_RANDOM_ACCESS
    return False


def _is_h264_entry(parts: Iterator[bytes]) -> bool:
    recovers_at_once = False
    for unit in parts:
        kind = unit[0] & 0x1F if unit else 0
        if kind == H264_SEI:
            recovers_at_once |= _recovers_at_once(unit[1:])
        elif kind in {H264_SLICE_IDR, H264_SLICE}:
            return kind == H264_SLICE_IDR or recovers_at_once
    return False


def _recovers_at_once(messages: bytes) -> bool:
    """Return whether SEI messages have a recovery point with no frames to go."""
    place = 0
    while place + 2 < len(messages):
        kind, place = _sei_number(messages, place)
        size, place = _sei_number(messages, place)
        if kind == SEI_RECOVERY_POINT:
            # An Exp-Golomb zero is a single set bit.
            return place < len(messages) and bool(messages[place] & 0x80)
        place += size
    return False


def _sei_number(messages: bytes, place: int) -> tuple[int, int]:
    value = 0
    while place < len(messages) and messages[place] == LONG_SEI:
        value, place = value + LONG_SEI, place + 1
    return (value + messages[place], place + 1) if place < len(messages) else (value, place)
