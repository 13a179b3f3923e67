"""Finds one eye's picture in the frames of a 3D film whose two pictures share each frame. Pure.

    side by side   ┌──────┬──────┐      top and bottom   ┌─────────────┐
                   │ left │ right│                       │    left     │
                   └──────┴──────┘                       ├─────────────┤
                                                         │    right    │
                                                         └─────────────┘

Each picture may have all its pixels, or half of them in one direction. The stated pixel aspect does not tell
which: Matroska states that of an eye, other files that of the frame, and muxers disagree. The picture of an
eye has the shape of a film, which tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region

Eye = Literal["left", "right"]

SIDE_BY_SIDE, TOP_AND_BOTTOM = "side by side", "top and bottom"
NARROWEST, WIDEST = Fraction(5, 4), Fraction(14, 5)
"""The shapes of films, from 4:3 to Ultra Panavision, with room for a crop."""
SEAM_PIXELS = 4
"""Left out beside the other eye's picture: filters and compression mix the two there."""


@dataclass(frozen=True, slots=True)
class EyeView:
    """The picture of one eye: its place in the upright frame, and the width of a pixel by its height."""

    region: Region
    aspect: Fraction


def eye_of(probe: ProbeFacts, eye: Eye) -> EyeView | None:
    """Return the picture of one eye, or None if the frames do not hold two pictures."""
    if refusal(probe) is not None or probe.stereo is None:
        return None
    frame = probe.upright
    is_first = (eye == "left") != probe.is_stereo_inverted
    if probe.stereo == SIDE_BY_SIDE:
        width = frame.width // 2
        region = Region(0 if is_first else frame.width - width, 0, width, frame.height)
    else:
        height = frame.height // 2
        region = Region(0, 0 if is_first else frame.height - height, frame.width, height)
    shape = Fraction(region.width, region.height) * probe.upright_aspect
    factor = Fraction(2) if shape < NARROWEST else Fraction(1, 2) if shape > WIDEST else Fraction(1)
    return EyeView(region, probe.upright_aspect * factor)


def refusal(probe: ProbeFacts) -> str | None:
    """Return why one eye's picture cannot be taken from a 3D film, or None."""
    if probe.stereo is None:
        return None
    if probe.stereo not in {SIDE_BY_SIDE, TOP_AND_BOTTOM}:
        return f"3D, {probe.stereo}: the pictures of its two eyes cannot be separated"
    return "3D, and its frames are turned" if probe.rotation_degrees else None


def picture_of_eye(view: EyeView, probe: ProbeFacts, picture: Region) -> Region:
    """Return the part of an eye's picture inside the bars; `picture` is that of the whole frame.

    Bars are found at the edges of the frame only. The bar of an eye at the seam is as wide as that of the
    other eye at the edge.
    """
    frame, eye = probe.upright, view.region
    left, top = picture.x, picture.y
    right, bottom = frame.width - picture.x - picture.width, frame.height - picture.y - picture.height
    if probe.stereo == SIDE_BY_SIDE:
        left, right = (left, max(right, SEAM_PIXELS)) if eye.x == 0 else (max(left, SEAM_PIXELS), right)
    else:
        top, bottom = (top, max(bottom, SEAM_PIXELS)) if eye.y == 0 else (max(top, SEAM_PIXELS), bottom)
    return Region(eye.x + left, eye.y + top, eye.width - left - right, eye.height - top - bottom)
