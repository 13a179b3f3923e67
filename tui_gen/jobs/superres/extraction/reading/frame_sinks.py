"""Reads raw frames from pipes one at a time, and keeps only the parts of them that a clip needs.

    pipe ──> one frame ──> on_frame: it is measured, or its kept regions are copied

Invariant: a sink holds one frame, however many frames a clip has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.extraction.reading.clip_frames import Bgr, FrameView, PixelType
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeter, Luma
from tui_gen.jobs.superres.films.combing import sampled
from tui_gen.media.geometry import Region, Size
from tui_gen.processes.children import READ_BYTES


class FrameSink:
    """A sink for a known number of frames of one size; bytes beyond them are counted in `extra`."""

    def __init__(self, frame: NDArray[Any], count: int, on_frame: Callable[[int], None]) -> None:
        """`frame` is filled again and again; `on_frame` is called with the position of each full one."""
        self._frame, self._count, self._on_frame = memoryview(frame.data).cast("B"), count, on_frame
        self._filled, self.taken, self.extra = 0, 0, 0

    @property
    def is_exact(self) -> bool:
        """Whether exactly the expected frames arrived."""
        return self.taken == self._count and not self.extra

    def take(self, descriptor: int) -> int:
        """Read the rest of a frame, or a part of it; return the number of bytes."""
        if self.taken == self._count:
            count = len(os.read(descriptor, READ_BYTES))
            self.extra += count
            return count
        count = os.readv(descriptor, [self._frame[self._filled :]])
        self._filled += count
        if self._filled == len(self._frame):
            self._filled = 0
            self._on_frame(self.taken)
            self.taken += 1
        return count


class ClipTaker:
    """Takes the frames of one clip: keeps regions of them in several sizes, and measures their luma."""

    def __init__(
        self,
        regions: Mapping[Size, Sequence[Region]],
        luma: Luma,
        meter: ClipMeter,
        *,
        count: int,
        pixel_type: PixelType,
    ) -> None:
        """`regions` are those to keep of frames of a size, `luma` is memory for one frame of luma."""
        self.meter = meter
        self.lines: list[Luma] = []  # of each frame the part in which combing is measured
        self.views: list[FrameView] = []
        self.sinks: list[FrameSink] = []  # one for each size, and the last for luma
        for size, parts in regions.items():
            frame = np.empty((size.height, size.width, 3), pixel_type)
            shapes = [(count, part.height, part.width, 3) for part in parts]
            kept = [
                FrameView(size, part, np.empty(shape, pixel_type))
                for part, shape in zip(parts, shapes, strict=True)
            ]
            self.views += kept
            self.sinks.append(FrameSink(frame, count, partial(_keep, frame, kept)))
        self.sinks.append(FrameSink(luma, count, partial(self._measure, luma)))

    @property
    def is_exact(self) -> bool:
        """Whether exactly the expected frames arrived."""
        return all(sink.is_exact for sink in self.sinks)

    def _measure(self, luma: Luma, position: int) -> None:
        del position
        self.meter.take(luma)
        self.lines.append(sampled(luma))


def _keep(frame: Bgr, views: Sequence[FrameView], position: int) -> None:
    for view in views:
        at = view.area
        view.pixels[position] = frame[at.y : at.y + at.height, at.x : at.x + at.width]
