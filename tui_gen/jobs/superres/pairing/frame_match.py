"""Decides which frames of a release are those of a clip, from both as pictures on one grid. Pure.

    film       g0 g1 g2 g3 g4 g5 g6
    release  ... p p p p p p p p p p p p ...     slid by -5 .. 5 frames around the expected place

The distance of two frames is the mean square of the difference of their pictures, each brought to mean 0 and
deviation 1: 2 - 2 x correlation. A clip matches at the place with the least distance, if

    it is alike there       the mean correlation is at least LEAST_CORRELATION
    it is nowhere else      one frame earlier and one frame later the distance is clearly larger: by RATIO,
                            and in the mean of its ratios of blocks by SURE_DEVIATIONS of chance
    no frame is elsewhere   no single frame fits another frame nearby clearly better

A clip whose frames are all the same, in the film and in the release, matches everywhere, and passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]
"""Pictures of luma, (count, height, width), on the levels 0 to 255."""

SPREAD = 5
"""The most frames by which a clip is looked for around its expected place."""
LEAST_CORRELATION = 0.8
RATIO, STRAY_RATIO = 1.05, 1.15
SURE_DEVIATIONS = 4.0
BLOCK = 8
SAME_LEVELS = 1.0
"""Blocks of frames of a film that are the same differ by less than this in their means."""
SAME_RATIO, SAME_DISTANCE = 1.1, 0.01
"""Frames of a release that are the same are equally far from a frame of the film, but for noise: within this
ratio and this distance."""
SAME_BLOCK = 0.5
BLUR_SIGMA = 1.0
LEAST_DISTANCE, LEAST_SPREAD = 1e-4, 0.02
NORMAL_MEDIAN = 0.6745
"""The median distance from the middle, in standard deviations of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Match:
    """The frames of a release that are those of a clip."""

    first: int  # position of the first frame's partner
    slid: int  # frames from the expected place: negative if the release is earlier
    correlation: float  # mean of all frames
    next_ratio: float  # distance one frame away divided by that here, the smaller of both
    is_still: bool = False  # all frames are the same


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why no frames of a release are surely those of a clip."""

    reason: str


def blurred(planes: Planes) -> Planes:
    """Return the pictures with the finest detail and noise removed, in which releases differ most."""
    return np.stack([cv2.GaussianBlur(plane, (0, 0), BLUR_SIGMA) for plane in planes]).astype(np.float32)


def match(film: Planes, release: Planes, *, expected: int, step: int = 1) -> Match | NoMatch:
    """Find the partners of a clip's frames among consecutive frames of a release; both are blurred.

    `expected` is the position of the first frame's partner. The partners are `step` frames apart.
    """
    distances = _Distances(film, release, step)
    tried = [
        first
        for first in range(expected - SPREAD, expected + SPREAD + 1)
        if first >= 0 and first + distances.span <= len(release)
    ]
    if not tried:
        return NoMatch("the release has no frames there")
    means = {first: distances.mean(first) for first in tried}
    best = min(tried, key=lambda first: (means[first], abs(first - expected)))
    correlation = 1.0 - means[best] / 2
    if correlation < LEAST_CORRELATION:
        return NoMatch(f"the release differs: correlation {correlation:.2f}, under {LEAST_CORRELATION:g}")
    still = expected if expected in means else best
    if distances.are_same(still):
        return Match(still, still - expected, 1.0 - means[still] / 2, 1.0, is_still=True)
    found = Match(best, best - expected, correlation, _next_ratio(means, best))
    reason = _doubt(distances, means, found)
    return found if reason is None else NoMatch(reason)


def _next_ratio(means: Mapping[int, float], best: int) -> float:
    near = [means[first] for first in (best - 1, best + 1) if first in means]
    return min(near, default=0.0) / max(means[best], 1e-9)


def _doubt(distances: _Distances, means: Mapping[int, float], found: Match) -> str | None:
    """Return why the place of a clip that moves is not sure, or None."""
    neighbours = (found.first - 1, found.first + 1)
    if not all(first in means for first in neighbours):
        return f"the release is {abs(found.slid)} frames off its place, or more"
    is_clear = found.next_ratio >= RATIO
    if not is_clear or not all(distances.is_surely_worse(first, found.first) for first in neighbours):
        return f"still picture: one frame away it fits as well (distances as 1 to {found.next_ratio:.2f})"
    strayed = distances.strayed(found.first)
    return None if strayed is None else f"frame {strayed + 1} of the clip is doubled or left out"


class _Distances:
    """The distances of the frames of a clip from those of a release, also by blocks of the picture."""

    def __init__(self, film: Planes, release: Planes, step: int) -> None:
        self._film, self._release, self._step = _normal(film), _normal(release), step
        self._means = _block_means(film)
        self._blocks: dict[tuple[int, int], NDArray[np.float64]] = {}

    @property
    def span(self) -> int:
        """The frames of the release from the first partner to the last."""
        return (len(self._film) - 1) * self._step + 1

    def mean(self, first: int) -> float:
        """Return the mean distance of the clip at a place."""
        return float(self._at(first).mean())

    def is_surely_worse(self, other: int, best: int) -> bool:
        """Return whether a place is worse than another one beyond chance."""
        return _is_surely_larger(self._at(other), self._at(best))

    def strayed(self, first: int) -> int | None:
        """Return a frame of the clip that fits a neighbour of its partner clearly better, or None."""
        for position in range(len(self._film)):
            partner = first + position * self._step
            here = self._block(position, partner)
            for other in range(max(0, partner - 2), min(len(self._release), partner + 3)):
                there = self._block(position, other)
                if other == partner or here.mean() < STRAY_RATIO * there.mean():
                    continue
                if _is_surely_larger(here, there):
                    return position
        return None

    def are_same(self, first: int) -> bool:
        """Return whether all frames of the clip are the same, and so are the frames of the release there."""
        if np.abs(self._means - self._means[0]).max() >= SAME_LEVELS:
            return False
        partners = range(max(0, first - 1), min(len(self._release), first + self.span + 1))
        blocks = np.stack([self._block(0, partner) for partner in partners])
        distances = blocks.mean(axis=1)
        is_alike = distances.max() <= SAME_RATIO * distances.min() + SAME_DISTANCE
        return bool(is_alike and np.abs(blocks - np.median(blocks, axis=0)).max() < SAME_BLOCK)

    def _at(self, first: int) -> NDArray[np.float64]:
        """Return the distance of the clip at a place, for each block."""
        found: Sequence[NDArray[np.float64]] = [
            self._block(position, first + position * self._step) for position in range(len(self._film))
        ]
        mean: NDArray[np.float64] = np.mean(found, axis=0)
        return mean

    def _block(self, position: int, partner: int) -> NDArray[np.float64]:
        key = position, partner
        if key not in self._blocks:
            difference = self._film[position] - self._release[partner]
            self._blocks[key] = _block_means((difference * difference)[np.newaxis])[0]
        return self._blocks[key]


def _normal(planes: Planes) -> Planes:
    flat = planes.reshape(len(planes), -1)
    mean = flat.mean(axis=1)[:, np.newaxis, np.newaxis]
    deviation = np.maximum(flat.std(axis=1), 1e-3)[:, np.newaxis, np.newaxis]
    normal: Planes = ((planes - mean) / deviation).astype(np.float32)
    return normal


def _block_means(planes: Planes) -> NDArray[np.float64]:
    """Return the means of the blocks of each picture, (count, blocks); an incomplete block is left out."""
    count, height, width = planes.shape
    rows, columns = max(1, height // BLOCK), max(1, width // BLOCK)
    across, down = min(BLOCK, width), min(BLOCK, height)
    part = planes[:, : rows * down, : columns * across].astype(np.float64)
    blocks = part.reshape(count, rows, down, columns, across).mean(axis=(2, 4))
    found: NDArray[np.float64] = blocks.reshape(count, -1)
    return found


def _is_surely_larger(distances: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Return whether the distances of blocks are larger than others beyond chance.

    What moves may be in few blocks. The spread of the other blocks, which is noise, decides what chance is.
    """
    ratios = np.log((distances + LEAST_DISTANCE) / (others + LEAST_DISTANCE))
    spread = float(np.median(np.abs(ratios - np.median(ratios)))) / NORMAL_MEDIAN
    deviation = max(spread, LEAST_SPREAD) / float(np.sqrt(len(ratios)))
    return bool(float(ratios.mean()) > SURE_DEVIATIONS * deviation)
