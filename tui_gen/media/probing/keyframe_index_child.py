"""Reads the index of key frames of one film; runs as a child, by its path.

    python -I keyframe_index_child.py <path> <formats> <descriptor>

It writes one JSON object to the descriptor: the timestamps at which the key frames are shown, or why they are
unknown. Nothing is decoded. The index is checked against the packets of its first and last key frame. If an
index has decoding times, the container's table of shifts gives the times at which frames are shown.

    matroska   cues: the time at which a key frame is shown; read at the first seek
    mov        decoding time of each frame  +  ctts: the delay until it is shown
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

from tui_gen.media.container_formats import INDEXED
from tui_gen.media.decoding.track import open_film, picture_track

PASSING = frozenset({errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ESTALE, errno.EACCES, errno.EMFILE})
MOST_TABLE_BYTES = 1 << 28
LONG_SIZE, LONG_HEADER_BYTES, HEADER_BYTES = 1, 16, 8


class UnknownTimesError(Exception):
    """The index does not give the times of the key frames; the message is the reason."""


@dataclass(frozen=True)
class Shifts:
    """The delay from decoding to showing each frame of a track, as runs of equal delays."""

    frames: int
    runs: tuple[tuple[int, int], ...]  # (frames, ticks)

    def of(self, positions: Sequence[int]) -> Iterator[int]:
        """Yield the delays of some frames; `positions` must ascend."""
        runs, end, shift = iter(self.runs), 0, 0
        for position in positions:
            while position >= end:
                # Without a table, and after its end, frames are shown when they are decoded.
                count, shift = next(runs, (self.frames, 0))
                end += max(1, count)
            yield shift


def main() -> None:
    """Write the timestamps, or the reason why there are none, to the descriptor in the arguments."""
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
    """Return the times at which the key frames of the video track are shown, in ticks of its clock."""
    stream, name = picture_track(container), container.format.name
    clock = stream.time_base if stream is not None else None
    if stream is None or clock is None or not name.startswith(INDEXED):
        reason = f"no index of key frames in {name}"
        raise UnknownTimesError(reason)
    first = _next_packet(container, stream)
    container.seek(_shown_at(first), stream=stream)  # makes the library read the cues
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
    """Return the times at which key frames are shown, from their decoding times and the delays."""
    decoded = [entry.timestamp for entry in stream.index_entries]
    if len(decoded) != shifts.frames or first.dts not in decoded:
        reason = "its index does not say when key frames are shown"
        raise UnknownTimesError(reason)
    keys = [position for position, entry in enumerate(stream.index_entries) if entry.is_keyframe]
    # The library may shift the whole track, so that no frame is decoded after it is shown.
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
    """Return the delays of a track."""
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
    """Yield begin and end of the bodies of the boxes of one kind."""
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
        if size == 0:  # the box extends to the end
            size = end - place
        if size < body - place:
            return
        if kind == wanted:
            yield body, min(place + size, end)
        place += size


if __name__ == "__main__":
    main()
