"""The characters of the drawn episodes: clearly different hair, eyes and clothes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colour = tuple[int, int, int]
"""Red, green, blue."""
Style = Literal["long", "short", "tails", "bob"]
Kind = Literal["front", "profile", "back"]
Mouth = Literal["closed", "open", "smile"]
Arms = Literal["down", "up", "hip"]


@dataclass(frozen=True, slots=True)
class Character:
    """One character."""

    name: str
    hair: Colour
    eyes: Colour
    clothes: Colour
    skirt: Colour
    tie: Colour
    style: Style


CHARACTERS = {
    each.name: each
    for each in (
        Character("akari", (214, 84, 40), (40, 140, 60), (36, 48, 104), (36, 48, 104), (220, 60, 60), "long"),
        Character(
            "hana", (240, 140, 180), (130, 60, 170), (70, 150, 90), (60, 110, 70), (250, 230, 90), "tails"
        ),
        Character("kuro", (44, 40, 48), (140, 84, 40), (130, 80, 160), (60, 50, 80), (230, 230, 230), "bob"),
        Character(
            "mizuki", (60, 110, 200), (220, 160, 30), (236, 236, 240), (90, 120, 160), (60, 90, 190), "short"
        ),
        Character("rei", (206, 208, 222), (200, 40, 50), (40, 40, 46), (40, 40, 46), (190, 30, 40), "long"),
        Character(
            "sora", (236, 200, 90), (40, 110, 210), (196, 44, 50), (240, 240, 236), (250, 250, 250), "short"
        ),
    )
}
SKIN: Colour = (255, 224, 200)
SHADE: Colour = (238, 196, 172)
LINE: Colour = (70, 50, 56)
WHITE: Colour = (255, 255, 255)
DARK: Colour = (30, 20, 30)


def darker(colour: Colour, share: float = 0.78) -> Colour:
    """Return a darker colour."""
    red, green, blue = (int(each * share) for each in colour)
    return red, green, blue
