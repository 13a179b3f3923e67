"""Encodes all frames of a clip as one sequence by ffmpeg, and decodes it again.

    frames ── yuv.py ──> memory file ──> encoder (ffmpeg) ── NUT ──> memory file ──> decoder (ffmpeg)

A child reads from a file in memory and writes to a pipe: nothing waits for two ends, and no file has a name.
Encoders run with one thread and their exact options, so the bytes depend on the ffmpeg alone.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.degradation.choices import FRAME_RATE, ChosenVideo
from tui_gen.jobs.superres.degradation.variants import Codec
from tui_gen.jobs.superres.degradation.yuv import from_planes, to_planes
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.geometry import Size
from tui_gen.processes.children import ChildError, Command, ExactSink, Sink, StallLimits, TextSink, run_child

Image = NDArray[np.uint8]
ArgumentsOf = Callable[[Sequence[int]], Sequence[str]]
Result = TypeVar("Result")

LIMITS = StallLimits()
STREAM_BYTES = 256 << 20
LEAST_SIDE = 32
"""Encoders refuse smaller pictures (x265 below 32): such frames are enlarged by their edge pixels."""

_OPTIONS: MappingProxyType[Codec, tuple[str, ...]] = MappingProxyType(
    {
        "libx264": ("-preset", "medium", "-x264-params", "threads=1:cpu-independent=1"),
        "libx265": (
            *("-preset", "medium"),
            *("-x265-params", "pools=none:frame-threads=1:wpp=0:pmode=0:pme=0:log-level=error"),
        ),
        "mpeg2video": ("-g", "12", "-bf", "2"),
        "mpeg4": ("-g", "12"),
        "libvpx-vp9": ("-deadline", "good", "-cpu-used", "4", "-row-mt", "0", "-tile-columns", "0"),
    }
)


class InThread(Protocol):
    """Makes a call in a thread, so that the event loop goes on."""

    def __call__(self, call: Callable[[], Result], /) -> Awaitable[Result]:
        """Return the result of the call."""
        ...


@dataclass(frozen=True, slots=True)
class Coding:
    """The tools for the steps of one source."""

    ffmpeg: Ffmpeg
    niceness: int
    in_thread: InThread  # children are started by the event loop's thread, and pixels handled in others


async def through_codec(frames: Image, chosen: ChosenVideo, coding: Coding) -> Image:
    """Return frames of shape (count, height, width, 3) as they come back from a codec.

    Raises ChildError with ffmpeg's last lines, and what `run_child` raises. No child runs after it.
    """
    stream = await encoded(frames, chosen, coding)
    return await decoded(stream, frames.shape, coding)


async def encoded(frames: Image, chosen: ChosenVideo, coding: Coding) -> bytes:
    """Return the bit stream of frames, in NUT. Raises as `through_codec` does."""
    _, height, width, _ = frames.shape
    size = Size(_full(width), _full(height))
    planes = await coding.in_thread(lambda: to_planes(_padded(frames)))
    sink = TextSink(STREAM_BYTES)
    with _memory_file(planes) as source:
        await _run(
            coding,
            lambda pipes: encoder_arguments(chosen, size, source=source, target=pipes[0]),
            sink,
            source,
        )
    if sink.extra or not sink.data:
        reason = f"{chosen.codec} gave {len(sink.data) + sink.extra} bytes"
        raise ChildError(reason)
    return bytes(sink.data)


async def decoded(stream: bytes, shape: Sequence[int], coding: Coding) -> Image:
    """Return the frames of a bit stream, of the shape (count, height, width, 3) that was encoded."""
    count, height, width, _ = shape
    full_height, full_width = _full(height), _full(width)
    data = np.empty(count * full_height * full_width * 3 // 2, np.uint8)
    sink = ExactSink(memoryview(data.data).cast("B"))
    with _memory_file(stream) as source:
        await _run(coding, lambda pipes: decoder_arguments(source=source, target=pipes[0]), sink, source)
    if not sink.is_exact:
        frame_bytes = full_height * full_width * 3 // 2
        reason = f"{count} frames were encoded, {(sink.filled + sink.extra) / frame_bytes:g} came back"
        raise ChildError(reason)
    pictures = await coding.in_thread(partial(from_planes, data, height=full_height, width=full_width))
    return pictures[:, :height, :width]


async def _run(coding: Coding, arguments: ArgumentsOf, sink: Sink, source: int) -> None:
    command = Command(
        program=coding.ffmpeg.path,
        arguments=arguments,
        sinks=[sink],
        limits=LIMITS,
        niceness=coding.niceness,
        inherits=[source],
    )
    ended = await run_child(command)
    if ended.has_stalled:
        reason = f"ffmpeg gave nothing for {LIMITS.first_seconds:g} s"
    elif ended.status < 0:
        reason = f"ffmpeg was killed by signal {-ended.status}"
    elif ended.status:
        reason = f"ffmpeg ended with status {ended.status}"
    else:
        return
    raise ChildError(reason, ended.tail)


@contextmanager
def _memory_file(data: bytes) -> Iterator[int]:
    """Yield the descriptor of a file without a name that holds `data`, to be read from its start."""
    descriptor = os.memfd_create("frames")
    try:
        left, place = memoryview(data), 0
        while place < len(left):
            place += os.pwrite(descriptor, left[place:], place)
        yield descriptor
    finally:
        os.close(descriptor)


def _full(side: int) -> int:
    """Return the encoded length of a side: even, as 4:2:0 needs, and not too short for encoders."""
    return max(LEAST_SIDE, side + side % 2)


def _padded(frames: Image) -> Image:
    """Repeat the last column and row until both sides have their encoded length."""
    _, height, width, _ = frames.shape
    rim = ((0, 0), (0, _full(height) - height), (0, _full(width) - width), (0, 0))
    return np.pad(frames, rim, mode="edge")


# ---------------------------------------------------------------------------------- argument lists

_QUIET = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-xerror", "-filter_threads", "1")


def encoder_arguments(chosen: ChosenVideo, size: Size, *, source: int, target: int) -> list[str]:
    """Return ffmpeg's arguments; `source` and `target` are descriptors."""
    return [
        *(*_QUIET, "-protocol_whitelist", "pipe", "-f", "rawvideo", "-pixel_format", "yuv420p"),
        *("-video_size", str(size), "-framerate", str(FRAME_RATE), "-i", f"pipe:{source}"),
        *("-map", "0:v:0", "-fps_mode", "passthrough", "-c:v", chosen.codec, "-threads", "1"),
        *("-flags:v", "+bitexact", *_OPTIONS[chosen.codec], *_control(chosen)),
        *("-fflags", "+bitexact", "-f", "nut", f"pipe:{target}"),
    ]


def _control(chosen: ChosenVideo) -> tuple[str, ...]:
    if chosen.control == "bitrate":
        return ("-b:v", f"{chosen.value}k")
    if chosen.control == "q":
        return ("-q:v", str(chosen.value))
    # libvpx limits the quality by a bit rate too, unless the rate is 0.
    return ("-crf", str(chosen.value), *(("-b:v", "0") if chosen.codec == "libvpx-vp9" else ()))


def decoder_arguments(*, source: int, target: int) -> list[str]:
    """Return ffmpeg's arguments; `source` and `target` are descriptors."""
    return [
        *(*_QUIET, "-protocol_whitelist", "pipe", "-threads", "1", "-flags:v", "+bitexact"),
        *("-f", "nut", "-i", f"pipe:{source}", "-map", "0:v:0", "-fps_mode", "passthrough"),
        *("-c:v", "rawvideo", "-pix_fmt", "yuv420p", "-f", "rawvideo", f"pipe:{target}"),
    ]
