"""Drawn characters for the tests of models: faces with hair, a neck, a body, under changing light."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.anime.model import Box

RGB = NDArray[np.uint8]
Colour = tuple[int, int, int]
HAIRS: tuple[Colour, ...] = (
    (35, 30, 40),  # black
    (110, 70, 45),  # brown
    (240, 210, 120),  # blonde
    (190, 50, 50),  # red
    (245, 160, 190),  # pink
    (90, 60, 160),  # purple
    (60, 90, 190),  # blue
    (70, 140, 80),  # green
    (235, 235, 240),  # white
    (235, 140, 50),  # orange
)
EYES: tuple[Colour, ...] = ((40, 120, 60), (50, 90, 200), (180, 40, 40), (110, 60, 30), (120, 50, 160))
CLOTHES: tuple[Colour, ...] = ((40, 50, 90), (200, 60, 60), (240, 240, 240), (60, 110, 70), (120, 120, 130))


@dataclass(frozen=True)
class Character:
    """How a character looks in every scene."""

    hair: Colour
    eyes: Colour
    clothes: Colour
    skin: Colour = (255, 224, 200)
    hair_length: float = 92.0  # in percents of the face's drawing: 70 to 130
    fringe: int = 3  # number of its points


@dataclass(frozen=True)
class Light:
    """What the light of a scene does to all colours."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lift: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where a character stands: the left upper corner and the width of the drawing of the head, in pixels."""

    left: int
    top: int
    width: int
    look: float = 0.0  # to the side, -1 to 1

    @property
    def face(self) -> Box:
        """The box of the face: as wide as between the ears, from the fringe to the chin."""
        unit = self.width / 100
        edges = (self.left + 25 * unit, self.top + 34 * unit, self.left + 75 * unit, self.top + 84 * unit)
        left, top, right, bottom = (round(edge) for edge in edges)
        return (left, top, right, bottom)


def characters(count: int) -> list[Character]:
    """Return that many different characters."""
    chance = random.Random(7)
    looks = [(hair, eyes) for hair in HAIRS for eyes in EYES]
    chance.shuffle(looks)
    return [
        Character(
            hair, eyes, chance.choice(CLOTHES), hair_length=chance.choice((72, 92, 125)), fringe=2 + at % 4
        )
        for at, (hair, eyes) in enumerate(looks[:count])
    ]


def backdrop(width: int, height: int, seed: int) -> RGB:
    """Return a soft landscape of two colours with some shapes."""
    chance = random.Random(seed)
    top, bottom = ([chance.randint(60, 240) for _ in range(3)] for _ in range(2))
    ramp = np.linspace(0, 1, height)[:, None, None]
    picture = np.ascontiguousarray(
        np.broadcast_to(np.array(top) * (1 - ramp) + np.array(bottom) * ramp, (height, width, 3)), np.float32
    ).astype(np.uint8)
    for _ in range(6):
        corner = (chance.randrange(width), chance.randrange(height))
        size = (chance.randint(width // 20, width // 4), chance.randint(height // 20, height // 3))
        colour = [chance.randint(40, 240) for _ in range(3)]
        end = (corner[0] + size[0], corner[1] + size[1])
        cv2.rectangle(picture, corner, end, colour, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)


def draw(picture: RGB, character: Character, place: Place) -> None:
    """Draw a character into a picture: head, neck and a body down to the picture's end."""
    unit, shift = place.width / 100, 8
    fine = 1 << shift

    def points(*corners: tuple[float, float]) -> NDArray[np.int32]:
        return np.array(
            [
                [round((place.left + x * unit) * fine), round((place.top + y * unit) * fine)]
                for x, y in corners
            ],
            np.int32,
        )

    def polygon(colour: Colour, *corners: tuple[float, float]) -> None:
        cv2.fillPoly(picture, [points(*corners)], colour, cv2.LINE_AA, shift)

    def ellipse(colour: Colour, x: float, y: float, width: float, height: float) -> None:
        turns = np.linspace(0, 2 * np.pi, 60)
        polygon(colour, *((x + width * np.cos(turn), y + height * np.sin(turn)) for turn in turns))

    def line(colour: Colour, thickness: float, *corners: tuple[float, float]) -> None:
        width = max(1, round(thickness * unit))
        cv2.polylines(
            picture,
            [points(*corners)],
            isClosed=False,
            color=colour,
            thickness=width,
            lineType=cv2.LINE_AA,
            shift=shift,
        )

    hair, skin, dark = character.hair, character.skin, (30, 20, 30)
    shade = (round(skin[0] * 0.6), round(skin[1] * 0.6), round(skin[2] * 0.6))
    turn = 4 * place.look
    low = character.hair_length
    ellipse(hair, 50, 45, 34, 36)
    polygon(hair, (16, 45), (84, 45), (82, low), (18, low))
    polygon(character.clothes, (40, 96), (60, 96), (95, 110), (105, 700), (-5, 700), (5, 110))
    polygon(skin, (42, 75), (58, 75), (60, 98), (50, 104), (40, 98))
    chin = ((25, 55), (32, 70), (50 + turn, 82), (68, 70), (75, 55))
    polygon(skin, (26, 35), (74, 35), *reversed(chin))
    line(shade, 0.7, *chin)
    for x in (37 + turn, 63 + turn):
        ellipse((255, 255, 255), x, 56, 7, 7.5)
        ellipse(character.eyes, x, 56, 5, 7.2)
        ellipse(dark, x, 57, 2.4, 3.6)
        ellipse((255, 255, 255), x - 1.8, 53, 1.6, 2)
        lid = [(x + 7.5 * np.cos(turn_), 56 + 8 * np.sin(turn_)) for turn_ in np.linspace(3.3, 6.1, 20)]
        line(dark, 1.6, *lid)
        line(dark, 1.0, (x - 6, 43), (x + 6, 42.5))
    line((150, 110, 100), 0.7, (50 + 1.5 * turn, 66), (49.3 + 1.5 * turn, 67))
    line((150, 60, 60), 0.8, (46 + turn, 72), (50 + turn, 73.5), (54 + turn, 72))
    waves = np.linspace(80, 20, 2 * character.fringe + 1)
    points_of_fringe = [(x, 46.0 if at % 2 else 33.0) for at, x in enumerate(waves)]
    polygon(hair, (20, 50), (24, 22), (50, 10), (76, 22), (80, 50), *points_of_fringe)


def lit(picture: RGB, light: Light) -> RGB:
    """Return the picture under a light."""
    bright = picture * np.array(light.gain) + light.lift
    return np.asarray(np.clip(bright, 0, 255), np.uint8)


def some_light(seed: int) -> Light:
    """Return one of the lights of a series: day, evening, night, indoors."""
    chance = random.Random(seed)
    gain = chance.uniform(0.6, 1.05)
    tint = [gain * chance.uniform(0.85, 1.1) for _ in range(3)]
    return Light((tint[0], tint[1], tint[2]), chance.uniform(0, 20))
