"""The memory layout of raw frames, for pixel formats that can be cropped by rows and columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_gen.media.geometry import Aperture, Region, Size

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from av.video.plane import VideoPlane
    from numpy.typing import NDArray

_PLANAR = re.compile(r"yuvj?(?P<sharing>420|422|444)p(?:(?P<bits>9|10|12|14|16)le)?")
_SHARING = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}

Part = tuple[slice, slice]


def bit_depth(pixel_format: str) -> int:
    """Return the bits of one component: 10 for yuv420p10le and p010le, 16 for rgb48le; by default 8."""
    match = re.search(r"(\d+)(?:le|be)$", pixel_format)
    if match is None:
        return 8
    if pixel_format.startswith(("rgb", "bgr", "argb", "abgr")):
        return 16
    return int(match[1])


@dataclass(frozen=True, slots=True)
class Planes:
    """The three planes of frames of one format and size. Columns are counted in bytes."""

    pixel_format: str
    size: Size
    sharing: tuple[int, int]  # luma pixels per chroma pixel, across and down
    bit_depth: int
    aperture: Aperture | None = None  # where the picture of `size` lies in larger decoded frames

    @property
    def _frame(self) -> Size:
        return self.size if self.aperture is None else self.aperture.frame

    @property
    def _corner(self) -> tuple[int, int]:
        return (0, 0) if self.aperture is None else (self.aperture.x, self.aperture.y)

    def is_of(self, frame: VideoFrame) -> bool:
        """Return whether a decoded frame has this size and format."""
        return (frame.width, frame.height, frame.format.name) == (
            self._frame.width,
            self._frame.height,
            self.pixel_format,
        )

    @property
    def _sample_bytes(self) -> int:
        return 1 if self.bit_depth <= 8 else 2  # noqa: PLR2004 - bits of a byte

    def rejection_reason_of(self, frame: VideoFrame) -> str | None:
        """Return how a decoded frame differs from the film's facts, or None."""
        if (frame.width, frame.height) != (self._frame.width, self._frame.height):
            return "the picture has another size here"
        if frame.format.name != self.pixel_format:
            return "the picture has another format here"
        if frame.interlaced_frame:
            return "interlaced"
        return "a damaged frame" if frame.is_corrupt else None

    def of(self, frame: VideoFrame) -> list[NDArray[np.uint8]]:
        """Return a frame's planes, each (rows, bytes of a row), as views; valid as long as the frame."""
        whole = self.parts(Region(*self._corner, self.size.width, self.size.height))
        return [_bytes_of(plane)[part] for plane, part in zip(frame.planes, whole, strict=True)]

    def luma(self, frame: VideoFrame) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return the luma of a frame, (1, height, width), without copying."""
        rows = _bytes_of(frame.planes[0])[None]
        wide = rows if self._sample_bytes == 1 else rows.view("<u2")
        x, y = self._corner
        return wide[:, y : y + self.size.height, x : x + self.size.width]

    def parts(self, region: Region) -> list[Part]:
        """Return the place of a region in each plane of the picture: rows, and columns in bytes."""
        across, down = self.sharing
        return [_part(region, 1, 1, self._sample_bytes)] + 2 * [
            _part(region, across, down, self._sample_bytes)
        ]

    def size_bytes(self, size: Size) -> int:
        """Return the number of raw bytes of a part of this size."""
        parts = self.parts(Region(0, 0, size.width, size.height))
        return sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in parts)


def _bytes_of(plane: VideoPlane) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)


def _part(region: Region, across: int, down: int, sample_bytes: int) -> Part:
    """Return a region in one plane. The size of chroma is rounded up, as in libav."""
    right, bottom = -(-(region.x + region.width) // across), -(-(region.y + region.height) // down)
    left, top = region.x // across, region.y // down
    return slice(top, bottom), slice(left * sample_bytes, right * sample_bytes)


def aperture_of(
    pixel_format: str, shown: Size, decoded: Size, *, cropped_left: int, cropped_top: int
) -> Aperture | None:
    """Return where ffmpeg finds the picture in decoded frames; None for a format that only ffmpeg handles.

    As ffmpeg's filter `crop` does, the corner is moved to the next chroma pixel to its left and above.
    """
    match = _PLANAR.fullmatch(pixel_format)
    if match is None:
        return None
    across, down = _SHARING[match["sharing"]]
    x, y = cropped_left // across * across, cropped_top // down * down
    fits = x + shown.width <= decoded.width and y + shown.height <= decoded.height
    return Aperture(decoded, x, y) if fits else None


def layout_of(pixel_format: str, size: Sequence[int], aperture: Sequence[int] | None) -> Planes | None:
    """Return the memory layout from plain numbers, as in the order to a child; see `aperture_numbers`."""
    place = None if aperture is None else Aperture(Size(*aperture[:2]), *aperture[2:])
    return planes_of(pixel_format, Size(*size), place)


def aperture_numbers(aperture: Aperture | None) -> list[int] | None:
    """Return an aperture as [width, height, x, y]: those of the frame, and the picture's corner in it."""
    if aperture is None:
        return None
    return [aperture.frame.width, aperture.frame.height, aperture.x, aperture.y]


def planes_of(pixel_format: str, size: Size, aperture: Aperture | None = None) -> Planes | None:
    """Return the memory layout of a format, or None for a format that only ffmpeg handles."""
    match = _PLANAR.fullmatch(pixel_format)
    if match is None:
        return None
    return Planes(pixel_format, size, _SHARING[match["sharing"]], int(match["bits"] or 8), aperture)
