r"""The weights of folders, from a table of the user's: a pattern and a number in each row.

1_character, 3
class1, 4
*class2, 6

A row whose pattern is the folder's name comes before all others; else the first row counts whose pattern
fits the path, from the folder of the training set on. Without a row a folder's weight is 1.
"""

from __future__ import annotations

import csv
import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from tui_gen.config.faults import ConfigProblem, ConfigurationError

_COLUMNS = 2
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class WeightTable:
    """The rows of a table: weight by pattern, in their order."""

    rows: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))

    def weight_of(self, path: str) -> Fraction:
        """Return the weight of a folder. The path has forward slashes and begins with the source folder."""
        name = PurePosixPath(path).name
        if name in self.rows:
            return self.rows[name]
        fitting = (weight for pattern, weight in self.rows.items() if fnmatch.fnmatchcase(path, pattern))
        return next(fitting, Fraction(1))


def read_weights(data: bytes, file: Path) -> WeightTable:
    """Read a table. Raises ConfigurationError with a line for each row that is wrong."""
    rows: dict[str, Fraction] = {}
    lines: dict[str, int] = {}
    problems: list[ConfigProblem] = []
    for line, cells in _rows(data, file):
        wrong = _fault(cells, lines)
        if wrong:
            problems.append(ConfigProblem(file, line, "", *wrong))
        else:
            rows[cells[0]] = Fraction(cells[1])
        lines.setdefault(cells[0], line)
    if problems:
        raise ConfigurationError(tuple(problems))
    return WeightTable(MappingProxyType(rows))


def _rows(data: bytes, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the cells of each row that is not empty. Raises ConfigurationError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problem = ConfigProblem(
            file, line, "", f"byte {data[error.start]:#04x} is not UTF-8", "save it as UTF-8"
        )
        raise ConfigurationError((problem,)) from error
    reader = csv.reader(text.splitlines(keepends=True), skipinitialspace=True, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        problem = ConfigProblem(file, reader.line_num, "", str(error), 'write "pattern, weight"')
        raise ConfigurationError((problem,)) from error


def _fault(cells: list[str], lines: Mapping[str, int]) -> tuple[str, str] | None:
    """Return what is wrong with a row and what to write instead."""
    if len(cells) != _COLUMNS or not cells[0]:
        return "not a pattern and a weight", 'write two cells: "class1, 4"'
    pattern, weight = cells
    if pattern in lines:
        return f'"{pattern}" stands in line {lines[pattern]} already', "keep one of the two"
    number = _number(weight)
    if number is None:
        return f'the weight "{weight}" is not a number', "write a number above 0"
    if number <= 0:
        return (
            f"the weight {weight} is not above 0",
            "write a number above 0, or move images away to leave them out",
        )
    return None


def _number(text: str) -> Fraction | None:
    # Fraction itself takes "1/3" and "1_0" too, and would need hours for 1e999999999.
    return Fraction(text) if _NUMBER.fullmatch(text) else None
