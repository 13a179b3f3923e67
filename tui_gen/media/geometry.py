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
