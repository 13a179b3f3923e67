"""Resamples a release onto the LR grid of a patch, once and defined exactly. Pure.

    LR pixel i covers GT pixels ratio * i .. ratio * (i + 1) of the patch; its centre is in their middle. The
    placement maps the centre to the release, where `step` pixels lie between two centres.

    weight of release pixel j for the centre c    cubic((j + 0.5 - c) / max(1, step)), a = -0.5, normalised

Invariant: weights are whole numbers over 2^20, so every product and every sum is a whole number that a
float64 represents, and the only rounding is the `rint` at the end. Beyond the picture, its last pixel is
repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.pairing.pair_track import Axis, Placement
from tui_gen.media.geometry import Region, Size

BITS = 20
CUBIC_RADIUS = 2
_A = -0.5


@dataclass(frozen=True, slots=True)
class Taps:
    """The pixels of the release that each LR pixel of one axis is made of, and their weights."""

    first: int  # of the release's pixels that are read
    last: int
    places: NDArray[np.intp]  # (LR pixels, taps), counted from `first`
    weights: NDArray[np.float64]  # (LR pixels, taps), whole numbers; rows add up to 2^BITS


@dataclass(frozen=True, slots=True)
class Grid:
    """The LR pixels of a patch in the frame of a release."""

    across: Taps
    down: Taps

    def part(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Return the rows and columns that are read of frames, (count, height, width, ...)."""
        rows = slice(self.down.first, self.down.last + 1)
        return frames[:, rows, self.across.first : self.across.last + 1]


@dataclass(frozen=True, slots=True)
class Shift:
    """A movement on the LR grid, in LR pixels."""

    across: float = 0.0
    down: float = 0.0


@dataclass(frozen=True, slots=True)
class ReleaseFrame:
    """The frame of a release: its size, the part that may be read, and the place of the film's picture."""

    size: Size
    picture: Region
    placement: Placement


@dataclass(frozen=True, slots=True)
class FilmPatch:
    """A patch of a film: its region in the film's frame of a size, and GT pixels per LR pixel."""

    frame: Size
    region: Region
    ratio: int


@dataclass(frozen=True, slots=True)
class _Line:
    """One axis of a release: the place of the film on it, its length, and the pixels that may be read."""

    axis: Axis
    length: int
    begin: int
    end: int


def grid_of(patch: FilmPatch, release: ReleaseFrame, shift: Shift) -> Grid:
    """Return the grid of a patch; `shift`: its picture lies so much farther right and down in the release."""
    at, seen, ratio = patch.region, release.picture, patch.ratio
    return Grid(
        _taps(
            _centres(at.x, at.width // ratio, ratio, shift.across) / patch.frame.width,
            _Line(release.placement.across, release.size.width, seen.x, seen.x + seen.width),
            ratio / patch.frame.width,
        ),
        _taps(
            _centres(at.y, at.height // ratio, ratio, shift.down) / patch.frame.height,
            _Line(release.placement.down, release.size.height, seen.y, seen.y + seen.height),
            ratio / patch.frame.height,
        ),
    )


def _centres(first: int, count: int, ratio: int, shift: float) -> NDArray[np.float64]:
    """Return the centres of the LR pixels in pixels of the film's frame, whose first pixel is 0 to 1."""
    centres: NDArray[np.float64] = first + ratio * (np.arange(count, dtype=np.float64) + 0.5 + shift)
    return centres


def _taps(centres: NDArray[np.float64], line: _Line, spacing: float) -> Taps:
    """Return the weights at centres, given as shares of the film's frame and `spacing` apart."""
    at = (line.axis.scale * centres + line.axis.shift) * line.length
    step = spacing * line.axis.scale * line.length
    width = max(1.0, step)
    radius = CUBIC_RADIUS * width
    # Pixel j has its centre at j + 0.5.
    begin = np.floor(at - radius - 0.5).astype(np.intp)
    pixels = begin[:, np.newaxis] + np.arange(int(np.ceil(2 * radius)) + 2)
    weights = _cubic((pixels + 0.5 - at[:, np.newaxis]) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    whole = np.rint(weights * (1 << BITS))
    # Rounding leaves a few units too many or too few: the largest weight takes them.
    rows = np.arange(len(at))
    whole[rows, whole.argmax(axis=1)] += (1 << BITS) - whole.sum(axis=1)
    # The pixels beyond the picture are those at its edge.
    inside = np.clip(pixels, line.begin, line.end - 1)
    first = int(inside.min())
    return Taps(first, int(inside.max()), inside - first, whole)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    d = np.abs(distance)
    near = (_A + 2) * d * d * d - (_A + 3) * d * d + 1
    far = _A * d * d * d - 5 * _A * d * d + 8 * _A * d - 4 * _A
    found: NDArray[np.float64] = np.where(d <= 1, near, np.where(d < CUBIC_RADIUS, far, 0.0))
    return found


def resampled(part: NDArray[Any], grid: Grid) -> NDArray[np.uint8]:
    """Return the LR pixels, (height, width, 3), of the part that is read of a frame, of 8 bits."""
    sums = _weighed(part.astype(np.float64), grid)
    return np.clip(np.rint(sums / float(1 << 2 * BITS)), 0, 255).astype(np.uint8)


def resampled_plane(part: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the LR pixels of the part that is read of a plane, without rounding, for measuring."""
    return (_weighed(part.astype(np.float64), grid) / float(1 << 2 * BITS)).astype(np.float32)


def _weighed(values: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Return the weighted sums over rows and columns. Tap by tap: no library with threads of its own."""
    down, across = grid.down, grid.across
    extra = (np.newaxis,) * (values.ndim - 1)
    rows = np.zeros((len(down.places), *values.shape[1:]))
    for tap in range(down.places.shape[1]):
        rows += down.weights[:, tap][(slice(None), *extra)] * values[down.places[:, tap]]
    sums = np.zeros((rows.shape[0], len(across.places), *rows.shape[2:]))
    for tap in range(across.places.shape[1]):
        weights = across.weights[:, tap][(np.newaxis, slice(None), *extra[1:])]
        sums += weights * rows[:, across.places[:, tap]]
    return sums
