"""Opens a film and finds its picture track, for the children that read films themselves.

Only what is on this machine is opened, and only as one of the containers that are asked for; of several
tracks all children take the same one.
"""

from __future__ import annotations

import av
from av.container import InputContainer
from av.video.stream import VideoStream

ATTACHED_PICTURE = 0x400


class UnsureError(Exception):
    """A film cannot be read reliably by this decoder; the message says why."""


def open_film(path: str, formats: str) -> InputContainer:
    """Open a film as one of some containers (libav's names, comma-separated). Raises FFmpegError, OSError."""
    options = {"format_whitelist": formats, "protocol_whitelist": "file"}
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


def picture_track(container: InputContainer) -> VideoStream | None:
    """Return the first picture track that is not cover art, which ffmpeg calls 0:V:0, or None."""
    pictures = (
        stream for stream in container.streams.video if not int(stream.disposition) & ATTACHED_PICTURE
    )
    return next(pictures, None)


def track_of_known_film(container: InputContainer) -> VideoStream:
    """Return the picture track of a film that was seen to have one. Raises UnsureError."""
    track = picture_track(container)
    if track is None:
        reason = "no picture track any more"
        raise UnsureError(reason)
    return track
