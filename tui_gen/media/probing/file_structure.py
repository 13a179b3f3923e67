"""Reads the outermost structure of a file that libav cannot use, and says what is wrong with it.

    playlist ── text                        Matroska ── EBML header, Segment: their stated lengths
    MP4, MOV ── atoms, sample descriptions  AVI ── the length in the RIFF header

Invariant: only the named file is opened, and at most a few megabytes of it are read. Sources: ISO/IEC
14496-12 (boxes), the QuickTime File Format (rmra, dref), RFC 8794 and RFC 9559 (EBML, Matroska).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD_BYTES = 4096
SMALL_BYTES = 1 << 20
MOST_MOOV_BYTES = 64 << 20
MOST_ATOMS = 10_000
PLAYLISTS = (b"#extm3u", b"#extinf", b"ffconcat", b"[playlist]", b"<asx", b"<smil", b"<mpd", b"<playlist")
AUDIO = {b"ID3": "MP3", b"\xff\xfb": "MP3", b"\xff\xf3": "MP3", b"fLaC": "FLAC", b"\xff\xf1": "AAC"}
ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"pnot", b"styp", b"sidx"})
CONTAINER_ATOMS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl"})
PROTECTED = frozenset({b"encv", b"drmi"})
ENTRY_BYTES = {b"stts": 8, b"ctts": 8, b"stsc": 12, b"stss": 4, b"stco": 4, b"co64": 8}
SELF_CONTAINED = 1  # the flag of a data reference to the file itself
EBML, SEGMENT = 0x1A45DFA3, 0x18538067
LEAST_SEGMENT_BYTES = 12  # its number and a length of 8 bytes, as muxers write it
CODEC_ID = re.compile(rb"\x86([\x81-\xff])(V_[A-Z0-9_/.]+)")


@dataclass(slots=True)
class Structure:
    """What was found; None and empty if the kind of file does not tell."""

    container: str | None = None  # "MP4", "Matroska", "AVI"
    size_bytes: int = 0
    stated_bytes: int | None = None  # the length that the headers state
    ends_in_header: bool = False
    codec: str | None = None  # the name of the picture track's codec in the file
    audio: str | None = None  # the name of its format, if it is one of audio alone
    is_read_whole: bool = False  # the file is small, and all its bytes can be read
    has_playlist: bool = False
    has_index: bool = True
    is_encrypted: bool = False
    is_reference: bool = False  # its pictures lie in other files
    has_impossible_tables: bool = False  # longer than the boxes that hold them

    @property
    def fault(self) -> str | None:
        """Why the file cannot be read, or None if its outermost structure is whole."""
        if self.has_playlist:
            return "not a video file but a playlist"
        if not self.has_index:
            return "incomplete: its index (moov) is missing; is it still being copied?"
        if self.is_reference:
            return "a reference movie: its pictures lie in other files"
        if self.is_encrypted:
            return "encrypted"
        if self.truncation is None and self.has_impossible_tables:
            return "corrupt: the tables of its index (moov) contradict each other"
        return self.truncation

    @property
    def truncation(self) -> str | None:
        """That the file is shorter than its headers state, or None."""
        if self.ends_in_header:
            return "truncated: it ends inside its header"
        if self.stated_bytes is None or self.stated_bytes <= self.size_bytes:
            return None
        return f"truncated: it has {self.size_bytes} of {self.stated_bytes} bytes"


def structure_of(path: str) -> Structure:
    """Return the structure of a regular file. Raises OSError."""
    with open(path, "rb") as file:  # noqa: PTH123 - names need not be UTF-8
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, HEAD_BYTES, 0)
        found = Structure(size_bytes=size)
        if _is_playlist(head):
            found.has_playlist = True
        elif head[4:8] in ATOMS:
            _take_atoms(descriptor, found)
        elif head[:4] == EBML.to_bytes(4, "big"):
            _take_matroska(head, found)
        elif head[:4] == b"RIFF":
            _take_riff(head, found)
        found.audio = next((name for begin, name in AUDIO.items() if head.startswith(begin)), None)
        if size <= SMALL_BYTES:
            # A disk that gives all of it has no fault: what is missing was never written.
            found.is_read_whole = sum(map(len, _blocks(descriptor))) == size
    return found


def _blocks(descriptor: int) -> Iterator[bytes]:
    place = 0
    while block := os.pread(descriptor, SMALL_BYTES, place):
        yield block
        place += len(block)


def _is_playlist(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<?xml"):
        return any(b"\n" + mark in text or b">" + mark in text for mark in PLAYLISTS if mark[:1] == b"<")
    return text.startswith(PLAYLISTS)


# ------------------------------------------------------------------ MP4 and QuickTime


@dataclass(slots=True)
class _Track:
    """The picture track: the sample entries and the data references, each (type, payload)."""

    entries: list[tuple[bytes, bytes]] = field(default_factory=list)
    references: list[tuple[bytes, bytes]] = field(default_factory=list)
    has_impossible_tables: bool = False


def _take_atoms(descriptor: int, found: Structure) -> None:
    found.container, found.has_index = "MP4", False
    place = 0
    for _ in range(MOST_ATOMS):
        head = os.pread(descriptor, 16, place)
        if len(head) < 8:  # noqa: PLR2004 - size and type
            break
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:  # noqa: PLR2004 - a size of 64 bits follows
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:
            # The last box extends to the end of the file; zeros are space that was never written.
            length = found.size_bytes - place if kind in ATOMS else 0
        if length < 8 or not kind.isascii():  # noqa: PLR2004 - as above
            break
        found.stated_bytes = place + length
        if kind == b"moov":
            found.has_index = True
            found.ends_in_header = place + length > found.size_bytes
            _take_moov(os.pread(descriptor, min(length, MOST_MOOV_BYTES), place)[8:], found)
        place += length
        if place >= found.size_bytes:
            break


def _take_moov(moov: bytes, found: Structure) -> None:
    boxes = list(_boxes(moov))
    found.is_reference = any(kind == b"rmra" for kind, _ in boxes)
    for kind, payload in boxes:
        if kind == b"trak" and _handler(payload) == b"vide":
            track = _Track()
            _take_track(payload, track)
            found.is_encrypted = any(entry in PROTECTED for entry, _ in track.entries)
            found.is_reference |= any(_is_elsewhere(each) for _, each in track.references)
            found.has_impossible_tables = track.has_impossible_tables
            if track.entries:
                found.codec = track.entries[0][0].decode("latin-1")
            return


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if length < 8:  # noqa: PLR2004 - size and type
            return
        yield kind, data[place + 8 : place + length]
        place += length


def _handler(trak: bytes) -> bytes:
    for kind, payload in _boxes(trak):
        if kind == b"mdia":
            return next((inner[8:12] for name, inner in _boxes(payload) if name == b"hdlr"), b"")
    return b""


def _take_track(data: bytes, track: _Track) -> None:
    for kind, payload in _boxes(data):
        if kind in CONTAINER_ATOMS:
            _take_track(payload, track)
        elif kind == b"stsd":
            track.entries.extend(_boxes(payload[8:]))
        elif kind == b"dref":
            track.references.extend(_boxes(payload[8:]))
        elif kind in ENTRY_BYTES:
            # Version and flags, the number of entries, the entries.
            count = int.from_bytes(payload[4:8], "big")
            track.has_impossible_tables |= count * ENTRY_BYTES[kind] > len(payload) - 8


def _is_elsewhere(reference: bytes) -> bool:
    """Return whether a data reference names another file: without its flag, and with a location."""
    return len(reference) > 5 and not reference[3] & SELF_CONTAINED  # noqa: PLR2004 - flags and a terminator


# ------------------------------------------------------------------ Matroska, AVI


def _take_matroska(head: bytes, found: Structure) -> None:
    found.container = "Matroska"
    if (match := CODEC_ID.search(head)) is not None:
        found.codec = match[2][: match[1][0] & 0x7F].decode("ascii")
    length, place = _ebml_length(head, 4)
    if length is None:
        return
    segment = place + length
    if found.size_bytes < segment + LEAST_SEGMENT_BYTES:
        found.ends_in_header = True
        return
    if head[segment : segment + 4] != SEGMENT.to_bytes(4, "big"):
        return
    length, place = _ebml_length(head, segment + 4)
    found.stated_bytes = None if length is None else place + length


def _ebml_length(data: bytes, place: int) -> tuple[int | None, int]:
    """Return (length of an element or None if unknown, place of its payload)."""
    if place >= len(data) or not data[place]:
        return None, place
    count = 9 - data[place].bit_length()
    if place + count > len(data):
        return None, place
    value = int.from_bytes(data[place : place + count], "big") & ~(1 << (7 * count))
    is_unknown = value == (1 << (7 * count)) - 1
    return None if is_unknown else value, place + count


def _take_riff(head: bytes, found: Structure) -> None:
    if head[8:12] == b"AVI ":
        found.container = "AVI"
        found.stated_bytes = 8 + int.from_bytes(head[4:8], "little")
