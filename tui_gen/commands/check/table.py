"""What was found, as text for people and as JSON for scripts. Pure.

The text keeps to a width: from WIDE on every column has its place, below it some are told in a line
under the source. Foreign names and reasons pass `display_name`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_gen.base.formatting import count, display_name, duration
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.contract.inspect import (
    Column,
    Condition,
    Inspected,
    Level,
)
from tui_gen.engine.model.disk_estimate import Need
from tui_gen.tui.widgets.styled_lines import fit, fit_right, wrapped

WIDE = 120
NARROW = 80
LEAST_NAME_CELLS = 12
INDENT = "    "
WORDS: Mapping[Level, str] = {"good": "ok", "unknown": "?", "warning": "warning", "wrong": "WRONG"}
STATES = {
    "good": "good",
    "flawed": "partly usable",
    "unusable": "cannot be used",
    "missing": "not there",
    "left out": "left out by the configuration",
}


@dataclass(frozen=True, slots=True)
class CheckFindings:
    """Everything a check found."""

    conditions: Sequence[Condition]
    columns: Sequence[Column]
    sources: Sequence[Inspected]
    need: Need | None = None
    processor_seconds: float | None = None  # of all that is planned and was tried, estimated
    is_all_tried: bool = True
    config: str = ""
    output: str = ""
    is_kept: bool = False
    nouns: Nouns = USUAL_NOUNS

    @property
    def is_ready(self) -> bool:
        """Whether nothing is wrong."""
        return not any(condition.level == "wrong" for condition in self.conditions) and all(
            source.state in {"good", "left out"} for source in self.sources
        )


def lines_of(findings: CheckFindings, width: int) -> Iterator[str]:
    """Yield the findings as lines of at most `width` cells."""
    width = max(40, width)
    widest = max(len(condition.what) for condition in findings.conditions)
    for condition in findings.conditions:
        yield from _condition(condition, widest, width)
    if findings.sources:
        yield ""
        yield from _table(findings, width)
    yield ""
    yield from _summary(findings, width)


def _condition(condition: Condition, widest: int, width: int) -> Iterator[str]:
    head = f"{WORDS[condition.level]:<7}  {condition.what:<{widest}}  "
    first = True
    for line in wrapped(condition.says, width - len(head)):
        yield (head if first else " " * len(head)) + line
        first = False


# ------------------------------------------------------------------ the sources


def _table(findings: CheckFindings, width: int) -> Iterator[str]:
    is_wide = width >= WIDE
    columns = [column for column in findings.columns if is_wide or not column.is_wide]
    cells = [{column.title: _cell(source, column) for column in columns} for source in findings.sources]
    widths = {column.title: _width(column, cells, is_wide=is_wide) for column in columns}
    used = sum(each + 1 for each in widths.values())
    heading = findings.nouns.source.one
    longest = max(len(heading), *(len(display_name(source.name)) for source in findings.sources))
    name_cells = min(max(LEAST_NAME_CELLS, width - used), longest)
    heads = {column.title: column.title for column in columns}
    yield _row(heading, heads, columns, widths, name_cells)
    below = [column for column in findings.columns if column not in columns]
    for source, row in zip(findings.sources, cells, strict=True):
        yield _row(display_name(source.name), row, columns, widths, name_cells)
        yield from _below(source, below, width)


def _width(column: Column, cells: Sequence[Mapping[str, str]], *, is_wide: bool) -> int:
    widest = max(len(column.title), *(len(row[column.title]) for row in cells))
    return widest if is_wide or column.most_cells is None else min(widest, column.most_cells)


def _cell(source: Inspected, column: Column) -> str:
    return display_name(source.cells.get(column.title, "-"))


def _row(
    name: str, row: Mapping[str, str], columns: Sequence[Column], widths: Mapping[str, int], name_cells: int
) -> str:
    parts = [fit(name, name_cells)]
    for column in columns:
        place = fit_right if column.is_number else fit
        parts.append(place(row[column.title], widths[column.title]))
    return " ".join(parts).rstrip()


def _below(source: Inspected, columns: Sequence[Column], width: int) -> Iterator[str]:
    told = [
        f"{column.title} {_cell(source, column)}"
        for column in columns
        if source.cells.get(column.title, "-") not in {"-", "none"}
    ]
    said = "; ".join([*told, *source.remarks])
    if source.state not in {"good", "left out"}:
        yield from _indented(f"{STATES[source.state].upper()}: {source.reason}", width)
    elif source.reason:
        yield from _indented(f"{STATES[source.state]}: {source.reason}", width)
    if said:
        yield from _indented(said, width)


def _indented(text: str, width: int) -> Iterator[str]:
    for line in wrapped(text, width - len(INDENT)):
        yield f"{INDENT}{line}"


# ------------------------------------------------------------------ what it comes to


def _summary(findings: CheckFindings, width: int) -> Iterator[str]:
    for column in findings.columns:
        if column.note and any(source.cells.get(column.title, "-") != "-" for source in findings.sources):
            yield from wrapped(column.note, width)
    states = Counter(source.state for source in findings.sources)
    if states:
        parts = ", ".join(f"{number} {STATES[state]}" for state, number in states.most_common())
        yield from wrapped(f"{findings.nouns.source.title}: {count(len(findings.sources))}; {parts}", width)
    if findings.need is not None and findings.need.clips:
        yield from wrapped(_work(findings, findings.need), width)
    wrong = [condition.what for condition in findings.conditions if condition.level == "wrong"]
    if wrong:
        yield from wrapped(f"Wrong with this machine: {', '.join(wrong)}", width)
    yield "Ready." if findings.is_ready else "Not all is well: see above."


def _work(findings: CheckFindings, need: Need) -> str:
    nouns = findings.nouns
    text = f"Planned: {nouns.clip.counted(need.clips)}, {nouns.patch.counted(need.patches)}"
    if findings.processor_seconds is None:
        return text
    about = "about" if findings.is_all_tried else "at least"
    seconds = duration(findings.processor_seconds)
    return f"{text}; {about} {seconds} of processor time by these costs (an estimate)"


# ------------------------------------------------------------------ for scripts


def json_of(findings: CheckFindings) -> str:
    """Return the findings as one line of JSON. ASCII: names that are not UTF-8 survive."""
    need = findings.need
    answer: dict[str, Any] = {
        "schema": 1,
        "ready": findings.is_ready,
        "config": findings.config,
        "output": findings.output,
        "kept": findings.is_kept,
        "machine": [
            {"what": condition.what, "level": condition.level, "says": condition.says}
            for condition in findings.conditions
        ],
        "planned": None
        if need is None
        else {
            "clips": need.clips,
            "patches": need.patches,
            "files": need.files,
            "bytes_estimate": need.size_bytes,
            "processor_seconds_estimate": findings.processor_seconds,
        },
        "videos": [_source(source) for source in findings.sources],
    }
    return json.dumps(answer, separators=(",", ":"), allow_nan=False)


def _source(source: Inspected) -> dict[str, Any]:
    return {
        "id": source.source,
        "name": source.name,
        "path": source.path,
        "state": source.state,
        "reason": source.reason,
        "remarks": list(source.remarks),
        **source.record,
    }
