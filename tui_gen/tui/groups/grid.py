"""The places of pictures beside and below each other. Pure.

    ┌─────────┐  ┌─────────┐
    │ picture │  │ picture │      a tile is a picture and, below it, a line for its name
    └─ name ──┘  └─ name ──┘

Invariant: the tiles lie inside the room and do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region, Size

GAP = 2
_SIDE = 1  # left of the first picture and right of the last one: room for the bars of the cursor
_NAME_LINES = 1
_TALL = 0.6  # rows for a column: a little more than a square, which is half as many
_LEAST_ROWS = 3
_WELL_USED = 0.8  # of the best use of the room; among such grids, pictures of the wanted size are better


@dataclass(frozen=True, slots=True)
class Grid:
    """Tiles in rows and columns."""

    columns: int
    rows: int
    picture: Size  # of one picture, in cells

    @property
    def count(self) -> int:
        """The number of tiles."""
        return self.columns * self.rows

    def region(self, place: int) -> Region:
        """Return the region of the picture of a tile."""
        row, column = divmod(place, self.columns)
        x = _SIDE + column * (self.picture.width + GAP)
        return Region(x, row * (self.picture.height + _NAME_LINES), *self.picture)

    def row_of(self, y: int) -> tuple[int, int]:
        """Return the row of tiles on a line, and which of their lines it is; the last one is for names."""
        return divmod(y, self.picture.height + _NAME_LINES)


def grid_of(room: Size, *, is_single: bool = False) -> Grid:
    """Return the grid for a room; `is_single`: one picture fills it."""
    width = max(1, room.width - 2 * _SIDE)
    if is_single:
        return Grid(1, 1, Size(width, max(1, room.height - _NAME_LINES)))
    wanted = next(cells for least, cells in ((100, 18), (60, 14), (0, 12)) if room.width >= least)
    most = max(1, (width + GAP) // (wanted * 3 // 4 + GAP))
    least = min(most, max(1, (width + GAP) // (wanted * 4 // 3 + GAP)))
    grids = [_grid(room, columns) for columns in range(least, most + 1)]
    enough = _WELL_USED * max(map(_used, grids))
    return min(
        (grid for grid in grids if _used(grid) >= enough), key=lambda grid: abs(grid.picture.width - wanted)
    )


def _grid(room: Size, columns: int) -> Grid:
    across = max(1, (room.width - 2 * _SIDE - GAP * (columns - 1)) // columns)
    rows = max(1, room.height // (_usual_rows(across) + _NAME_LINES))
    return Grid(columns, rows, Size(across, max(1, room.height // rows - _NAME_LINES)))


def _used(grid: Grid) -> int:
    """Return how many cells pictures of the usual shape would have."""
    width, height = grid.picture
    rows = min(height, _usual_rows(width))
    return grid.count * min(width, round(rows / _TALL)) * rows


def _usual_rows(columns: int) -> int:
    return max(_LEAST_ROWS, round(columns * _TALL))
