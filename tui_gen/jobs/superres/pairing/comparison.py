"""Compares windows of a film and of a release frame by frame: exact offsets, placement, residual. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.pairing.frame_match import Match, NoMatch, Planes, blurred, match
from tui_gen.jobs.superres.pairing.pair_track import Axis, PairTrack, Placement, Segment
from tui_gen.jobs.superres.pairing.registration import (
    LEVELS,
    ROUGH_LEVELS,
    Plane,
    Registered,
    register,
    shift_between,
)
from tui_gen.jobs.superres.pairing.resampling import FilmPatch, ReleaseFrame, Shift, grid_of, resampled_plane
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region, Size, common

RATIO = 3
"""Pixels of the film's pictures, which are at most 768 wide, for one pixel of the grid of comparison."""
INSET = 2
SURE_DEVIATION = 0.1
"""A shift whose own uncertainty is larger, in pixels of the grid, says nothing."""
AGREEING_FRAMES = 0.6
ROUNDING = 1e-6
SLID_FRAMES = 2
"""Offsets by signatures are this exact."""


@dataclass(frozen=True, slots=True)
class Window:
    """The luma of consecutive frames of both at one place, and their times from the first PTS."""

    film: Planes
    film_seconds: tuple[float, ...]
    release: Planes
    release_seconds: tuple[float, ...]

    @property
    def middle(self) -> int:
        """The position of the film's middle frame."""
        return len(self.film) // 2

    def expected(self, track: PairTrack) -> int:
        """Return the position in the release of the partner of the film's first frame."""
        wanted = track.release_seconds(self.film_seconds[self.middle])
        nearest = int(np.argmin(np.abs(np.array(self.release_seconds) - wanted)))
        return nearest - self.middle


@dataclass(frozen=True, slots=True)
class Compared:
    """What the windows say together."""

    segments: tuple[Segment, ...]
    placement: Placement
    residual_pixels: float  # of the release
    correlation: float
    matching: int
    differing: int
    reason: str  # of a window that differs


