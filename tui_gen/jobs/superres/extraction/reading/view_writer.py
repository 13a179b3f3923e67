"""Writes the views of decoded frames to the pipes of the colour processes, in a reader child.

    planes of a frame ──> region of the view ──────────────────> pipe: stored samples
                                            └─ kernel (numba) ──> pipe: tone-mapped 8-bit BT.709 YUV

Guards: numba is loaded only if the order has a mapping, at the first frame.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.decoding.planes import Planes
from tui_gen.media.geometry import Region, Size
from tui_gen.media.tone_mapping.mapping import ToneMapping

if TYPE_CHECKING:
    from tui_gen.media.tone_mapping.kernel import ToneMapper


@dataclass(frozen=True, slots=True)
class ViewOrder:
    """A part of each frame, and the pipe that it is written to."""

    descriptor: int
    region: Region


@dataclass(slots=True)
class ViewWriter:
    """Writes frames of one layout; `mapping` is what the kernel does to their samples, None: nothing."""

    layout: Planes
    mapping: ToneMapping | None
    _mappers: dict[Size, ToneMapper] = field(default_factory=dict)  # one per size of views: it has buffers

    def send(self, planes: Sequence[NDArray[np.uint8]], views: Sequence[ViewOrder]) -> None:
        """Write the views of a frame. A full pipe blocks."""
        for view in views:
            if self.mapping is None:
                for plane, part in zip(planes, self.layout.parts(view.region), strict=True):
                    _write(view.descriptor, plane[part])
                continue
            # As ffmpeg's filters do, the kernel takes no odd last column and line.
            size = view.region.size.even()
            region = Region(view.region.x, view.region.y, size.width, size.height)
            samples = [
                plane[part].view(np.uint16)
                for plane, part in zip(planes, self.layout.parts(region), strict=True)
            ]
            for plane in self._mapper(self.mapping, size)(samples):
                _write(view.descriptor, plane)

    def send_blanks(self, views: Sequence[ViewOrder], frames: int) -> None:
        """Write frames of zeros in place of those that a refused window does not have."""
        for _ in range(frames):
            for view in views:
                _write(view.descriptor, np.zeros(self._size_bytes(view.region.size), np.uint8))

    def _size_bytes(self, size: Size) -> int:
        if self.mapping is None:
            return self.layout.size_bytes(size)
        luma = size.even().width * size.even().height
        return 3 * luma if self.mapping.chroma == "444" else luma + luma // 2

    def _mapper(self, mapping: ToneMapping, size: Size) -> ToneMapper:
        if size not in self._mappers:
            from tui_gen.media.tone_mapping.kernel import ToneMapper

            self._mappers[size] = ToneMapper(mapping, size)
        return self._mappers[size]


def _write(descriptor: int, block: NDArray[np.uint8]) -> None:
    left = memoryview(np.ascontiguousarray(block).data).cast("B")
    while left:
        left = left[os.write(descriptor, left) :]
