"""Reads the packets of one track, from any place of a film, for the children that probe. Decodes nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from tui_gen.media.probing.timestamp_jumps import Part, parts_of

SIGN_SECONDS = 1.0
JOINABLE = frozenset({"mpegts", "mpeg"})
"""The formats of streams that can be joined by their bytes, each with its own clock."""
TAIL_BYTES = 1 << 21
MOST_REORDERED = 16  # packets


def packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    """Yield packets up to the end of the readable data, with signs of life."""
    last_sign = time.monotonic()
    try:
        for packet in container.demux(stream):
            if time.monotonic() - last_sign > SIGN_SECONDS:
                last_sign = time.monotonic()
                sys.stderr.write("reading\n")
                sys.stderr.flush()
            # The last packet is empty and only flushes a decoder; an edit list marks packets as discarded.
            if packet.size and not packet.is_discard:
                yield packet
    except av.error.InvalidDataError:
        return  # the rest is damaged: treat it as the end of the track


def seek(container: InputContainer, stream: VideoStream, seconds: float) -> bool:
    """Seek to the key frame before a place; return whether the container can seek."""
    try:
        container.seek(int(seconds / stream.time_base), stream=stream)  # type: ignore[operator]
    except (av.error.FFmpegError, OSError):
        return False  # the caller reads everything instead
    return True


def seek_bytes(container: InputContainer, place: int) -> bool:
    """Seek to a place of the file; return whether the container can."""
    try:
        container.seek(place, unsupported_byte_offset=True)
    except (av.error.FFmpegError, OSError):
        return False  # the caller then knows of no jump
    return True


def timestamps(container: InputContainer, stream: VideoStream) -> Iterator[float]:
    """Yield the timestamps of the packets from here on, in seconds, in the order of the file."""
    return (
        float(packet.pts * packet.time_base)
        for packet in packets(container, stream)
        if packet.pts is not None
    )


def parts_in(container: InputContainer, stream: VideoStream) -> tuple[Part, ...]:
    """Return the parts of a joined stream whose timestamps jump; () for containers with one clock."""
    if container.format.name not in JOINABLE or container.size <= 0:
        return ()

    def time_at(place: int) -> float | None:
        return next(timestamps(container, stream), None) if seek_bytes(container, place) else None

    if not seek_bytes(container, max(0, container.size - TAIL_BYTES)):
        return ()
    last = list(timestamps(container, stream))[-MOST_REORDERED:]
    return parts_of(time_at, container.size, max(last)) if last else ()
