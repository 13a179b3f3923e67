"""Tables stand right whatever the letters, keep to a terminal, and lose nothing in a pipe."""

from __future__ import annotations

import io
import os

import pytest
from rich.cells import cell_len

from tui_gen.views.text.tables import Column, LineWidth, line_width, table_lines, wrapped_lines

COLUMNS = (
    Column("category", may_be_cut=True),
    Column("images", is_number=True),
    Column("disk", is_number=True),
)
NAMES = (
    "\N{CJK UNIFIED IDEOGRAPH-6620}\N{CJK UNIFIED IDEOGRAPH-753B}" * 12,
    "[red]x[/] :smile: [link=http://x]y[/link] 192.168.0.1 'quoted'",
    "e\u0301" * 30,
    "\x1b[31mred\x9b2J\r\nrow",
    "right\u202eto left \udcff",
    "\N{CLAPPER BOARD} film",
    "",
)
ROWS = [(name, f"{10**number:,}", "1.2 GB") for number, name in enumerate(NAMES)]
COMMANDING = "\x1b\x9b\x7f\r\n\u202e\udcff"


class Terminal(io.StringIO):
    """A terminal that does not tell its size."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("cells", [40, 60, 80, 200])
@pytest.mark.parametrize("is_cut", [True, False])
def test_columns_stand_below_their_titles_whatever_the_letters(cells: int, *, is_cut: bool) -> None:
    heading, *lines = table_lines(COLUMNS, ROWS, LineWidth(cells, is_cut=is_cut))
    assert {cell_len(line) for line in lines} == {cell_len(heading)}
    assert heading.endswith("  disk")
    for line, (_, images, _) in zip(lines, ROWS, strict=True):
        assert line.endswith(f"{images:>9}  1.2 GB")
        assert not set(line) & set(COMMANDING)


@pytest.mark.parametrize("cells", [40, 60, 80])
def test_on_a_terminal_no_line_is_wider_and_what_is_cut_says_so(cells: int) -> None:
    lines = list(table_lines(COLUMNS, ROWS, LineWidth(cells, is_cut=True), indent=4))
    assert max(map(cell_len, lines)) <= cells
    assert "…" in lines[2]


def test_elsewhere_names_stand_whole_and_markup_is_text() -> None:
    text = "\n".join(table_lines(COLUMNS, ROWS, LineWidth(40, is_cut=False)))
    for name in (NAMES[0], NAMES[1], NAMES[2], NAMES[5]):
        assert name in text
    assert "…" not in text


def test_a_column_keeps_to_its_most_cells_on_a_terminal_alone() -> None:
    columns = (Column("name"), Column("size", most_cells=4))
    for is_cut, shown in ((True, "384…"), (False, "3840x2160")):
        lines = list(table_lines(columns, [("a", "3840x2160")], LineWidth(80, is_cut=is_cut)))
        assert lines == [f"name  {'size'}", f"a     {shown}"]


def test_without_titles_there_is_no_heading() -> None:
    columns = (Column(""), Column("", is_number=True))
    lines = table_lines(columns, [("a", "1"), ("bb", "22")], LineWidth(80, is_cut=True), gap=1)
    assert list(lines) == ["a   1", "bb 22"]


def test_a_table_without_rows_is_its_heading() -> None:
    assert list(table_lines(COLUMNS, [], LineWidth(80, is_cut=False))) == ["category  images  disk"]


def test_wrapped_lines_keep_to_their_cells_and_lose_nothing() -> None:
    text = "a sentence of words\n" + NAMES[0] * 3
    lines = list(wrapped_lines(text, 20))
    assert max(map(cell_len, lines)) <= 20
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert list(wrapped_lines("", 20)) == [""]


def test_a_pipe_has_eighty_cells_or_as_many_as_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert line_width(io.StringIO()) == LineWidth(80, is_cut=False)
    monkeypatch.setenv("COLUMNS", "132")
    assert line_width(io.StringIO()) == LineWidth(132, is_cut=True)
    assert line_width(Terminal()) == LineWidth(132, is_cut=True)
    monkeypatch.setenv("COLUMNS", "wide")
    assert line_width(io.StringIO()) == LineWidth(80, is_cut=False)


def test_a_terminal_tells_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert line_width(Terminal()) == LineWidth(80, is_cut=True)
    controller, terminal = os.openpty()
    with os.fdopen(controller, "rb"), os.fdopen(terminal, "w") as stream:
        monkeypatch.setattr(os, "get_terminal_size", lambda _number: os.terminal_size((97, 30)))
        assert line_width(stream) == LineWidth(97, is_cut=True)
