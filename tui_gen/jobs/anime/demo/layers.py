"""Draws a character as layers: the hair behind it, its body, its head.

Coordinates are in hundredths of the width of a head with its hair, from the left and the top of the head: the
face is 48 wide and reaches from 35 to 82.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tui_gen.jobs.anime.demo.characters import (
    CHARACTERS,
    DARK,
    LINE,
    SHADE,
    SKIN,
    WHITE,
    Arms,
    Character,
    Colour,
    Kind,
    Mouth,
    darker,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]
FACE = (26.0, 35.0, 74.0, 82.0)
"""Left, top, right, bottom of the face."""
LEFT, TOP, RIGHT, BOTTOM = -40.0, 0.0, 140.0, 330.0
"""The extent of a drawing."""
UNIT = 3
"""Pixels of a drawing per unit."""
_SMOOTHING = 2
_SHIFT = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """A drawing with its opacity: uint8, shapes [height, width, 3] (RGB) and [height, width]."""

    rgb: NDArray[np.uint8]
    opacity: NDArray[np.uint8]
    left: int  # of the drawing, in pixels from the middle of the head
    top: int  # in pixels from the top of the head


class _Canvas:
    """Draws on colours and opacity at once."""

    def __init__(self, ground: Colour) -> None:
        self._unit = UNIT * _SMOOTHING
        shape = (int((BOTTOM - TOP) * self._unit), int((RIGHT - LEFT) * self._unit))
        # The ground has the colour of the edge that is smoothed with it.
        self._rgb = np.full((*shape, 3), ground, np.uint8)
        self._opacity = np.zeros(shape, np.uint8)

    def _fixed(self, points: Sequence[Point]) -> NDArray[np.int32]:
        scale = self._unit * (1 << _SHIFT)
        return np.array([[round((x - LEFT) * scale), round((y - TOP) * scale)] for x, y in points], np.int32)

    def polygon(self, colour: Colour, *corners: Point) -> None:
        points = self._fixed(corners)
        cv2.fillPoly(self._rgb, [points], colour, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self._opacity, [points], 255, cv2.LINE_AA, _SHIFT)

    def ellipse(self, colour: Colour, at: Point, radii: Point) -> None:
        place = self._fixed([at])[0]
        axes = [round(each * self._unit * (1 << _SHIFT)) for each in radii]
        for canvas, value in ((self._rgb, colour), (self._opacity, (255,))):
            cv2.ellipse(canvas, place, axes, 0, 0, 360, value, -1, cv2.LINE_AA, _SHIFT)

    def arc(self, colour: Colour, at: Point, radii: Point, degrees: tuple[int, int]) -> None:
        place = self._fixed([at])[0]
        axes = [round(each * self._unit * (1 << _SHIFT)) for each in radii]
        width = round(1.4 * self._unit)
        cv2.ellipse(self._rgb, place, axes, 0, *degrees, colour, width, cv2.LINE_AA, _SHIFT)

    def line(self, colour: Colour, *points: Point, width: float = 0.7) -> None:
        pixels = max(1, round(width * self._unit))
        self._strokes(self._rgb, points, colour, pixels)

    def limb(self, colour: Colour, *points: Point, width: float) -> None:
        pixels = round(width * self._unit)
        for canvas, value in ((self._rgb, colour), (self._opacity, (255,))):
            self._strokes(canvas, points, value, pixels)

    def _strokes(
        self, canvas: NDArray[np.uint8], points: Sequence[Point], value: tuple[int, ...], pixels: int
    ) -> None:
        corners = [self._fixed(points)]
        cv2.polylines(
            canvas, corners, isClosed=False, color=value, thickness=pixels, lineType=cv2.LINE_AA, shift=_SHIFT
        )

    def layer(self) -> Layer:
        size = (self._rgb.shape[1] // _SMOOTHING, self._rgb.shape[0] // _SMOOTHING)
        rgb, opacity = (
            np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA), np.uint8)
            for each in (self._rgb, self._opacity)
        )
        left, top, width, height = cv2.boundingRect(opacity)
        part = (slice(top, top + height), slice(left, left + width))
        middle = round((50 - LEFT) * UNIT)
        return Layer(rgb[part].copy(), opacity[part].copy(), left - middle, top)


@cache
def hair_behind(name: str) -> Layer:
    """Return the hair that falls behind a character's shoulders."""
    who = CHARACTERS[name]
    canvas = _Canvas(who.hair)
    if who.style == "long":
        canvas.polygon(who.hair, (17, 40), (83, 40), (92, 150), (78, 172), (50, 160), (22, 172), (8, 150))
    elif who.style == "tails":
        for side in (-1, 1):
            points = ((30, 20), (46, 34), (54, 80), (46, 128), (40, 90), (34, 50))
            canvas.polygon(who.hair, *((50 + side * x, y) for x, y in points))
    elif who.style == "bob":
        canvas.polygon(who.hair, (15, 42), (85, 42), (86, 92), (14, 92))
    else:
        canvas.polygon(who.hair, (18, 42), (82, 42), (78, 74), (22, 74))
    return canvas.layer()


