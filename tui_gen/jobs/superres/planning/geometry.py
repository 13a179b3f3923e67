"""Patch formats, and the scale and the crop of a film for a format. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tui_gen.media.geometry import Region, Size

NEARLY_SQUARE = Fraction(1, 500)
BORDER_LR_PIXELS = 4
"""Least margin around a crop in LR pixels: covers every kernel."""


@dataclass(frozen=True, slots=True)
class PatchFormat:
    """The sizes and names of one kind of patch. GT and LR have the same integer ratio on both axes."""

    name: str
    gt: Size
    lr: Size
    folder: str  # "Patches_Medium169", inside the category's folder
    suffix: str  # "_med169", before ".png" or ".webp"

    @property
    def ratio(self) -> int:
        """GT pixels per LR pixel on each axis (3 by default)."""
        return self.gt.width // self.lr.width


@dataclass(frozen=True, slots=True)
class Upright:
    """A film's picture as stored, with rotation applied. Its pixels may be non-square."""

    size: Size
    aspect: Fraction  # width of a pixel divided by its height
    picture: Region  # inside the bars, in pixels of `size`; all of it without bars
    across: int = 1  # the pictures side by side in a frame: two in some 3D films


@dataclass(frozen=True, slots=True)
class Fit:
    """The scale of a film for one format."""

    frame: Size  # the whole upright frame, bars included, with square pixels; both sides even
    picture: Region  # inside the bars, in pixels of `frame`, no bar pixel in it


def fit(upright: Upright, gt: Size) -> Fit | None:
    """Return the scale at which `gt` is cropped from a film, or None if it fits at no scale up to 1.

    The frame is 1920 wide (twice that with two pictures side by side), or as wide as the film if that is
    less, if `gt` then fits inside the bars. Otherwise it is the smallest frame in which `gt` fits. Exact: the
    width runs over the even numbers, the height follows.


        3840x2160, no bars, 540x540   -> 1920x1080
        3840x2160, 2.40:1, 1920x1080  -> 2592x1458, where the 1600 lines of picture are 1080
    """
    wide, high = _square(upright)
    widest = _even_floor(wide)
    preferred = min(1920 * upright.across, widest)
    for width in (preferred, *range(_narrowest(upright, gt), widest + 1, 2)):
        height = min(_even_nearest(width * high / wide), _even_floor(high))
        scaled = Fit(Size(width, height), _scaled_picture(upright, Size(width, height)))
        if _holds(scaled.picture, gt):
            return scaled
    return None


def square_if_nearly(aspect: Fraction) -> Fraction:
    """Return 1 for a pixel aspect that is nearly 1: frames of whole pixels are often no nearer to it."""
    return Fraction(1) if abs(aspect - 1) < NEARLY_SQUARE else aspect


def border_margin(ratios: Iterable[int]) -> int:
    """Return the margin around a crop that kernels may read at any of the ratios, in GT pixels.

    It is a whole number of LR pixels at each ratio: 12 at ratio 3, 24 at the ratios 2, 3 and 4.
    """
    known = tuple(ratios)
    least, step = BORDER_LR_PIXELS * max(known), math.lcm(*known)
    return -(-least // step) * step


def crop_area(picture: Region, gt: Size, margin: int) -> Region:
    """Return the part of `picture` to place a crop in: without `margin` on each axis that has room for it."""
    across = margin if picture.width - 2 * margin >= gt.width else 0
    down = margin if picture.height - 2 * margin >= gt.height else 0
    return Region(picture.x + across, picture.y + down, picture.width - 2 * across, picture.height - 2 * down)


def crop(area: Region, gt: Size, *, draw_x: Fraction, draw_y: Fraction) -> Region:
    """Place `gt` in `area`. The draws are in [0, 1); every place is equally likely."""
    x = area.x + int(draw_x * (area.width - gt.width + 1))
    y = area.y + int(draw_y * (area.height - gt.height + 1))
    return Region(x, y, gt.width, gt.height)


def _square(upright: Upright) -> tuple[Fraction, Fraction]:
    """Return width and height with square pixels, made by shrinking the denser axis."""
    return upright.size.width * min(Fraction(1), upright.aspect), upright.size.height / max(
        Fraction(1), upright.aspect
    )


def _narrowest(upright: Upright, gt: Size) -> int:
    """Return an even frame width that is not larger than the smallest width at which `gt` can fit.

    Rounding to even sizes can add up to a pixel on an axis, so the result is one step smaller.
    """
    wide, high = _square(upright)
    picture = upright.picture
    by_width = Fraction(gt.width * upright.size.width, picture.width)
    by_height = (Fraction(gt.height * upright.size.height, picture.height) - 1) * wide / high
    return max(2, _even_floor(max(by_width, by_height)))


def _scaled_picture(upright: Upright, frame: Size) -> Region:
    """Scale the picture region and round inwards: a pixel that is partly bar is not part of the picture."""
    picture, stored = upright.picture, upright.size
    left = -(-picture.x * frame.width // stored.width)
    top = -(-picture.y * frame.height // stored.height)
    right = (picture.x + picture.width) * frame.width // stored.width
    bottom = (picture.y + picture.height) * frame.height // stored.height
    return Region(left, top, right - left, bottom - top)


def _holds(picture: Region, gt: Size) -> bool:
    return picture.width >= gt.width and picture.height >= gt.height


def _even_floor(pixels: Fraction | int) -> int:
    return int(pixels // 2) * 2


def _even_nearest(pixels: Fraction) -> int:
    return max(2, round(pixels / 2) * 2)
