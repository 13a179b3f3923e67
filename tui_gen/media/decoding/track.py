"""Opens a film and finds its video track, for the children that read films themselves.

Only local files are opened, and only as one of the requested containers. If there are several video tracks,
all children choose the same one.
"""

from __future__ import annotations

import av
from av.container import InputContainer
from av.video.stream import VideoStream

ATTACHED_PICTURE = 0x400


class UnsureError(Exception):
    """This decoder cannot read a film reliably; the message has the reason."""


def open_film(path: str, formats: str) -> InputContainer:
    """Open a film as one of the formats (libav's names, comma-separated). Raises FFmpegError, OSError."""
    options = {"format_whitelist": formats, "protocol_whitelist": "file"}
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


def picture_track(container: InputContainer) -> VideoStream | None:
    """Return the first video track that is not cover art, which is ffmpeg's 0:V:0, or None."""
    pictures = (
        stream for stream in container.streams.video if not int(stream.disposition) & ATTACHED_PICTURE
    )
    return next(pictures, None)


def track_of_known_film(container: InputContainer) -> VideoStream:
    """Return the video track of a film that was probed with one. Raises UnsureError."""
    track = picture_track(container)
    if track is None:
        reason = "no picture track any more"
        raise UnsureError(reason)
    return track
