"""Reads the index of key frames of one film; runs as a child, by its path.

    python -I keyframe_index_child.py <path> <formats> <descriptor>

It writes one JSON object to the descriptor: the timestamps at which the key frames are shown, or why they
are not known. Nothing is decoded. What the index says is held against the packets of its first and last key
frame, and of an index that says when frames are decoded the container's own table tells when they are shown.

    matroska   cues: when a key frame is shown; read at the first seek
    mov        when each frame is decoded  +  ctts: how much later it is shown
"""

import errno
import json
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).parents[3]))

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from tui_gen.media.decoding.track import open_film, picture_track

PASSING = frozenset({errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ESTALE, errno.EACCES, errno.EMFILE})
INDEXED = ("matroska", "mov")
"""Containers whose index can be trusted."""
MOST_TABLE_BYTES = 1 << 28
LONG_SIZE, LONG_HEADER_BYTES, HEADER_BYTES = 1, 16, 8


class UnknownTimesError(Exception):
    """The index does not say where the key frames are; the message is the reason."""


@dataclass(frozen=True)
class Shifts:
    """How much later than it is decoded each frame of a track is shown, in runs of equal shifts."""

    frames: int
    runs: tuple[tuple[int, int], ...]  # (frames, ticks)

    def of(self, positions: Sequence[int]) -> Iterator[int]:
        """Yield the shifts of some frames, whose positions ascend."""
        runs, end, shift = iter(self.runs), 0, 0
        for position in positions:
            while position >= end:
                # Without a table, and past its end, frames are shown as they are decoded.
                count, shift = next(runs, (self.frames, 0))
                end += max(1, count)
            yield shift


def main() -> None:
    """Print the timestamps, or the reason why there are none."""
    path, formats = sys.argv[1], sys.argv[2]
    try:
        with open_film(path, formats) as container:
            answer = key_frames(container, path)
    except UnknownTimesError as error:
        answer = {"unknown": str(error)}
    except (struct.error, IndexError):
        answer = {"unknown": "its table of frames is damaged"}
    except (av.error.FFmpegError, OSError) as error:
        said = f"{error.strerror or error}"
        answer = {"passing" if error.errno in PASSING else "unknown": said}
    with open(int(sys.argv[3]), "w") as pipe:  # noqa: PTH123 - a descriptor
        json.dump(answer, pipe)


def key_frames(container: InputContainer, path: str) -> dict[str, Any]:
    """Return when the key frames of the picture track are shown, in ticks of its clock."""
    stream, name = picture_track(container), container.format.name
    clock = stream.time_base if stream is not None else None
    if stream is None or clock is None or not name.startswith(INDEXED):
        reason = f"no index of key frames in {name}"
        raise UnknownTimesError(reason)
    first = _next_packet(container, stream)
    container.seek(_shown_at(first), stream=stream)  # reads the cues
    shown = [entry.timestamp for entry in stream.index_entries if entry.is_keyframe]
    if name.startswith("mov"):
        shown = _as_shown(stream, first, _shifts(path, stream.id))
    if not shown:
        reason = "its index lists no key frame"
        raise UnknownTimesError(reason)
    container.seek(max(shown), stream=stream)
    last = _next_packet(container, stream)
    if not last.is_keyframe or _shown_at(last) not in shown:
        reason = "its index of key frames does not fit its packets"
        raise UnknownTimesError(reason)
    return {"tick": [clock.numerator, clock.denominator], "pts": sorted(set(shown))}


def _as_shown(stream: VideoStream, first: "Packet[VideoStream]", shifts: Shifts) -> list[int]:
    """Return when key frames are shown, from when they are decoded and the table of shifts."""
    decoded = [entry.timestamp for entry in stream.index_entries]
    if len(decoded) != shifts.frames or first.dts not in decoded:
        reason = "its index does not say when key frames are shown"
        raise UnknownTimesError(reason)
    keys = [position for position, entry in enumerate(stream.index_entries) if entry.is_keyframe]
    # The library may move the whole track, so that no frame is decoded after it is shown.
    place = decoded.index(first.dts)
    moved = _shown_at(first) - decoded[place] - next(shifts.of([place]))
    return [decoded[position] + shift + moved for position, shift in zip(keys, shifts.of(keys), strict=True)]


def _next_packet(container: InputContainer, stream: VideoStream) -> "Packet[VideoStream]":
    packet = next((packet for packet in container.demux(stream) if packet.size), None)
    if packet is None:
        reason = "no packets where its index leads to"
        raise UnknownTimesError(reason)
    return packet


def _shown_at(packet: "Packet[VideoStream]") -> int:
    if packet.pts is None:
        reason = "no timestamps in its packets"
        raise UnknownTimesError(reason)
    return packet.pts


# ------------------------------------------------------------------------------ the tables of a mov


def _shifts(path: str, track: int) -> Shifts:
    """Return the shifts of a track."""
    with Path(path).open("rb") as file:
        end = file.seek(0, 2)
        for moov in _inside(file, (0, end), b"moov"):
            for trak in _inside(file, moov, b"trak"):
                if track in {_track_id(_body(file, tkhd)) for tkhd in _inside(file, trak, b"tkhd")}:
                    return _shifts_of(file, trak)
    reason = "its table of frames cannot be read"
    raise UnknownTimesError(reason)


def _shifts_of(file: BinaryIO, trak: tuple[int, int]) -> Shifts:
    frames, runs = 0, list[tuple[int, int]]()
    for mdia in _inside(file, trak, b"mdia"):
        for minf in _inside(file, mdia, b"minf"):
            for stbl in _inside(file, minf, b"stbl"):
                for size_table in _inside(file, stbl, b"stsz"):
                    (frames,) = struct.unpack_from(">I", _body(file, size_table), 8)
                for table in _inside(file, stbl, b"ctts"):
                    body = _body(file, table)
                    (count,) = struct.unpack_from(">I", body, 4)
                    runs += struct.iter_unpack(">Ii", body[8 : 8 + 8 * count])
    return Shifts(frames, tuple(runs))


def _track_id(body: bytes) -> int:
    is_long = bool(body[0])
    (track,) = struct.unpack_from(">I", body, 20 if is_long else 12)
    return int(track)


def _body(file: BinaryIO, box: tuple[int, int]) -> bytes:
    start, end = box
    if end - start > MOST_TABLE_BYTES:
        reason = "its table of frames is too large"
        raise UnknownTimesError(reason)
    file.seek(start)
    return file.read(end - start)


def _inside(file: BinaryIO, outer: tuple[int, int], wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the bodies of the boxes of one kind begin and end."""
    place, end = outer
    while place + HEADER_BYTES <= end:
        file.seek(place)
        header = file.read(LONG_HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            return
        size, kind = struct.unpack_from(">I4s", header)
        body = place + HEADER_BYTES
        if size == LONG_SIZE and len(header) == LONG_HEADER_BYTES:
            (size,) = struct.unpack_from(">Q", header, HEADER_BYTES)
            body = place + LONG_HEADER_BYTES
        if size == 0:  # up to the end
            size = end - place
        if size < body - place:
            return
        if kind == wanted:
            yield body, min(place + size, end)
        place += size


if __name__ == "__main__":
    main()
