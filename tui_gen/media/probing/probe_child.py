"""Reads the headers of one film and finds the end of its video track; runs as a child, by its path.

    python -I probe_child.py <path> <formats> <most pixels> <descriptor>

It writes one JSON object to the descriptor.

A path is opened only after `os.stat` shows that it is a regular file and not empty. Nothing is decoded.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import stat
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from tui_gen.media.container_formats import ELEMENTARY_STREAMS
from tui_gen.media.decoding.track import open_film, picture_track
from tui_gen.media.probing import frame_times, pulldown
from tui_gen.media.probing.file_structure import Structure, structure_of
from tui_gen.media.probing.packet_reading import packets, parts_in, seek
from tui_gen.media.probing.titles import title_chapters

if TYPE_CHECKING:
    VideoPacket = av.Packet[VideoStream]

PASSING = frozenset(
    {errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ESTALE, errno.EACCES, errno.EPERM, errno.EMFILE}
)
HEAD_PACKETS = 64
BISECTIONS = 24
CLOSE_SECONDS = 5.0
RATE_TOLERANCE = 0.02
LONGEST_STREAM_SECONDS = 120
CHEAP_STREAM_PIXELS = 2.5e8  # in all its frames: decoded in about a second
USUAL_RATE = 25  # ffmpeg's for a stream that states none
FLAGGED_CODECS = frozenset({"mpeg1video", "mpeg2video"})
PLACES = (0.25, 0.5, 0.75)


class UnusableFileError(Exception):
    """The file is unusable; the message is the reason."""


class UnreadableTrackError(UnusableFileError):
    """No picture track was found that can be decoded; the structure of the file may tell why."""


def main() -> None:
    """Write the facts, or the reason why there are none, to the descriptor in the arguments."""
    answer = answer_about(sys.argv[1], formats=sys.argv[2], max_pixels=int(sys.argv[3]))
    with open(int(sys.argv[4]), "w") as pipe:  # noqa: PTH123 - a descriptor
        json.dump(answer, pipe)


def answer_about(path: str, *, formats: str, max_pixels: int) -> dict[str, Any]:
    """Return the facts, or the reason why there are none under "unusable", "missing" or "passing"."""
    try:
        return facts(path, formats=formats, max_pixels=max_pixels)
    except UnreadableTrackError as error:
        return {"unusable": structure_of(path).fault or str(error)}
    except UnusableFileError as error:
        return {"unusable": str(error)}
    except FileNotFoundError as error:
        return {"missing": error.strerror}
    except av.error.FFmpegError as error:
        return _answer_to(error, path)
    except OSError as error:
        return {"passing": f"{error.strerror or error}"}


def _answer_to(error: av.error.FFmpegError, path: str) -> dict[str, str]:
    """Return why a file could not be opened, by its own structure if that tells."""
    try:
        structure = structure_of(path)
    except OSError as failure:
        return {"passing": f"{failure.strerror or failure}"}
    reason = structure.fault or _reason_of(error, structure)
    return {"passing": f"{error.strerror}"} if reason is None else {"unusable": reason, "detail": str(error)}


def _reason_of(error: av.error.FFmpegError, structure: Structure) -> str | None:
    """Return why a file with a whole structure could not be opened; None for a failure that may pass."""
    if error.errno == errno.EINVAL:  # the error of the format whitelist
        of_audio = "" if structure.audio is None else f": {structure.audio}, audio only"
        return f"not one of the containers that are opened{of_audio}"
    if error.errno == errno.EIO and structure.is_read_whole:  # libav's error for a header that ends early
        return "truncated: it ends inside its header"
    if error.errno in PASSING:
        return None
    if structure.container is None:
        return "not a video file"
    return f"corrupt: its {structure.container} header cannot be read"


def facts(path: str, *, formats: str, max_pixels: int) -> dict[str, Any]:
    """Return the facts in the headers and the packets. Raises UnusableFileError."""
    _refuse_what_is_no_file(os.stat(path))  # noqa: PTH116 - names need not be UTF-8
    with open_film(path, formats) as container:
        stream = track_of(container)
        context: VideoCodecContext | None = stream.codec_context
        if context is None:  # the library has no decoder of that name, or the name is damaged
            reason = f"unsupported codec {structure_of(path).codec or 'without a name'}"
            raise UnreadableTrackError(reason)
        if context.width * context.height > max_pixels:
            reason = (
                f"larger than allowed: {context.width}x{context.height}, the limit is {max_pixels} pixels"
            )
            raise UnusableFileError(reason)
        return {
            "container": container.format.name,
            "codec": context.codec.canonical_name,
            "index": stream.index,
            "stated_frames": _stated_frames(container, stream),
            "decoded": [context.width, context.height],
            "title_chapters": list(title_chapters(container.chapters())),
            **(extent := _extent(container, stream)),
            # The structure of a file with many packets is not why they cannot be decoded.
            "fault": None if extent["packets"] is None else structure_of(path).fault,
            "parts_seconds": parts_in(container, stream) if extent["has_timestamps"] else (),
        }


def _refuse_what_is_no_file(status: os.stat_result) -> None:
    for matches, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if matches(status.st_mode):
            reason = f"not a file but {name}"
            raise UnusableFileError(reason)
    if status.st_size == 0:
        reason = "empty: zero bytes"
        raise UnusableFileError(reason)


def track_of(container: InputContainer) -> VideoStream:
    """Return the film's video track. Raises UnusableFileError that names the tracks found instead."""
    track = picture_track(container)
    if track is not None:
        return track
    if container.streams.video:
        reason = "cover art only, no film"
    elif container.streams.audio:
        reason = "audio only, no picture track"
    else:
        reason = "no picture track"
        raise UnreadableTrackError(reason)
    raise UnusableFileError(reason)


