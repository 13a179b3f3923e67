"""The arguments of a long-lived ffmpeg that converts raw frames of one shape to BGR, from pipe to pipe.

A raw pipe has no colour tags and no chroma location. The chain sets them explicitly (colour.py), so its
pixels are those of an ffmpeg that reads the film.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_gen.jobs.superres.extraction.reading.views import Shape
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.colour import colour_chain


def colour_arguments(stretch: Stretch, shape: Shape, *, source: int, target: int) -> Sequence[str]:
    """Return ffmpeg's arguments; `source` and `target` are descriptors of pipes."""
    probe, how = stretch.probe, rendering(stretch.settings, peak=stretch.peak)
    chain = colour_chain(probe, how, frame=shape.scaled, stored=shape.stored)
    return [
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-xerror"),
        # Frames wait in the pipes and not in a queue: they are large, and the reader sets the pace.
        *("-filter_threads", "1", "-threads", "1", "-thread_queue_size", "1"),
        *("-protocol_whitelist", "pipe", "-fpsprobesize", "0", "-probesize", "32", "-analyzeduration", "0"),
        *("-f", "rawvideo", "-pixel_format", probe.colour.pixel_format, "-video_size", str(shape.stored)),
        *("-framerate", "24", "-i", f"pipe:{source}", "-map", "0:v:0", "-fps_mode", "passthrough"),
        *("-vf", chain, "-c:v", "rawvideo", "-threads", "1", "-pix_fmt", how.pixel_format),
        *("-flush_packets", "1", "-f", "rawvideo", f"pipe:{target}"),
    ]
