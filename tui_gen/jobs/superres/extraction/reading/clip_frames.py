"""The frames of one clip, as both readers return them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.work import Doing, Failed, Rejected, Retried, Unusable
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeasures
from tui_gen.media.geometry import Region, Size, contains, whole

Bgr = NDArray[np.unsignedinteger[Any]]
"""Pixels with 8 bits a channel, or 16 if the configuration asks for HDR."""
PixelType = np.dtype[np.uint8] | np.dtype[np.uint16]


@dataclass(frozen=True, slots=True)
class FrameView:
    """A region of a clip's frames."""

    frame: Size  # of a whole frame, scaled
    area: Region  # the region, in pixels of `frame`
    pixels: Bgr = field(repr=False)  # (n, height, width, 3) of `area`: BGR, upright, square pixels


@dataclass(frozen=True, slots=True)
class ReleaseFrames:
    """Consecutive frames of a release of the film, more than a clip has."""

    pixels: Bgr = field(repr=False)  # (n, height, width, 3) of the whole upright frames
    pts_seconds: tuple[float, ...]  # from the first PTS of the release's track


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """One decoded clip: the pixels that its cuts need, or more."""

    index: int
    views: tuple[FrameView, ...]
    pts_seconds: tuple[float, ...]  # from the first PTS of the video track, like timestamps of clips
    container_pts_seconds: tuple[float, ...]  # as in the file
    attempts: int
    measures: ClipMeasures
    picture_types: str = ""  # one letter per frame
    # For each frame but the first: whether it repeats the frame before. None if not measured.
    repeats: tuple[bool, ...] | None = None
    # For each frame but the first: its distance in frames from the frame before, if repeated frames are left
    # out.
    steps: tuple[int, ...] | None = None
    reader: Literal["stretch", "clip"] = "clip"  # one decoder for many clips, or one for this clip
    device: str | None = None  # that decoded it; None: the processor
    release: ReleaseFrames | None = None  # of the film's pair, around the same time

    @property
    def size_bytes(self) -> int:
        """The memory of the pixels."""
        others = 0 if self.release is None else self.release.pixels.nbytes
        return others + sum(view.pixels.nbytes for view in self.views)

    def view(self, frame: Size, needed: Region) -> FrameView:
        """Return a view that contains a region of frames of this size. Raises KeyError."""
        for view in self.views:
            if view.frame == frame and contains(view.area, needed):
                return view
        message = f"no view of {frame} holds {needed}"
        raise KeyError(message)

    @property
    def frames(self) -> Mapping[Size, Bgr]:
        """Size -> whole frames, for sizes that were converted completely."""
        return {view.frame: view.pixels for view in self.views if view.area == whole(view.frame)}


Reading = ClipFrames | Doing | Retried | Rejected | Failed | Unusable
