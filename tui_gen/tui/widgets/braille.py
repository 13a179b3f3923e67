"""Draws a curve with the dots of braille characters: two columns and four rows of dots in each cell.

dot 1 2 3 7 of the left column    0x01 0x02 0x04 0x40
dot 4 5 6 8 of the right column   0x08 0x10 0x20 0x80
"""

from __future__ import annotations

from collections.abc import Sequence

DOT_COLUMNS, DOT_ROWS = 2, 4
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800


def braille_rows(values: Sequence[float | None], rows: int, low: float, high: float) -> list[str]:
    """Return the rows of a curve, the upper one first; each value is one column of dots.

    `low` is at the lowest dot and `high` at the highest; without a difference the curve is in the middle. A
    value of None is a gap, and nothing joins its neighbours.
    """
    cells = [[0] * (-(-len(values) // DOT_COLUMNS)) for _ in range(rows)]
    before: int | None = None
    for x, value in enumerate(values):
        level = None if value is None else _level(value, rows, low, high)
        if level is not None:
            for dot in _joined(before, level):
                row, inside = divmod(rows * DOT_ROWS - 1 - dot, DOT_ROWS)
                cells[row][x // DOT_COLUMNS] |= _DOTS[x % DOT_COLUMNS][inside]
        before = level
    return ["".join(chr(_BLANK + dots) if dots else " " for dots in row) for row in cells]


def _level(value: float, rows: int, low: float, high: float) -> int:
    """Return the dot of a value, counted from the lowest one."""
    top = rows * DOT_ROWS - 1
    if high <= low:
        return top // 2
    return max(0, min(top, round((value - low) / (high - low) * top)))


def _joined(before: int | None, level: int) -> range:
    """Return the dots of a column, so that the curve has no hole between it and the column before."""
    if before is None or before == level:
        return range(level, level + 1)
    return range(before + 1, level + 1) if level > before else range(level, before)
