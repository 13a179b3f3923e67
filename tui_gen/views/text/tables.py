"""Tables and wrapped lines of plain text, laid out by rich, so that letters of two cells are aligned.

On a terminal a table keeps to its width, and columns that may be cut end in an ellipsis. On other outputs
nothing is cut: a script or a file gets every name whole. No line contains terminal control codes.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from tui_gen.base.formatting import display_name

if TYPE_CHECKING:
    from rich.console import Console

USUAL_CELLS = 80
LEAST_CELLS = 40
_UNCUT_CELLS = 1_000_000
_ROWS = 25  # of a console that never scrolls; rich queries a terminal unless it has both sizes


@dataclass(frozen=True, slots=True)
class LineWidth:
    """The width of lines, and whether longer lines are cut."""

    cells: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    is_number: bool = False  # numbers are right-aligned
    may_be_cut: bool = False  # if the table is wider than the terminal
    least_cells: int = 1  # of a column that may be cut
    most_cells: int | None = None  # on a terminal


def line_width(stream: TextIO) -> LineWidth:
    """Return the width of a stream's terminal; without a terminal COLUMNS, or else 80 cells uncut."""
    if not stream.isatty():
        asked = _columns()
        return LineWidth(max(LEAST_CELLS, asked or USUAL_CELLS), is_cut=bool(asked))
    try:
        cells = _columns() or os.get_terminal_size(stream.fileno()).columns
    except OSError:  # a terminal that does not report its size
        cells = USUAL_CELLS
    return LineWidth(max(LEAST_CELLS, cells), is_cut=True)


def _columns() -> int:
    """Return the value of COLUMNS; 0 if it is not set or invalid."""
    return shutil.get_terminal_size((0, 0)).columns if os.environ.get("COLUMNS", "").isdecimal() else 0


def table_lines(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: LineWidth,
    *,
    indent: int = 0,
    gap: int = 2,
) -> Iterator[str]:
    """Yield a heading, if any column has a title, and a line for each row; cells may be untrusted text."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, show_header=any(column.title for column in columns), pad_edge=False, padding=(0, gap, 0, 0)
    )
    for column in columns:
        place = len(table.columns)
        widest = max(_cells(text) for text in (column.title, *(row[place] for row in rows)))
        least = column.least_cells if column.may_be_cut else column.most_cells or widest
        table.add_column(
            Text(display_name(column.title), no_wrap=True),
            justify="right" if column.is_number else "left",
            no_wrap=not column.may_be_cut,  # rich makes columns narrower that may wrap
            min_width=min(widest, least),
            max_width=column.most_cells if width.is_cut else None,
        )
    for row in rows:
        table.add_row(*(Text(display_name(cell), no_wrap=True, overflow="ellipsis") for cell in row))
    console = _console(width.cells - indent if width.is_cut else _UNCUT_CELLS)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().split("\n")[:-1]:
        yield f"{' ' * indent}{line}".rstrip()


def wrapped_lines(text: str, cells: int) -> Iterator[str]:
    """Yield untrusted text in lines of at most `cells` cells, broken at blanks; long words are broken."""
    from rich.text import Text

    console = _console(max(1, cells))
    for paragraph in text.split("\n"):
        lines = Text(display_name(paragraph.rstrip("\r"))).wrap(console, max(1, cells), overflow="fold")
        yield from (line.plain.rstrip() for line in lines) if lines else ("",)


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(display_name(text))


def _console(cells: int) -> Console:
    """Return a console that lays out plain text and uses no terminal."""
    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=cells,
        height=_ROWS,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
