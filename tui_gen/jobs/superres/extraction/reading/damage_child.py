"""Says whether the packets decoded for a window are undamaged; run as a child, by its path.

    python -I damage_child.py <path> <formats> <times of the frames, comma-separated> <seek to> <descriptor>

    ... x | K . . . w w w w w w w | x ...      K: the last sound key frame at or before the first frame
            └── decoded for them ─┘            x: damage here does not concern the frames

ffmpeg's messages do not name the packet they are about, and its threads print them early or late. Here one
thread decodes packet by packet, and each message belongs to the packet decoded last. Frames refer to packets
decoded before them only. Pictures shown before the key frame are not referred to by those after it.

The answer is {"is_clean": true}, or {"is_clean": false, "why": reason}. Times are those of the container, in
seconds; "seek to" is empty if reading begins at the start of the file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[5]))

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from tui_gen.jobs.superres.extraction.reading.entry import is_sound_entry, length_bytes_of
from tui_gen.media.decoding.decoder_errors import Complaints, listen
from tui_gen.media.decoding.track import UnsureError, open_film, track_of_known_film
from tui_gen.processes.keepalive import Signs

if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]

BEYOND_PACKETS = 64
"""The number of packets read after the last frame was met, in case another is stored after it."""
ROUNDING_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class Decoded:
    """One packet, in the order of decoding."""

    seconds: float | None
    is_entry: bool
    complaint: str | None


def main() -> None:
    """Write the answer to the descriptor in the arguments."""
    path, formats, times, seek_to, descriptor = sys.argv[1:]
    wanted = [float(time) for time in times.split(",")]
    sys.stderr = os.fdopen(os.dup(2), "w")
    complaints = listen()
    try:
        with open_film(path, formats) as container:
            why = verdict(_decoded(container, wanted, seek_to, complaints), wanted)
    except (UnsureError, av.error.FFmpegError, OSError) as error:
        why = str(error) or type(error).__name__
    with open(int(descriptor), "w") as pipe:  # noqa: PTH123 - a descriptor
        json.dump({"is_clean": why is None, "why": why}, pipe)


def verdict(packets: Sequence[Decoded], wanted: Sequence[float]) -> str | None:
    """Return why the frames at these times cannot be trusted, or None."""
    places = [
        next(
            (at for at, packet in enumerate(packets) if _is_at(packet, time)),
            None,
        )
        for time in wanted
    ]
    known = [place for place in places if place is not None]
    if len(known) < len(places):
        return "a frame has no packet of its own"
    entries = [
        at
        for at, packet in enumerate(packets[: min(known) + 1])
        if packet.is_entry and packet.seconds is not None and packet.seconds <= wanted[0] + ROUNDING_SECONDS
    ]
    if not entries:
        return "no sound key frame before it"
    entry = packets[entries[-1]]
    for packet in packets[entries[-1] : max(known) + 1]:
        is_before = None not in (packet.seconds, entry.seconds) and packet.seconds < entry.seconds  # type: ignore[operator]
        if packet.complaint is not None and not is_before:
            return packet.complaint
    return None


def _is_at(packet: Decoded, seconds: float) -> bool:
    return packet.seconds is not None and abs(packet.seconds - seconds) < ROUNDING_SECONDS


def _decoded(
    container: InputContainer, wanted: Sequence[float], seek_to: str, complaints: Complaints
) -> list[Decoded]:
    """Decode the packets up to those beyond the last wanted frame, one by one."""
    stream, signs = track_of_known_film(container), Signs()
    context = stream.codec_context
    context.thread_type, context.thread_count = "NONE", 1
    if stream.time_base is None:
        reason = "a track without a clock"
        raise UnsureError(reason)
    tick = stream.time_base.numerator / stream.time_base.denominator
    if seek_to:
        container.seek(int(float(seek_to) / tick), stream=stream)
    codec = context.codec.canonical_name
    length_bytes = length_bytes_of(codec, context.extradata)
    found, beyond = list[Decoded](), 0
    packets = container.demux(stream)
    while beyond < BEYOND_PACKETS and (packet := _next(packets)) is not None:
        signs.give()
        if not packet.size:
            break
        is_entry = packet.is_keyframe and is_sound_entry(
            bytes(packet), codec=codec, length_bytes=length_bytes
        )
        seconds = None if packet.pts is None else packet.pts * tick
        found.append(Decoded(seconds, is_entry, _complaint(stream, packet, complaints)))
        beyond += seconds is not None and seconds > wanted[-1] + ROUNDING_SECONDS
    return found


def _next(packets: Iterator[VideoPacket]) -> VideoPacket | None:
    """Return the next packet; damage between packets ends the track."""
    try:
        return next(packets, None)
    except av.error.InvalidDataError:
        return None


def _complaint(stream: VideoStream, packet: VideoPacket, complaints: Complaints) -> str | None:
    """Decode a packet and return what the decoder reports about it; None: nothing."""
    said = complaints.heard()[:1]  # by the container, while it read the packet
    try:
        stream.codec_context.decode(packet)
    except av.error.InvalidDataError as error:
        said = said or [str(error)]
    said = [*said, *complaints.heard()[:1]]
    complaints.forget()
    if packet.is_corrupt:
        said.append("a damaged packet")
    return said[0] if said else None


if __name__ == "__main__":
    main()
