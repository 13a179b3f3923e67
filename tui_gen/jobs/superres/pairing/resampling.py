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
    """The weights of one axis: those of the release's pixels from `first` on, for each LR pixel."""

    first: int
    weights: NDArray[np.float64]  # (LR pixels, release pixels), whole numbers; rows add up to 2^BITS


@dataclass(frozen=True, slots=True)
class Grid:
    """The LR pixels of a patch in the frame of a release."""

    across: Taps
    down: Taps

    def part(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Return the rows and columns that are read of frames, (count, height, width, ...)."""
        rows, columns = self.down.weights.shape[1], self.across.weights.shape[1]
        top, left = self.down.first, self.across.first
        return frames[:, top : top + rows, left : left + columns]


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
    lowest, highest = int(np.floor(at.min() - radius)) - 1, int(np.ceil(at.max() + radius)) + 1
    pixels = np.arange(lowest, highest + 1)
    weights = _cubic((pixels[np.newaxis] + 0.5 - at[:, np.newaxis]) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    # The pixels beyond the picture are those at its edge.
    clipped = np.clip(pixels, line.begin, line.end - 1)
    first, last = int(clipped[0]), int(clipped[-1])
    folded = np.zeros((len(at), last - first + 1))
    for column, pixel in enumerate(clipped):
        folded[:, pixel - first] += weights[:, column]
    whole = np.rint(folded * (1 << BITS))
    # Rounding leaves a few units too many or too few: the largest weight takes them.
    rows = np.arange(len(at))
    whole[rows, whole.argmax(axis=1)] += (1 << BITS) - whole.sum(axis=1)
    return Taps(first, whole)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    d = np.abs(distance)
    near = (_A + 2) * d * d * d - (_A + 3) * d * d + 1
    far = _A * d * d * d - 5 * _A * d * d + 8 * _A * d - 4 * _A
    found: NDArray[np.float64] = np.where(d <= 1, near, np.where(d < CUBIC_RADIUS, far, 0.0))
    return found


def resampled(part: NDArray[Any], grid: Grid) -> NDArray[np.uint8]:
    """Return the LR pixels, (height, width, 3), of the part that is read of a frame, of 8 bits."""
    values = part.astype(np.float64)
    channels = [
        grid.down.weights @ values[..., channel] @ grid.across.weights.T for channel in range(part.shape[2])
    ]
    sums = np.stack(channels, axis=-1)
    return np.clip(np.rint(sums / float(1 << 2 * BITS)), 0, 255).astype(np.uint8)


def resampled_plane(part: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the LR pixels of the part that is read of a plane, without rounding, for measuring."""
    down = (grid.down.weights / (1 << BITS)).astype(np.float32)
    across = (grid.across.weights / (1 << BITS)).astype(np.float32)
    return np.asarray(down @ part @ across.T, np.float32)
