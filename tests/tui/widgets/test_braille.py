"""Curves of braille dots: at the right height, without holes, with gaps; and in ASCII."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.tui.terminal.ascii import plain
from tui_gen.tui.widgets.braille import DOT_ROWS, braille_rows

NUMBERS = st.floats(0, 100) | st.none()
COLUMNS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def dots_of(rows: list[str], x: int) -> set[int]:
    """Return the heights of the dots in one column, 0 at the bottom."""
    found = set()
    for row, text in enumerate(rows):
        cell = 0 if text[x // 2] == " " else ord(text[x // 2]) - 0x2800
        found |= {
            (len(rows) - row) * DOT_ROWS - 1 - inside
            for inside, mask in enumerate(COLUMNS[x % 2])
            if cell & mask
        }
    return found


def test_a_line_from_the_lowest_to_the_highest_dot() -> None:
    assert braille_rows([0, 1, 2, 3], 1, 0, 3) == ["⡠⠊"]
    assert braille_rows([0, 0, 7, 7], 2, 0, 7) == [" ⡏", "⣀⠇"]


def test_a_gap_is_empty_and_nothing_joins_its_ends() -> None:
    assert braille_rows([0, 0, None, None, 3, 3], 1, 0, 3) == ["⣀ ⠉"]


def test_a_curve_without_a_difference_is_in_the_middle() -> None:
    assert braille_rows([5, 5], 1, 5, 5) == ["⠤"]


@given(values=st.lists(NUMBERS, min_size=1, max_size=40), rows=st.integers(1, 6))
def test_each_value_has_its_dot_and_a_curve_has_no_hole(values: list[float | None], rows: int) -> None:
    drawn = braille_rows(values, rows, 0, 100)
    assert {len(row) for row in drawn} == {-(-len(values) // 2)}
    top = rows * DOT_ROWS - 1
    before: set[int] = set()
    for x, value in enumerate(values):
        dots = dots_of(drawn, x)
        if value is None:
            assert not dots
        else:
            assert round(value / 100 * top) in dots
            assert dots == set(range(min(dots), max(dots) + 1))
            assert not before or min(abs(one - other) for one in dots for other in before) <= 1
        before = dots


@pytest.mark.parametrize(("braille", "ascii_text"), [("⠉⠒⠤⣀", "'--."), ("⡇ ⡠", "| ."), ("⠑⢄", "'.")])
def test_ascii_draws_at_the_height_of_the_dots(braille: str, ascii_text: str) -> None:
    assert plain(braille) == ascii_text