def luma_of(pixels: NDArray[np.uint8]) -> Planes:
    """Return the luma of frames, (count, height, width, 3), BGR of 8 bits."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in pixels]).astype(np.float32)


def compared(track: PairTrack, picture: Region, film: ProbeFacts, windows: Sequence[Window]) -> Compared:
    """Compare windows. `picture` is the film's inside its bars, in upright pixels."""
    seen = _Seen.of(track, picture, film)
    pairs = [pair for part in _by_segment(track, windows) for pair in _most_alike(track, seen, part)]
    track = replace(track, placement=seen.register(pairs, track.placement).placement)
    grids = _grids(track, picture, film, windows)
    found = [_match(track, grid, window) for grid, window in zip(grids, windows, strict=True)]
    exact = [
        (window.film[window.middle], window.release[each.first + window.middle])
        for window, each in zip(windows, found, strict=True)
        if isinstance(each, Match) and not each.is_still
    ]
    if exact:
        track = replace(track, placement=seen.register(exact, track.placement).placement)
        grids = _grids(track, picture, film, windows)
        found = [_match(track, grid, window) for grid, window in zip(grids, windows, strict=True)]
    told = [
        (window, each)
        for window, each in zip(windows, found, strict=True)
        if isinstance(each, Match) and not each.is_still
    ]
    wrong = [each.reason for each in found if isinstance(each, NoMatch) and "still" not in each.reason]
    segments, agreeing = _exact_segments(track, told)
    residuals = [
        _residual(track, window, grid, each)
        for grid, window, each in zip(grids, windows, found, strict=True)
        if grid is not None and isinstance(each, Match) and not each.is_still
    ]
    return Compared(
        segments,
        track.placement,
        max(residuals, default=0.0),
        min((each.correlation for _, each in told), default=0.0),
        agreeing,
        len(wrong) + len(told) - agreeing,
        wrong[0] if wrong else "",
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """The parts of both frames inside the bars, as shares: bars would pull at the edges of the picture."""

    film: tuple[float, float, float, float]  # left, top, width, height
    release: tuple[float, float, float, float]

    @classmethod
    def of(cls, track: PairTrack, picture: Region, film: ProbeFacts) -> _Seen:
        """Return the parts of a film and of its release."""
        return cls(
            _shares(picture, film.even_upright), _shares(track.survey.picture, track.probe.even_upright)
        )

    def register(
        self, pairs: Sequence[tuple[Plane, Plane]], start: Placement, *, levels: Sequence[int] = LEVELS
    ) -> Registered:
        """Register whole frames by their parts."""
        parts = [(_part(film, self.film), _part(release, self.release)) for film, release in pairs]
        # A part begins and ends at whole pixels: the places of the parts are those that were cut.
        film, release = (
            _cut_shares(plane, part) for plane, part in zip(pairs[0], (self.film, self.release), strict=True)
        )
        inner = Placement(
            _inner(start.across, (film[0], film[2]), (release[0], release[2])),
            _inner(start.down, (film[1], film[3]), (release[1], release[3])),
        )
        found = register(parts, inner, levels=levels)
        outer = Placement(
            _outer(found.placement.across, (film[0], film[2]), (release[0], release[2])),
            _outer(found.placement.down, (film[1], film[3]), (release[1], release[3])),
        )
        return Registered(outer, found.correlation)


def _shares(part: Region, frame: Size) -> tuple[float, float, float, float]:
    return part.x / frame.width, part.y / frame.height, part.width / frame.width, part.height / frame.height


def _bounds(plane: Plane, part: tuple[float, float, float, float]) -> Region:
    """Return the whole pixels of a plane that lie in a part of it."""
    height, width = plane.shape
    left, top = ceil(part[0] * width - ROUNDING), ceil(part[1] * height - ROUNDING)
    right = floor((part[0] + part[2]) * width + ROUNDING)
    bottom = floor((part[1] + part[3]) * height + ROUNDING)
    return Region(left, top, right - left, bottom - top)


def _part(plane: Plane, part: tuple[float, float, float, float]) -> Plane:
    at = _bounds(plane, part)
    return plane[at.y : at.y + at.height, at.x : at.x + at.width]


def _cut_shares(plane: Plane, part: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return _shares(_bounds(plane, part), Size(plane.shape[1], plane.shape[0]))


def _inner(axis: Axis, film: tuple[float, float], release: tuple[float, float]) -> Axis:
    """Return an axis between parts, each given by its begin and its length."""
    begin, length = release
    return Axis(axis.scale * film[1] / length, (axis.of(film[0]) - begin) / length)


def _outer(axis: Axis, film: tuple[float, float], release: tuple[float, float]) -> Axis:
    """Return the axis between whole frames: the reverse of `_inner`."""
    begin, length = release
    scale = axis.scale * length / film[1]
    return Axis(scale, axis.shift * length + begin - scale * film[0])


def _by_segment(track: PairTrack, windows: Sequence[Window]) -> list[list[Window]]:
    parts: dict[Segment, list[Window]] = {}
    for window in windows:
        parts.setdefault(track.segment_at(window.film_seconds[window.middle]), []).append(window)
    return list(parts.values())


def _most_alike(track: PairTrack, seen: _Seen, windows: Sequence[Window]) -> list[tuple[Plane, Plane]]:
    """Return the middle frames of windows of one segment with their partners: all slid by the same frames.

    A camera that moves makes a wrong frame look like a wrong place. One place for windows with different
    movements fits the right frames alone.
    """
    best: list[tuple[Plane, Plane]] = []
    most = -2.0
    for slid in range(-SLID_FRAMES, SLID_FRAMES + 1):
        places = [window.expected(track) + window.middle + slid for window in windows]
        pairs = [
            (window.film[window.middle], window.release[min(max(0, place), len(window.release) - 1)])
            for window, place in zip(windows, places, strict=True)
        ]
        found = seen.register(pairs, track.placement, levels=ROUGH_LEVELS)
        if found.correlation > most:
            best, most = pairs, found.correlation
    return best


OnGrid = tuple[Planes, Planes]
"""The frames of a film and of a release on one grid, blurred."""


def _grids(
    track: PairTrack, picture: Region, film: ProbeFacts, windows: Sequence[Window]
) -> list[OnGrid | None]:
    return [_on_grid(track, picture, film, window) for window in windows]


def _match(track: PairTrack, on_grid: OnGrid | None, window: Window) -> Match | NoMatch:
    if on_grid is None:
        return NoMatch("the pictures do not overlap")
    return match(*on_grid, expected=window.expected(track))


def _on_grid(track: PairTrack, picture: Region, film: ProbeFacts, window: Window) -> OnGrid | None:
    """Return the frames of both on one grid, blurred; None if they have nothing in common."""
    _, height, width = window.film.shape
    size, upright = Size(width, height), film.even_upright
    part = common(picture, track.film_part(upright))
    left, top = -(-part.x * width // upright.width) + INSET, -(-part.y * height // upright.height) + INSET
    right = (part.x + part.width) * width // upright.width - INSET
    bottom = (part.y + part.height) * height // upright.height - INSET
    columns, rows = (right - left) // RATIO, (bottom - top) // RATIO
    if columns < 16 or rows < 16:  # noqa: PLR2004 - two blocks
        return None
    region = Region(left, top, columns * RATIO, rows * RATIO)
    frame = ReleaseFrame(track.probe.even_upright, track.survey.picture, track.placement)
    grid = grid_of(FilmPatch(size, region, RATIO), frame, Shift())
    cropped = window.film[:, top : top + region.height, left : left + region.width]
    small = [cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA) for plane in cropped]
    released = [resampled_plane(plane, grid) for plane in grid.part(window.release)]
    return blurred(np.stack(small).astype(np.float32)), blurred(np.stack(released))


def _residual(track: PairTrack, window: Window, on_grid: OnGrid, found: Match) -> float:
    """Return the shift that is left at a window, in pixels of the release; 0 if it cannot be told."""
    films, releases = on_grid
    shift = shift_between(list(films), list(releases[found.first : found.first + len(films)]))
    if shift is None or shift.deviation > SURE_DEVIATION:
        return 0.0
    size = Size(window.film.shape[2], window.film.shape[1])
    across, down = track.pixels_per_lr(size, RATIO)
    return float(np.hypot(shift.across * across, shift.down * down))


def _exact_segments(
    track: PairTrack, told: Sequence[tuple[Window, Match]]
) -> tuple[tuple[Segment, ...], int]:
    """Return the segments with exact offsets, and the number of windows that agree with theirs.

    A segment without a window that matches is none: scenes may be alike.
    """
    offsets: dict[Segment, list[float]] = {segment: [] for segment in track.segments}
    for window, found in told:
        at = window.film_seconds[window.middle]
        seconds = window.release_seconds[found.first + window.middle]
        offsets[track.segment_at(at)].append(seconds - track.rate * at)
    frame = track.probe.frame_seconds or 0.04
    segments, agreeing = [], 0
    for segment, found_there in offsets.items():
        if not found_there:
            continue
        offset = median(found_there)
        segments.append(replace(segment, offset_seconds=offset))
        agreeing += sum(abs(each - offset) < AGREEING_FRAMES * frame for each in found_there)
    return tuple(segments), agreeing
