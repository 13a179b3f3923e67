"""Where decoding may begin: random access pictures, and recovery points that are exact at once."""

import pytest

from tui_gen.jobs.superres.extraction.reading.entry import is_sound_entry, length_bytes_of, units

IDR, SLICE, SPS = b"\x65\x88", b"\x41\x9a", b"\x67\x64"
EXACT_RECOVERY = b"\x06\x06\x01\xc4\x80"  # recovery_frame_cnt 0
LATE_RECOVERY = b"\x06\x06\x01\x2a\x80"  # more than 0
OTHER_THEN_EXACT = b"\x06\x05\x02\x00\x00\x06\x01\xc4\x80"


def lengths(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def start_codes(*parts: bytes) -> bytes:
    return b"".join(b"\0\0\1" + part for part in parts)


@pytest.mark.parametrize(
    ("parts", "is_sound"),
    [
        ((SPS, IDR), True),
        ((SPS, SLICE), False),
        ((EXACT_RECOVERY, SLICE), True),
        ((LATE_RECOVERY, SLICE), False),
        ((OTHER_THEN_EXACT, SLICE), True),
        ((), False),
    ],
)
def test_an_h264_packet_is_an_entry_by_its_units(*, parts: tuple[bytes, ...], is_sound: bool) -> None:
    assert is_sound_entry(lengths(*parts), codec="h264", length_bytes=4) is is_sound
    assert is_sound_entry(start_codes(*parts), codec="h264", length_bytes=None) is is_sound


@pytest.mark.parametrize(("kind", "is_sound"), [(1, False), (9, False), (16, True), (19, True), (21, True)])
def test_an_hevc_packet_is_an_entry_by_its_first_slice(*, kind: int, is_sound: bool) -> None:
    parameters, slice_of_kind = bytes([32 << 1, 1]), bytes([kind << 1, 1, 0x80])
    assert is_sound_entry(lengths(parameters, slice_of_kind), codec="hevc", length_bytes=4) is is_sound


def test_a_packet_cut_short_ends_its_units() -> None:
    assert list(units(lengths(SPS, IDR)[:-1], 4)) == [SPS, IDR[:-1]]
    assert list(units(b"\0\0", 4)) == []


def test_lengths_or_start_codes_are_told_apart_by_the_tracks_header() -> None:
    assert length_bytes_of("h264", b"\1\x64\0\x28\xff") == 4
    assert length_bytes_of("h264", b"\0\0\0\1\x67") is None
    assert length_bytes_of("hevc", bytes([1, *[0] * 20, 0xF3])) == 4
    assert length_bytes_of("hevc", None) is None
    assert length_bytes_of("vp9", b"\1\2\3\4\5\6") is None
