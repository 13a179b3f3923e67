"""Several pictures side by side: a strip of the newest patches. Pure.

|  picture 1   picture 2   picture 3  |   the newest takes the place of the oldest, the others stay
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from tui_gen.tui.panes.preview import RGB, PreviewImage
from tui_gen.tui.widgets.styled_lines import foreign

LEAST_CELLS = 36
"""The width of the smallest picture of a strip in which wrong colours are seen."""
MOST_PICTURES = 6
_GAP = 1
_BLACK: RGB = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """A picture of a strip and the words above it; rows may be fewer and shorter than there is room."""

    rows: Sequence[Sequence[tuple[RGB, RGB]]]
    words: str


def pictures_in(room: Size) -> int:
    """Return how many pictures a strip of this size has: each as wide as it may be high, or LEAST_CELLS."""
    return max(1, min(MOST_PICTURES, (room.width + _GAP) // (max(LEAST_CELLS, room.height) + _GAP)))


def size_of_each(room: Size, count: int) -> Size:
    """Return the room of each of `count` pictures."""
    return Size(max(1, (room.width - _GAP * (count - 1)) // count), room.height)


def side_by_side(pictures: Sequence[NamedPicture], each: Size) -> PreviewImage:
    """Return pictures as one, with their words above them."""
    height = max((len(picture.rows) for picture in pictures), default=0)
    rows = [list(_row(pictures, y, each.width)) for y in range(height)]
    words = (" " * _GAP).join(foreign(picture.words, each.width - 1) + " " for picture in pictures)
    return PreviewImage(rows, words.rstrip(), is_strip=True)


def _row(pictures: Sequence[NamedPicture], y: int, width: int) -> Iterator[tuple[RGB, RGB]]:
    for place, picture in enumerate(pictures):
        cells = list(picture.rows[y][:width]) if y < len(picture.rows) else []
        yield from [(_BLACK, _BLACK)] * (_GAP if place else 0)
        yield from cells
        yield from [(_BLACK, _BLACK)] * (width - len(cells))
