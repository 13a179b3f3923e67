"""Encodes grey frames as GIF and MP4, and a picture as PNG."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

_GIF_TICKS = 100
"""A GIF counts its times in hundredths of a second."""
_LEAST_GIF_TICKS = 2
"""Browsers show frames of less than 20 ms at 100 ms."""
_CRF = "12"
"""Of libx264: no visible loss, and about the size of the GIF."""


def gif(frames: Grey, *, duration_ms: float) -> bytes:
    """Return a GIF of frames [F, H, W] that repeats for ever; each frame is shown for `duration_ms`.

    Lossless: 256 grey levels are the palette, and every frame is stored whole. Times are rounded to 10 ms.
    """
    import av

    target = io.BytesIO()
    ticks = max(float(_LEAST_GIF_TICKS), duration_ms * _GIF_TICKS / 1000)
    with av.open(target, "w", format="gif", options={"loop": "0"}) as container:
        stream = container.add_stream("gif", rate=_GIF_TICKS, options={"gifflags": "0"})
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = "gray"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _GIF_TICKS)
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="gray")
            picture.time_base = stream.codec_context.time_base
            picture.pts = round(number * ticks)
            packets = stream.encode(picture)
            for packet in packets:  # the format takes the last frame's time from here
                packet.duration = round((number + 1) * ticks) - round(number * ticks)
            container.mux(packets)
        container.mux(stream.encode())
    return target.getvalue()


def mp4(frames: Grey, *, fps: float) -> bytes:
    """Return an H.264 video of frames [F, H, W]; odd sides get one more row or column of black.

    Equal frames give videos that look equal; libx264 does not always give equal bytes for small frames.
    """
    import av

    _, height, width = frames.shape
    even = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2)))
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001), options={"crf": _CRF}
        )
        stream.height, stream.width = even.shape[1:]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1  # frames are small: more threads only cost time
        for frame in even:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="gray")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return target.getvalue()


def png(picture: Grey) -> bytes:
    """Return a PNG of a grey picture [H, W]."""
    import cv2

    is_encoded, data = cv2.imencode(".png", picture)
    if not is_encoded:
        message = "the picture cannot be encoded as PNG"
        raise ValueError(message)
    return bytes(data)


def zoomed(frames: Grey, zoom: int) -> Grey:
    """Return frames [..., H, W] with every pixel repeated `zoom` times in each direction."""
    return frames.repeat(zoom, axis=-2).repeat(zoom, axis=-1)


def side_by_side(videos: list[Grey], *, gap: int, level: int) -> Grey:
    """Return videos [F, H, W] of one size as one, with columns of a grey level between them."""
    bar = np.full((*videos[0].shape[:2], gap), level, np.uint8)
    parts = [part for video in videos for part in (bar, video)][1:]
    return np.concatenate(parts, axis=2)