def _extent(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    """Return the end of the track, measured on its packets, and the distance of its frames."""
    head = _head(container, stream)
    is_whole, times = len(head) < HEAD_PACKETS, _times(head)
    if len(times) < len(head) // 2 or not times:
        return {
            "has_timestamps": False,
            "is_soft_telecined": _is_flagged(stream, head),
            "packets": len(head),
            "rate": _rate(stream),
        }
    field, is_flagged = pulldown.field_seconds(_gaps(times)), _is_flagged(stream, head)
    end = _end(head) if is_whole else _measured_end(container, stream, first=times[0])
    if not (is_whole or field or is_flagged) and stream.codec_context.name in FLAGGED_CODECS:
        field, is_flagged = _telecine_further_on(container, stream, times[0], end)
    frame_seconds = field * pulldown.FIELDS_A_FRAME if field else _frame_seconds(stream, times)
    last_pts, last_duration = end if end is not None else (times[-1], 0.0)
    varied = None
    if is_whole:
        varied = _varied(stream, head)
    elif not (field or is_flagged):
        varied = _varied_further_on(container, stream, (times[0], last_pts), frame_seconds)
    if varied is not None:
        gaps = [after - before for before, after in itertools.pairwise(varied)]
        frame_seconds = statistics.median(gaps) * float(stream.time_base or 0)
    return {
        "frame_times": varied,
        "tick": [stream.time_base.numerator, stream.time_base.denominator] if stream.time_base else None,
        "has_timestamps": True,
        "last_pts_seconds": last_pts,
        "end_seconds": last_pts + (last_duration or frame_seconds or 0.0),
        "frame_seconds": frame_seconds,
        "is_soft_telecined": field is not None or is_flagged,
        "packets": len(head) if is_whole else None,
        "first_key_seconds": None if is_whole else _first_key_seconds(head, first=times[0]),
    }


def _head(container: InputContainer, stream: VideoStream) -> list[VideoPacket]:
    """Return the first packets. Raises UnusableFileError if they are encrypted or the stream is too long."""
    head = list(itertools.islice(packets(container, stream), HEAD_PACKETS))
    if any(packet.has_sidedata("encryption_info") for packet in head):
        reason = "encrypted"
        raise UnusableFileError(reason)
    if container.format.name in ELEMENTARY_STREAMS and len(head) == HEAD_PACKETS:
        _refuse_long_stream(container, stream)
    return head


def _refuse_long_stream(container: InputContainer, stream: VideoStream) -> None:
    """Raise UnusableFileError if a raw stream is long: each of its clips is decoded from the start."""
    pixels = stream.codec_context.width * stream.codec_context.height
    cheap = int(CHEAP_STREAM_PIXELS // pixels) if pixels else 0
    most = max(cheap, int(LONGEST_STREAM_SECONDS * (_rate(stream) or USUAL_RATE)))
    count = HEAD_PACKETS + sum(1 for _ in itertools.islice(packets(container, stream), most))
    if count > most:
        reason = f"no timestamps, and longer than {LONGEST_STREAM_SECONDS} s: mux it, mkvmerge -o x.mkv FILE"
        raise UnusableFileError(reason)


def _varied(stream: VideoStream, some: Iterable[VideoPacket]) -> tuple[int, ...] | None:
    """Return the timestamps of all packets in ticks, if their distance varies."""
    pts = [packet.pts for packet in some if packet.pts is not None]
    return frame_times.varied(pts, float(stream.time_base or 0))


def _varied_further_on(
    container: InputContainer, stream: VideoStream, extent: tuple[float, float], frame_seconds: float | None
) -> tuple[int, ...] | None:
    """Return the timestamps of all frames in ticks, if their distance varies at some place looked at."""
    first, last = extent
    if not frame_seconds or last <= first:
        return None
    read_at = partial(_times_from, container, stream)
    if not frame_times.may_vary(read_at, first, last, frame_seconds) or not seek(container, stream, first):
        return None
    return _varied(stream, packets(container, stream))


def _times_from(container: InputContainer, stream: VideoStream, place: float) -> Iterator[float]:
    """Yield the timestamps from the key frame before a place on, in seconds, in the order of the file."""
    if seek(container, stream, place):
        for packet in packets(container, stream):
            if packet.pts is not None:
                yield float(packet.pts * packet.time_base)


def _is_flagged(stream: VideoStream, head: Sequence[VideoPacket]) -> bool:
    return stream.codec_context.name in FLAGGED_CODECS and pulldown.is_flagged([bytes(each) for each in head])


def _telecine_further_on(
    container: InputContainer, stream: VideoStream, first: float, end: tuple[float, float] | None
) -> tuple[float | None, bool]:
    """Look for telecine in the middle of the film: its beginning may have been made in another way."""
    for share in PLACES:
        if end is None or not seek(container, stream, first + share * (end[0] - first)):
            continue
        some = list(itertools.islice(packets(container, stream), HEAD_PACKETS))
        field = pulldown.field_seconds(_gaps(_times(some)))
        if field is not None or _is_flagged(stream, some):
            return field, _is_flagged(stream, some)
    return None, False


def _times(some: Sequence[VideoPacket]) -> list[float]:
    return sorted(float(packet.pts * packet.time_base) for packet in some if packet.pts is not None)


def _gaps(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(times) if after > before]


def _first_key_seconds(head: list[av.Packet[VideoStream]], *, first: float) -> float | None:
    """Return the time of the first packet, if it is a key frame and no frame is shown before it."""
    packet = head[0]
    if not packet.is_keyframe or packet.pts is None:
        return None
    seconds = float(packet.pts * packet.time_base)
    return seconds if seconds == first else None


def _rate(stream: VideoStream) -> float | None:
    return float(stream.average_rate) if stream.average_rate else None


def _frame_seconds(stream: VideoStream, times: list[float]) -> float | None:
    """Return the measured distance of two frames, or the stated one if it is equal but more precise."""
    gaps = _gaps(times)
    if not gaps:
        return None
    measured = statistics.median(gaps)
    rate = _rate(stream)
    if rate and abs(measured * rate - 1) < RATE_TOLERANCE:
        return 1 / rate
    return measured


def _end(packets: list[av.Packet[VideoStream]]) -> tuple[float, float] | None:
    """Return (last PTS, its duration or 0) of some packets, in seconds."""
    ends = [
        (float(packet.pts * packet.time_base), float((packet.duration or 0) * packet.time_base))
        for packet in packets
        if packet.pts is not None
    ]
    return max(ends, default=None)


def _measured_end(
    container: InputContainer, stream: VideoStream, *, first: float
) -> tuple[float, float] | None:
    """Find the last packet: at the stated end, else by bisection, else by reading everything."""
    stated = _stated_seconds(container, stream)
    if stated is not None:
        good, bad = first, first + stated
        for _ in range(BISECTIONS):
            place = (
                max(first, bad - CLOSE_SECONDS)
                if good == first and bad == first + stated
                else (good + bad) / 2
            )
            if _can_read_at(container, stream, place):
                good = place
            else:
                bad = place
            if bad - good <= CLOSE_SECONDS + 1:
                break
        if seek(container, stream, good) and (end := _end(list(packets(container, stream)))):
            return end
    seek(container, stream, first)
    last: tuple[float, float] | None = None
    for packet in packets(container, stream):
        if (end := _end([packet])) is not None:
            last = max(last or end, end)
    return last


def _stated_frames(container: InputContainer, stream: VideoStream) -> int:
    """Return the number of frames that the headers state, about; 0 if they do not."""
    return stream.frames or round((_stated_seconds(container, stream) or 0.0) * (_rate(stream) or 0.0))


def _stated_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _can_read_at(container: InputContainer, stream: VideoStream, seconds: float) -> bool:
    return seek(container, stream, seconds) and next(packets(container, stream), None) is not None


if __name__ == "__main__":
    main()
