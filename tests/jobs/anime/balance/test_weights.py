"""The table of weights: which row counts, and what is wrong with a table."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.anime.balance.weights import WeightTable, read_weights

FILE = Path("/tables/weights.csv")


def test_a_table_is_read_with_spaces_quotes_and_empty_rows() -> None:
    table = read_weights(
        b'\xef\xbb\xbf1_character, 3\r\n\n"a, b", 0.5\n  class1 ,+4.\n*x,.25\nz, "2e-1"\n', FILE
    )
    assert table.rows == {
        "1_character": 3,
        "a, b": Fraction(1, 2),
        "class1": 4,
        "*x": Fraction(1, 4),
        "z": Fraction(1, 5),
    }


TABLE = read_weights(
    b"*/face_height_ratio_0-25,1\n*/face*,1.2\nFern,2\n*Fern*,3\n/data/training/booru/*,5\n[ab]x,7\nFern/*,9\n",
    FILE,
)


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("/data/training/1_character/Fern", "2"),  # the name, though an earlier row would fit
        ("/data/training/1_character/Fern/face_height_ratio_0-25", "1"),  # the first row that fits
        ("/data/training/1_character/Fern/face_height_ratio_25-50", "1.2"),
        ("/data/training/1_character/Aoi+Fern", "3"),
        ("/data/training/booru/x", "5"),  # the source folder is part of the path
        ("/data/training/1_character/Stark", "1"),
        ("/data/training/face", "1.2"),
        ("bx", "7"),
        ("/data/bx", "1"),  # the pattern is for the whole path
        ("Fern/x", "3"),
        ("/DATA/fern", "1"),  # capitals count
    ],
)
def test_the_name_comes_first_and_then_the_first_row_that_fits(path: str, weight: str) -> None:
    assert TABLE.weight_of(path) == Fraction(weight)


def test_without_a_table_every_weight_is_1() -> None:
    assert WeightTable().weight_of("/data/training/x") == 1
    assert read_weights(b"", FILE) == WeightTable()


def test_every_wrong_row_is_told_with_its_line_and_reason() -> None:
    data = (
        b"class1, 4\nclass2\nclass3, x\n\nclass4, 0\nclass5, -1\nclass1, 4\na,b,c\n"
        b"b, nan\nc, inf\nd, 1e999999\n, 3\ne, 1/3\n"
    )
    with pytest.raises(ConfigurationError) as error:
        read_weights(data, FILE)
    number = "is not a number; write a number above 0"
    above = "is not above 0; write a number above 0, or move images away to leave them out"
    cells = 'not a pattern and a weight; write two cells: "class1, 4"'
    assert str(error.value).splitlines() == [
        f"/tables/weights.csv:2: {cells}",
        f'/tables/weights.csv:3: the weight "x" {number}',
        f"/tables/weights.csv:5: the weight 0 {above}",
        f"/tables/weights.csv:6: the weight -1 {above}",
        '/tables/weights.csv:7: "class1" stands in line 1 already; keep one of the two',
        f"/tables/weights.csv:8: {cells}",
        f'/tables/weights.csv:9: the weight "nan" {number}',
        f'/tables/weights.csv:10: the weight "inf" {number}',
        f'/tables/weights.csv:11: the weight "1e999999" {number}',
        f"/tables/weights.csv:12: {cells}",
        f'/tables/weights.csv:13: the weight "1/3" {number}',
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"class1, 4\n\xff, 3\n", ":2: byte 0xff is not UTF-8; save it as UTF-8"),
        (b'class1, 4\n"class2, 3\n', ':2: unexpected end of data; write "pattern, weight"'),
    ],
)
def test_what_is_no_table_is_told(data: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_weights(data, FILE)
    assert str(error.value) == f"{FILE}{told}"
