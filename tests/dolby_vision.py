"""The smallest RPU (reference processing unit) of Dolby Vision, and its place in an HEVC stream.

Written from the syntax in ETSI GS CCM 001, as ffmpeg's `ff_dovi_rpu_parse` reads it. The CRC is zero:
decoders do not compare it.
"""

from __future__ import annotations

from collections.abc import Iterator

DELIMITER = b"\0\0\0\1\x46\x01"
RPU_NAL = b"\0\0\0\1\x7c\x01"
PREFIX, RPU_TYPE, RPU_FORMAT = 25, 2, 18
COMPONENTS = 3
COEFFICIENT_BITS = 23


def with_rpus(stream: bytes, *, profile: int, is_full_range: bool) -> bytes:
    """Append an RPU to each access unit of an HEVC stream; each begins with a delimiter."""
    nal = RPU_NAL + _escaped(rpu(profile=profile, is_full_range=is_full_range))
    head, *units = stream.split(DELIMITER)
    return head + b"".join(DELIMITER + unit + nal for unit in units)


def rpu(*, profile: int, is_full_range: bool) -> bytes:
    """Return an RPU whose mapping changes nothing, for a base layer of 10 bits; `profile` is the VDR's."""
    text = "".join(_header(profile, is_full_range=is_full_range)) + "".join(_mapping())
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big") + bytes(4) + b"\x80"


def _header(profile: int, *, is_full_range: bool) -> Iterator[str]:
    yield _bits(PREFIX, 8) + _bits(RPU_TYPE, 6) + _bits(RPU_FORMAT, 11) + _bits(profile, 4) + _bits(0, 4)
    yield "1" + "0" + "00" + _ue(COEFFICIENT_BITS) + "01" + _bits(is_full_range, 1)
    yield _ue(10 - 8) + _ue(10 - 8) + _ue(12 - 8)  # bits of base layer, enhancement layer, result
    yield "0" + "000" + "0" + "1"  # no resampling, no residual
    yield "0" + "0"  # no display metadata, not that of the RPU before


def _mapping() -> Iterator[str]:
    yield _ue(0) * 3
    yield (_ue(0) + _bits(0, 10) + _bits(1023, 10)) * COMPONENTS  # two pivots
    yield _ue(0) * 2
    yield (_ue(0) * 2 + "0" + _coefficient("1") + _coefficient("010")) * COMPONENTS  # 0 + 1 x


def _coefficient(whole: str) -> str:
    return whole + _bits(0, COEFFICIENT_BITS)


def _bits(value: int, count: int) -> str:
    return format(value, f"0{count}b")


def _ue(value: int) -> str:
    """Return an unsigned number as an Exp-Golomb code."""
    text = format(value + 1, "b")
    return "0" * (len(text) - 1) + text


def _escaped(data: bytes) -> bytes:
    """Insert the bytes that prevent start codes."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
