"""A drawn face that the embedded detector has to find: the self-test of a library that might find nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_gen.jobs.anime.model import RGB, Box

Colour = tuple[int, int, int]
Point = tuple[float, float]
_SKIN: Colour = (255, 224, 200)
_HAIR: Colour = (90, 60, 160)
_EYES: Colour = (40, 120, 60)
_DARK: Colour = (30, 20, 30)
_SCALE = 8
"""The drawing is this many times as large as the picture, which smooths its edges."""
SIZE = 256
FACE: Box = (64, 90, 192, 215)
"""Where the face is in the picture: between the ears, from the fringe to the chin."""


def drawn_face() -> RGB:
    """Return the picture, shape [256, 256, 3]."""
    import cv2

    unit = SIZE * _SCALE / 100  # the drawing's coordinates are percents of its width
    canvas = np.full((SIZE * _SCALE, SIZE * _SCALE, 3), (200, 215, 230), np.uint8)

    def points(corners: Sequence[Point]) -> np.ndarray:
        return np.array([[round(x * unit), round(y * unit)] for x, y in corners], np.int32)

    def polygon(colour: Colour, *corners: Point) -> None:
        cv2.fillPoly(canvas, [points(corners)], colour, cv2.LINE_AA)

    def ellipse(colour: Colour, at: Point, radii: Point) -> None:
        place, axes = points([at, radii])
        cv2.ellipse(canvas, tuple(place), tuple(axes), 0, 0, 360, colour, -1, cv2.LINE_AA)

    def arc(colour: Colour, at: Point, radii: Point, degrees: tuple[int, int]) -> None:
        place, axes = points([at, radii])
        cv2.ellipse(canvas, tuple(place), tuple(axes), 0, *degrees, colour, round(1.4 * unit), cv2.LINE_AA)

    ellipse(_HAIR, (50, 45), (34, 36))
    polygon(_HAIR, (16, 45), (84, 45), (80, 92), (20, 92))
    polygon(_SKIN, (42, 75), (58, 75), (60, 95), (40, 95))
    polygon(_SKIN, (26, 35), (74, 35), (75, 55), (68, 70), (50, 82), (32, 70), (25, 55))
    chin = points([(25, 55), (32, 70), (50, 82), (68, 70), (75, 55)])
    cv2.polylines(canvas, [chin], isClosed=False, color=(150, 130, 120), thickness=round(0.7 * unit))
    for x in (37, 63):
        ellipse((255, 255, 255), (x, 56), (7, 7.5))
        ellipse(_EYES, (x, 56), (5, 7.2))
        ellipse(_DARK, (x, 57), (2.4, 3.6))
        ellipse((255, 255, 255), (x - 1.8, 53), (1.6, 2))
        arc(_DARK, (x, 56), (7.5, 8), (190, 350))
    arc((150, 60, 60), (50, 72), (4, 1.6), (10, 170))
    polygon(
        _HAIR,
        *((20, 45), (24, 22), (50, 12), (76, 22), (80, 45), (72, 36)),
        *((68, 46), (60, 34), (52, 45), (46, 33), (38, 46), (32, 35)),
    )
    return np.asarray(cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)
