"""The arguments of a long-lived ffmpeg that converts raw frames of one shape to BGR, from pipe to pipe.

A raw pipe has no colour tags and no chroma location. The chain sets them explicitly (colour.py), so its
pixels are those of an ffmpeg that reads the film. If the kernel has tone-mapped the frames before they come
through the pipe, ffmpeg only scales them.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_gen.jobs.superres.extraction.reading.views import Shape
from tui_gen.jobs.superres.extraction.rendering import rendering, tone_mapping
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.colour import Chroma, colour_chain, tail_filters, tone_mapped_tags
from tui_gen.media.ffmpeg import raw_output
from tui_gen.media.geometry import Size


def colour_arguments(stretch: Stretch, shape: Shape, *, source: int, target: int) -> Sequence[str]:
    """Return ffmpeg's arguments; `source` and `target` are descriptors of pipes."""
    probe, how = stretch.probe, rendering(stretch.settings, peak=stretch.peak)
    if tone_mapping(probe, stretch.settings, peak=stretch.peak) is None:
        given = _raw_input(probe.colour.pixel_format, shape.stored, source)
        chain = colour_chain(probe, how, frame=shape.scaled)
    else:
        given = _raw_input(_converted_format(how.chroma), shape.stored.even(), source)
        chain = f"{tone_mapped_tags(probe)},{tail_filters(probe, how, frame=shape.scaled)}"
    return [
        *given,
        *("-map", "0:v:0", "-fps_mode", "passthrough"),
        *("-vf", chain, "-c:v", "rawvideo", "-threads", "1", "-pix_fmt", how.pixel_format),
        *("-flush_packets", "1", "-f", "rawvideo", f"pipe:{target}"),
    ]


def scaling_arguments(
    stretch: Stretch, sizes: Sequence[Size], *, source: int, targets: Sequence[int]
) -> Sequence[str]:
    """Return the arguments of an ffmpeg that scales whole frames of the kernel to several sizes."""
    probe, how = stretch.probe, rendering(stretch.settings, peak=stretch.peak)
    shown = "".join(f"[s{n}]" for n in range(len(sizes)))
    split = f"[0:v:0]{tone_mapped_tags(probe)},split={len(sizes)}{shown}"
    tails = [f"[s{n}]{tail_filters(probe, how, frame=size)}[v{n}]" for n, size in enumerate(sizes)]
    arguments = _raw_input(_converted_format(how.chroma), probe.even_upright, source)
    arguments += ["-filter_complex_threads", "1", "-filter_complex", ";".join([split, *tails])]
    for number, target in enumerate(targets):
        arguments += raw_output(f"[v{number}]", target, pixel_format=how.pixel_format)
    return arguments


def _converted_format(chroma: Chroma) -> str:
    """Return ffmpeg's name for the pixels that the kernel makes."""
    return f"yuv{chroma}p"


def _raw_input(pixel_format: str, size: Size, source: int) -> list[str]:
    """Return all arguments before the outputs, for raw frames from a pipe."""
    return [
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-xerror"),
        # Frames wait in the pipes and not in a queue: they are large, and the reader sets the pace.
        *("-filter_threads", "1", "-threads", "1", "-thread_queue_size", "1"),
        *("-protocol_whitelist", "pipe", "-fpsprobesize", "0", "-probesize", "32", "-analyzeduration", "0"),
        *("-f", "rawvideo", "-pixel_format", pixel_format, "-video_size", str(size)),
        *("-framerate", "24", "-i", f"pipe:{source}"),
    ]
