"""Sizes and regions in pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        """Return `1920x1080`."""
        return f"{self.width}x{self.height}"

    def even(self) -> Size:
        """Return the size without an odd last column and line; a side of one pixel stays."""
        return Size(max(1, self.width // 2 * 2), max(1, self.height // 2 * 2))


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A rectangle in pixels; `x` and `y` are its top left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        """The width and height of the region."""
        return Size(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Aperture:
    """The place of the picture in the decoder's frames, of which the container shows a part only.

    ffmpeg crops such frames, and a decoder alone does not.
    """

    frame: Size  # as decoded
    x: int
    y: int


def common(one: Region, other: Region) -> Region:
    """Return the part that two regions share; its width or height is negative or 0 if there is none."""
    left, top = max(one.x, other.x), max(one.y, other.y)
    right = min(one.x + one.width, other.x + other.width)
    bottom = min(one.y + one.height, other.y + other.height)
    return Region(left, top, right - left, bottom - top)


def whole(size: Size) -> Region:
    """Return the region that covers all of `size`."""
    return Region(0, 0, size.width, size.height)


def contains(outer: Region, inner: Region) -> bool:
    """Return whether `inner` is completely inside `outer` and not empty."""
    return (
        inner.width > 0
        and inner.height > 0
        and outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )
