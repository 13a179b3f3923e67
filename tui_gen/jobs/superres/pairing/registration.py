"""Finds where one picture lies in another: scale and shift on both axes, or a shift alone. Pure.

Gauss-Newton on pictures that are brought to one mean and one contrast, over several pictures at once:

    film g(u)  ~  release p(scale * u + shift)       from coarse pictures to fine ones

A picture counts where the other one has something: outside, it is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.pairing.pair_track import Axis, Placement

Plane = NDArray[np.float32]
Normal = NDArray[np.float64]

LEVELS = (48, 96, 192, 384, 768)
"""The widths at which pictures are registered, from coarse to fine."""
ROUGH_LEVELS = LEVELS[:3]
ITERATIONS = 12
CLOSE_ENOUGH = 2e-5
"""The change of a share of the frame at which a level ends: 0.015 pixels of 768."""
OUTLIER = 1.0
"""A difference of this many deviations counts half (Cauchy): logos and subtitles do not pull."""
BLUR_SIGMA = 0.8
LEAST_OVERLAP = 0.3
SHIFT_ITERATIONS = 6
RIM = 3
CORRELATED_PIXELS = 12.0
"""About this many neighbouring pixels have one noise after blurring: 4 pi sigma^2 at sigma 1."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A placement, and the mean correlation of the pictures under it."""

    placement: Placement
    correlation: float


def register(
    pairs: Sequence[tuple[Plane, Plane]], start: Placement, *, levels: Sequence[int] = LEVELS
) -> Registered:
    """Return the placement of all film pictures in their release pictures, from a rough one."""
    values = np.array([start.across.scale, start.across.shift, start.down.scale, start.down.shift])
    correlation = -1.0
    widest = min(min(film.shape[1], release.shape[1]) for film, release in pairs)
    for width in [level for level in levels if level <= widest] or [widest]:
        scaled = [_Level(_to_width(film, width), _to_width(release, width)) for film, release in pairs]
        for _ in range(ITERATIONS):
            change, correlation = _step(scaled, values)
            if change is None:
                return Registered(_placement(values), -1.0)
            values = values + change
            if np.abs(change).max() < CLOSE_ENOUGH:
                break
    return Registered(_placement(values), correlation)


def _placement(values: Normal) -> Placement:
    return Placement(Axis(float(values[0]), float(values[1])), Axis(float(values[2]), float(values[3])))


def _to_width(plane: Plane, width: int) -> Plane:
    height = max(8, round(plane.shape[0] * width / plane.shape[1]))
    smaller = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(smaller, (0, 0), BLUR_SIGMA).astype(np.float32)


class _Level:
    """The pictures of one pair at one width, and the slopes of the release's."""

    def __init__(self, film: Plane, release: Plane) -> None:
        self.film, self.release = film, release
        self.slopes = _slopes(release)


def _step(pairs: Sequence[_Level], values: Normal) -> tuple[Normal | None, float]:
    """Return the change of the four values, or None if the pictures do not overlap, and the correlation."""
    matrix, vector, found = np.zeros((4, 4)), np.zeros(4), list[float]()
    for pair in pairs:
        film, release = pair.film, pair.release
        height, width = film.shape
        u, v = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
        across, down = values[0] * u + values[1], values[2] * v + values[3]
        inside = ((down > 0) & (down < 1))[:, np.newaxis] & ((across > 0) & (across < 1))[np.newaxis]
        if inside.mean() < LEAST_OVERLAP:
            return None, -1.0
        columns = np.broadcast_to(across * release.shape[1] - 0.5, film.shape).astype(np.float32)
        rows = np.broadcast_to((down * release.shape[0] - 0.5)[:, np.newaxis], film.shape).astype(np.float32)
        warped, slope_x, slope_y = (
            cv2.remap(plane, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            for plane in (release, *pair.slopes)
        )
        wanted, there = film[inside].astype(np.float64), warped[inside].astype(np.float64)
        spread = float(there.std())
        if spread < 1e-3 or float(wanted.std()) < 1e-3:  # noqa: PLR2004 - a picture of one level
            return None, -1.0
        residual = _normal(wanted) - _normal(there)
        found.append(1.0 - float((residual * residual).mean()) / 2)
        dx = slope_x[inside] * release.shape[1] / spread
        dy = slope_y[inside] * release.shape[0] / spread
        at_u = np.broadcast_to(u[np.newaxis], film.shape)[inside]
        at_v = np.broadcast_to(v[:, np.newaxis], film.shape)[inside]
        jacobian = np.stack([dx * at_u, dx, dy * at_v, dy])
        jacobian -= jacobian.mean(axis=1, keepdims=True)
        weight = 1.0 / (1.0 + (residual / OUTLIER) ** 2)
        matrix += np.einsum("ip,jp->ij", jacobian * weight, jacobian)
        vector += np.einsum("ip,p->i", jacobian, weight * residual)
    change = np.linalg.lstsq(matrix, vector, rcond=None)[0].astype(np.float64)
    return np.clip(change, -0.05, 0.05), float(np.mean(found))


def _slopes(plane: Plane) -> tuple[Plane, Plane]:
    return (
        cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8).astype(np.float32),
        cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8).astype(np.float32),
    )


def _normal(values: Normal) -> Normal:
    normal: Normal = (values - values.mean()) / max(float(values.std()), 1e-9)
    return normal


# ------------------------------------------------------------------------------------- shift alone


@dataclass(frozen=True, slots=True)
class MeasuredShift:
    """How far a release lies right of and below the film, in pixels of the pictures, and how surely."""

    across: float
    down: float
    deviation: float  # standard deviation of the length, by the differences that are left

    @property
    def length(self) -> float:
        """The length of the shift."""
        return float(np.hypot(self.across, self.down))


@dataclass(slots=True)
class _Sums:
    """The normal equations of a shift: sums over the pixels of pictures or of their parts."""

    matrix: Normal = field(default_factory=lambda: np.zeros((2, 2)))
    vector: Normal = field(default_factory=lambda: np.zeros(2))
    squares: float = 0.0
    count: int = 0

    def add(self, other: _Sums) -> None:
        """Add the sums of other pixels."""
        self.matrix, self.vector = self.matrix + other.matrix, self.vector + other.vector
        self.squares, self.count = self.squares + other.squares, self.count + other.count

    def solved(self) -> MeasuredShift | None:
        """Return the shift, or None if the pixels do not tell it."""
        if np.linalg.det(self.matrix) <= 1e-9 * max(1e-9, float(np.trace(self.matrix))) ** 2:
            return None
        inverse = np.linalg.inv(self.matrix)
        across, down = inverse @ self.vector
        deviation = np.sqrt(np.trace(inverse) * self.squares / self.count * CORRELATED_PIXELS)
        return MeasuredShift(float(across), float(down), float(deviation))


def shift_between(films: Sequence[Plane], releases: Sequence[Plane]) -> MeasuredShift | None:
    """Return the shift that all pictures have in common; None if it cannot be told from the pictures.

    The pictures are of one size, blurred, and lie within a pixel or two of each other.
    """
    across = down = 0.0
    deviation = float("inf")
    for _ in range(SHIFT_ITERATIONS):
        pairs = zip(films, releases, strict=True)
        change = _sum(
            [part for one, other in pairs for part in _sums(one, _moved(other, across, down))]
        ).solved()
        if change is None:
            return None
        across, down, deviation = across + change.across, down + change.down, change.deviation
        if change.length < 1e-3:  # noqa: PLR2004 - a thousandth of a pixel
            break
    return MeasuredShift(across, down, deviation)


def shifts_left(
    films: Sequence[Plane], releases: Sequence[Plane]
) -> tuple[MeasuredShift | None, list[MeasuredShift]]:
    """Return the small shifts between pictures that were aligned: of all together, and those of the parts.

    Parts are each picture and each quarter of all pictures. Those that cannot be told are left out.
    """
    frames = [_sums(film, release) for film, release in zip(films, releases, strict=True)]
    parts = [*frames, *([frame[quarter] for frame in frames] for quarter in range(4))]
    whole = _sum([part for frame in frames for part in frame]).solved()
    return whole, [shift for part in parts if (shift := _sum(part).solved()) is not None]


def _sum(parts: Sequence[_Sums]) -> _Sums:
    total = _Sums()
    for part in parts:
        total.add(part)
    return total


def _sums(film: Plane, moved: Plane) -> list[_Sums]:
    """Return the sums of the quarters of two pictures, without their rim."""
    rim = slice(RIM, -RIM)
    spread_film, spread_moved = (max(float(plane[rim, rim].std()), 1e-9) for plane in (film, moved))
    residual = (film[rim, rim] - film[rim, rim].mean()) / spread_film
    residual = residual - (moved[rim, rim] - moved[rim, rim].mean()) / spread_moved
    # The mean of both slopes: noise in one picture does not shorten the step.
    mean: Plane = ((film / spread_film + moved / spread_moved) / 2).astype(np.float32)
    slope_x, slope_y = (slope[rim, rim] for slope in _slopes(mean))
    height, width = residual.shape
    found = []
    for rows in (slice(0, height // 2), slice(height // 2, height)):
        for columns in (slice(0, width // 2), slice(width // 2, width)):
            x, y, r = (
                plane[rows, columns].astype(np.float64).ravel() for plane in (slope_x, slope_y, residual)
            )
            xy = float((x * y).sum())
            matrix = np.array([[float((x * x).sum()), xy], [xy, float((y * y).sum())]])
            vector = np.array([float((x * r).sum()), float((y * r).sum())])
            found.append(_Sums(matrix, vector, float((r * r).sum()), r.size))
    return found


def _moved(plane: Plane, across: float, down: float) -> Plane:
    """Return a picture moved left by `across` and up by `down`."""
    if not across and not down:
        return plane
    height, width = plane.shape
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32) + np.float32(across),
        np.arange(height, dtype=np.float32) + np.float32(down),
    )
    return cv2.remap(plane, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(
        np.float32
    )
