"""How a cell looks, and the shortest sequence from one look to the next.

Textual ends each span of a style by a reset and begins the next with all its codes. Neighbours differ in one
of them: on a screen of this program that is most of the traffic.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style

_ATTRIBUTES = {"bold": 1, "dim": 2, "italic": 3, "underline": 4, "blink": 5, "reverse": 7, "strike": 9}
_ENDS = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 7: 27, 9: 29}
SEEN_ON_BLANKS = frozenset({4, 7, 9})
"""Attributes that are seen on a blank: underline, reverse, strike."""
PICTURE = {"picture": True}
"""The `meta` of the styles of pictures: these are sent after all text, and at a limited rate."""


class Look(NamedTuple):
    """Attributes and colours as numbers of SGR (ECMA-48, 8.3.117); an ink of None: it cannot be seen."""

    attributes: frozenset[int] = frozenset()
    ink: str | None = "39"
    ground: str = "49"
    is_picture: bool = False


PLAIN = Look()


@lru_cache(maxsize=4096)
def look_of(style: Style | None, colours: ColorSystem | None) -> Look:
    """Return the look of a style; without colours if the terminal has none."""
    if style is None:
        return PLAIN
    attributes = frozenset(code for name, code in _ATTRIBUTES.items() if getattr(style, name))
    ink, ground = "39", "49"
    if colours is not None:
        if style.color is not None:
            ink = ";".join(style.color.downgrade(colours).get_ansi_codes(foreground=True))
        if style.bgcolor is not None:
            ground = ";".join(style.bgcolor.downgrade(colours).get_ansi_codes(foreground=False))
    return Look(attributes, ink, ground, bool(style.meta.get("picture")))


@lru_cache(maxsize=4096)
def look_of_blank(look: Look) -> Look:
    """Return what of a look can be seen on a blank."""
    seen = look.attributes & SEEN_ON_BLANKS
    return look._replace(attributes=seen, ink=look.ink if seen else None)


def is_seen_alike(pen: Look, look: Look) -> bool:
    """Return whether a character of `look` may be written with the pen: a blank, with any ink."""
    if look.ink is None:
        return look.ground == pen.ground and not pen.attributes & SEEN_ON_BLANKS
    return look.attributes == pen.attributes and look.ink == pen.ink and look.ground == pen.ground


def codes_between(before: Look, after: Look) -> list[str]:
    """Return the numbers of SGR that turn one look into another."""
    ended = before.attributes - after.attributes
    codes = [str(code) for code in sorted({_ENDS[each] for each in ended})]
    # Bold and dim end by the same number.
    kept = {each for each in before.attributes & after.attributes if str(_ENDS[each]) not in codes}
    codes += [str(each) for each in sorted(after.attributes - kept)]
    if after.ink is not None and after.ink != before.ink:
        codes.append(after.ink)
    if after.ground != before.ground:
        codes.append(after.ground)
    return codes