@cache
def body(name: str, arms: Arms, kind: Kind) -> Layer:
    """Return neck, clothes, arms and legs."""
    who = CHARACTERS[name]
    canvas = _Canvas(who.clothes)
    canvas.polygon(SKIN, (42, 72), (58, 72), (61, 98), (39, 98))
    for side in (-1, 1):
        canvas.limb(SKIN, (50 + side * 11, 200), (50 + side * 12, 320), width=13)
        canvas.limb(who.clothes, *((50 + side * x, y) for x, y in _ARMS[arms][:2]), width=15)
        canvas.limb(SKIN, *((50 + side * x, y) for x, y in _ARMS[arms][1:]), width=10)
    canvas.polygon(who.clothes, (38, 93), (62, 93), (80, 102), (74, 165), (26, 165), (20, 102))
    canvas.polygon(who.skirt, (27, 160), (73, 160), (88, 222), (12, 222))
    for x in (24.0, 38.0, 52.0, 66.0):
        canvas.line(darker(who.skirt), (x + 12, 162), (x + 10, 220), width=1.2)
    if kind != "back":
        canvas.polygon(WHITE, (38, 93), (50, 112), (62, 93), (70, 100), (50, 126), (30, 100))
        canvas.polygon(who.tie, (50, 112), (64, 106), (64, 122), (50, 116), (36, 122), (36, 106))
    return canvas.layer()


_ARMS: dict[Arms, tuple[Point, ...]] = {
    "down": ((26, 106), (33, 140), (36, 185)),
    "up": ((26, 106), (48, 96), (56, 40)),
    "hip": ((26, 106), (52, 132), (28, 160)),
}


@cache
def head(name: str, mouth: Mouth, kind: Kind) -> Layer:
    """Return the head with the hair around it."""
    who = CHARACTERS[name]
    canvas = _Canvas(who.hair)
    canvas.ellipse(who.hair, (50, 45), (34, 36))
    if kind == "back":
        _draw_back(canvas, who)
    elif kind == "profile":
        _draw_profile(canvas, who)
    else:
        _draw_front(canvas, who, mouth)
    return canvas.layer()


def _draw_back(canvas: _Canvas, who: Character) -> None:
    lowest = {"long": 160.0, "tails": 78.0, "bob": 92.0, "short": 78.0}[who.style]
    canvas.polygon(who.hair, (16, 45), (84, 45), (80, lowest), (50, lowest + 6), (20, lowest))
    for x in (30.0, 42.0, 58.0, 70.0):
        canvas.line(darker(who.hair), (50 + (x - 50) * 0.6, 20), (x, lowest - 8), width=1.0)


def _draw_profile(canvas: _Canvas, who: Character) -> None:
    canvas.polygon(
        SKIN,
        (20, 38),
        (48, 36),
        (58, 70),
        (40, 84),
        (24, 80),
        (22, 74),
        (20, 70),
        (15, 64),
        (19, 57),
        (18, 48),
    )
    canvas.ellipse(who.eyes, (27, 56), (2.6, 7))
    canvas.ellipse(DARK, (26, 57), (1.4, 3.4))
    canvas.line(DARK, (21, 50), (26, 47), (33, 49), width=1.4)
    canvas.line((150, 60, 60), (21, 73), (27, 73), width=1.0)
    canvas.polygon(
        who.hair,
        (16, 44),
        (22, 20),
        (50, 9),
        (84, 30),
        (84, 76),
        (62, 90),
        (52, 70),
        (46, 44),
        (34, 38),
        (26, 47),
    )


def _draw_front(canvas: _Canvas, who: Character, mouth: Mouth) -> None:
    canvas.polygon(who.hair, (16, 45), (84, 45), (80, 80), (20, 80))
    canvas.polygon(SKIN, (26, 35), (74, 35), (75, 55), (68, 70), (50, 82), (32, 70), (25, 55))
    canvas.polygon(SHADE, (27, 36), (73, 36), (73, 42), (27, 42))
    canvas.line(darker(SHADE, 0.7), (25, 55), (32, 70), (50, 82), (68, 70), (75, 55))
    for x in (37.0, 63.0):
        canvas.ellipse(WHITE, (x, 56), (7, 7.5))
        canvas.ellipse(who.eyes, (x, 56), (5, 7.2))
        canvas.ellipse(DARK, (x, 57), (2.4, 3.6))
        canvas.ellipse(WHITE, (x - 1.8, 53), (1.6, 2))
        canvas.arc(DARK, (x, 56), (7.5, 8), (190, 350))
    if mouth == "open":
        canvas.ellipse((170, 60, 70), (50, 73), (3.4, 3))
    else:
        canvas.arc((150, 60, 60), (50, 72), (4, 1.6) if mouth == "closed" else (6, 3), (10, 170))
    canvas.line(LINE, (49.5, 66), (50.5, 66.5))
    canvas.polygon(
        who.hair,
        *((20, 45), (24, 22), (50, 12), (76, 22), (80, 45), (72, 36)),
        *((68, 46), (60, 34), (52, 45), (46, 33), (38, 46), (32, 35)),
    )
    if who.style in {"long", "bob"}:
        for side in (-1, 1):
            points = ((24, 34), (34, 40), (34, 84), (29, 92), (26, 70))
            canvas.polygon(who.hair, *((50 + side * x, y) for x, y in points))
