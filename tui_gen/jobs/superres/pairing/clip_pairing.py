"""Makes the LR of a patch from frames of a release, or says why they are not surely those of the patch. Pure.

    GT, shrunk ──┬─ frame_match: which frames ─> shift_between: where ─> resampled once ─┬─> LR of the release
    release ─────┘                                                                       └─> measured again

Guards: nothing passes unmeasured. The residual is that of the frames that are written: of the whole clip, of
each frame and of each quarter of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.file_kinds import FileKind
from tui_gen.jobs.superres.extraction.patches import lr_frames, stacked
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, ReleaseFrames
from tui_gen.jobs.superres.extraction.reading.views import reach
from tui_gen.jobs.superres.pairing.comparison import luma_of
from tui_gen.jobs.superres.pairing.frame_match import Match, NoMatch, Planes, blurred, match
from tui_gen.jobs.superres.pairing.pair_track import PairTrack
from tui_gen.jobs.superres.pairing.registration import shift_between, shifts_left
from tui_gen.jobs.superres.pairing.resampling import (
    FilmPatch,
    Grid,
    ReleaseFrame,
    Shift,
    grid_of,
    resampled,
    resampled_plane,
)
from tui_gen.jobs.superres.units import Cut

MOST_SHIFT = 1.0
"""A patch whose place in the release is farther off than this, in LR pixels, is not refined but rejected."""
SHIFT_STEPS = 64
"""A patch is moved by whole parts of this of an LR pixel: the same on every machine."""
SURE_SHARE = 0.5
"""A shift counts if its own deviation is at most this share of the limit."""
Image = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class PairedPatch:
    """The images of a patch that are made of a release, and what was measured."""

    arrays: Mapping[FileKind, Image]
    record: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NotPaired:
    """Why a patch has no LR of the release."""

    reason: str


def paired_patch(track: PairTrack, clip: ClipFrames, cut: Cut, settings: Settings) -> PairedPatch | NotPaired:
    """Return the LR of a patch made of the release's frames in `clip.release`, or why there is none."""
    if clip.release is None:
        return NotPaired("pair: no frames of the release were read")
    step, middle = settings.frame_step, settings.clip_shape.middle
    films = _film_planes(clip, cut, settings)
    release, wanted = clip.release, track.release_seconds(clip.pts_seconds[middle])
    expected = int(np.argmin(np.abs(np.array(release.pts_seconds) - wanted))) - middle * step
    found = match(films, _release_planes(release, _grid(track, cut, Shift())), expected=expected, step=step)
    if isinstance(found, NoMatch):
        return NotPaired(f"pair: {found.reason}")
    last = found.first + (len(films) - 1) * step
    frames = release.pixels[found.first : last + 1 : step]
    partners = ReleaseFrames(frames, release.pts_seconds[found.first : last + 1 : step])
    return _placed(track, cut, settings, (films, partners, found))


def _placed(
    track: PairTrack, cut: Cut, settings: Settings, matched: tuple[Planes, ReleaseFrames, Match]
) -> PairedPatch | NotPaired:
    """Find the exact place of matched frames, resample them, and measure what is left."""
    films, partners, found = matched
    limit = settings.pair_max_residual
    off = shift_between(list(films), list(_release_planes(partners, _grid(track, cut, Shift()))))
    if off is None or off.deviation > SURE_SHARE * limit:
        return NotPaired("pair: too little detail to measure its place")
    if off.length > MOST_SHIFT:
        return NotPaired(f"pair: it lies {off.length:.2f} LR pixels off, over {MOST_SHIFT:g}")
    shift = Shift(_stepped(off.across), _stepped(off.down))
    grid = _grid(track, cut, shift)
    whole, parts = shifts_left(list(films), list(_release_planes(partners, grid)))
    if whole is None:
        return NotPaired("pair: too little detail to measure what is left")
    # A part counts if it tells its shift surely.
    sure = [part.length for part in parts if part.deviation <= SURE_SHARE * limit / 2]
    residual = max([whole.length, *sure])
    if residual > limit:
        return NotPaired(f"pair: residual {residual:.2f} LR pixels, over {limit:g}")
    tiles = [resampled(part, grid) for part in grid.part(partners.pixels)]
    record = {
        "shift": [shift.across, shift.down],
        "residual": round(residual, 4),
        "correlation": round(found.correlation, 4),
        "slid_frames": found.slid,
        "next_ratio": round(found.next_ratio, 3),
        "is_still": found.is_still,
        "pts": [round(seconds + track.probe.first_pts_seconds, 6) for seconds in partners.pts_seconds],
    }
    return PairedPatch({kind: stacked(tiles, kind.frames) for kind in settings.pair_kinds}, record)


def _grid(track: PairTrack, cut: Cut, shift: Shift) -> Grid:
    frame = ReleaseFrame(track.probe.even_upright, track.survey.picture, track.placement)
    return grid_of(FilmPatch(cut.frame, cut.region, cut.format.ratio), frame, shift)


def _film_planes(clip: ClipFrames, cut: Cut, settings: Settings) -> Planes:
    view = clip.view(cut.frame, reach(cut, settings))
    tiles = lr_frames(view.pixels, cut, settings=settings, area=view.area)
    return blurred(luma_of(np.stack(tiles).astype(np.uint8)))


def _release_planes(release: ReleaseFrames, grid: Grid) -> Planes:
    part = luma_of(np.ascontiguousarray(grid.part(release.pixels)).astype(np.uint8, copy=False))
    return blurred(np.stack([resampled_plane(plane, grid) for plane in part]))


def _stepped(value: float) -> float:
    return round(value * SHIFT_STEPS) / SHIFT_STEPS
