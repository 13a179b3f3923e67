"""Tiles are averaged exactly and packed as the sampler reads them."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.render.tiles import packed, shrunk

IMAGE = DrawnDigits(3).image("train", 8, 0)


def averaged(image: NDArray[np.uint8], side: int, row: int, column: int) -> Fraction:
    """Average the area of one pixel of the result by definition."""
    step = Fraction(28, side)
    total = Fraction(0)
    for y in range(28):
        high = max(Fraction(0), min((row + 1) * step, Fraction(y + 1)) - max(row * step, Fraction(y)))
        for x in range(28) if high else ():
            wide = max(
                Fraction(0), min((column + 1) * step, Fraction(x + 1)) - max(column * step, Fraction(x))
            )
            total += high * wide * int(image[y, x])
    return total / step**2


@pytest.mark.parametrize("side", [1, 5, 14, 20, 27])
def test_shrunk_is_the_average_over_areas(side: int) -> None:
    tile = shrunk(IMAGE, side)
    assert tile.shape == (side, side)
    for row in range(0, side, 3):
        for column in range(side):
            assert abs(averaged(IMAGE, side, row, column) - int(tile[row, column])) <= Fraction(1, 2)


def test_a_tile_of_full_size_is_the_image() -> None:
    assert shrunk(IMAGE, 28) is IMAGE


def test_a_word_holds_four_neighbours() -> None:
    table = packed(np.array([[1, 2], [3, 4]], np.uint8))
    assert table.shape == (5, 5)
    assert table[2, 2] == 0x04030201
    assert table[1, 1] == 0x01000000
    assert table[3, 3] == 0x00000004
    assert table[1, 2] == 0x02010000
    assert not table[[0, 4]].any()
    assert not table[:, [0, 4]].any()
