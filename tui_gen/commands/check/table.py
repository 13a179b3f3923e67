"""The findings as text for people and as JSON for scripts. Pure.

From WIDE cells on, every value has a column; on narrower terminals some values are in a line below the
source. The layout makes untrusted names and reasons printable by `display_name`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_gen.base.formatting import count, duration
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.contract.inspect import (
    Column,
    Condition,
    Inspected,
    Level,
)
from tui_gen.engine.model.disk_estimate import Need
from tui_gen.engine.model.time_estimate import TimeEstimate, described
from tui_gen.views.text import tables
from tui_gen.views.text.tables import LineWidth, wrapped_lines

WIDE = 120
LEAST_NAME_CELLS = 12
INDENT = "    "
WORDS: Mapping[Level, str] = {"good": "ok", "unknown": "?", "warning": "warning", "wrong": "WRONG"}
TIME = Column("time", is_number=True, is_wide=True)
STATES = {
    "good": "good",
    "flawed": "partly usable",
    "unusable": "cannot be used",
    "missing": "not there",
    "left out": "left out by the configuration",
}


@dataclass(frozen=True, slots=True)
class CheckFindings:
    """All findings of a check."""

    conditions: Sequence[Condition]
    columns: Sequence[Column]
    sources: Sequence[Inspected]
    need: Need | None = None
    time: TimeEstimate | None = None
    config: str = ""
    output: str = ""
    is_kept: bool = False
    nouns: Nouns = USUAL_NOUNS

    @property
    def is_ready(self) -> bool:
        """Whether there is no problem."""
        return not any(condition.level == "wrong" for condition in self.conditions) and all(
            source.state in {"good", "left out"} for source in self.sources
        )


def lines_of(findings: CheckFindings, width: LineWidth) -> Iterator[str]:
    """Yield the findings as lines."""
    widest = max(len(condition.what) for condition in findings.conditions)
    for condition in findings.conditions:
        yield from _condition(condition, widest, width.cells)
    if findings.sources:
        yield ""
        yield from _table(findings, width)
    yield ""
    yield from _summary(findings, width.cells)


def _condition(condition: Condition, widest: int, cells: int) -> Iterator[str]:
    head = f"{WORDS[condition.level]:<7}  {condition.what:<{widest}}  "
    for number, line in enumerate(wrapped_lines(condition.says, cells - len(head))):
        yield (" " * len(head) if number else head) + line


# ------------------------------------------------------------------ the sources


def _table(findings: CheckFindings, width: LineWidth) -> Iterator[str]:
    """Yield a line for each source, and below it the values without a column at this width.

    Sources of a group that are alike have one line.
    """
    timed = [_with_time(source, findings.time) for source in findings.sources]
    sources = list(_rows(timed, findings.nouns))
    is_wide = width.cells >= WIDE
    all_columns = [*findings.columns, *([TIME] if findings.time is not None else [])]
    shown = [column for column in all_columns if is_wide or not column.is_wide]
    below = [column for column in all_columns if column not in shown]
    columns = [
        tables.Column(findings.nouns.source.one, may_be_cut=True, least_cells=LEAST_NAME_CELLS),
        *(
            tables.Column(
                column.title,
                is_number=column.is_number,
                most_cells=None if is_wide else column.most_cells,
            )
            for column in shown
        ),
    ]
    rows = [[source.name, *(_cell(source, column) for column in shown)] for source in sources]
    heading, *lines = tables.table_lines(columns, rows, width, gap=1)
    yield heading
    for source, line in zip(sources, lines, strict=True):
        yield line
        yield from _below(source, below, width.cells)


def _with_time(source: Inspected, time: TimeEstimate | None) -> Inspected:
    """Return a source with the cell for its share of the estimated time."""
    if time is None or source.source not in time.by_source:
        return source
    cells = {**source.cells, TIME.title: f"~{duration(time.by_source[source.source])}"}
    return replace(source, cells=cells)


def _rows(sources: Sequence[Inspected], nouns: Nouns) -> Iterator[Inspected]:
    """Yield the rows: sources without a group; of a group its most common kind, and each that differs."""
    by_group = defaultdict[tuple[str, int], list[Inspected]](list)
    for number, source in enumerate(sources):
        by_group[source.group, 0 if source.group else number].append(source)
    for (group, _), members in by_group.items():
        kinds = Counter(map(_kind, members))
        common, most = kinds.most_common(1)[0]
        if most == 1:
            yield from members
            continue
        name = group if len(kinds) == 1 else f"{group}, other {nouns.source.many}"
        yield replace(next(each for each in members if _kind(each) == common), name=name)
        yield from (each for each in members if _kind(each) != common)


def _kind(source: Inspected) -> tuple[object, ...]:
    """Return all that the table says of a source, but its name."""
    return source.state, source.reason, source.remarks, tuple(source.cells.items())


def _cell(source: Inspected, column: Column) -> str:
    return source.cells.get(column.title, "-")


def _below(source: Inspected, columns: Sequence[Column], cells: int) -> Iterator[str]:
    told = [
        f"{column.title} {_cell(source, column)}"
        for column in columns
        if _cell(source, column) not in {"-", "none"}
    ]
    said = "; ".join([*told, *source.remarks])
    if source.state not in {"good", "left out"}:
        yield from _indented(f"{STATES[source.state].upper()}: {source.reason}", cells)
    elif source.reason:
        yield from _indented(f"{STATES[source.state]}: {source.reason}", cells)
    if said:
        yield from _indented(said, cells)


def _indented(text: str, cells: int) -> Iterator[str]:
    for line in wrapped_lines(text, cells - len(INDENT)):
        yield f"{INDENT}{line}"


# ------------------------------------------------------------------ what it comes to


def _summary(findings: CheckFindings, cells: int) -> Iterator[str]:
    for column in findings.columns:
        if column.note and any(source.cells.get(column.title, "-") != "-" for source in findings.sources):
            yield from wrapped_lines(column.note, cells)
    states = Counter(source.state for source in findings.sources)
    if states:
        parts = ", ".join(f"{number} {STATES[state]}" for state, number in states.most_common())
        yield from wrapped_lines(
            f"{findings.nouns.source.title}: {count(len(findings.sources))}; {parts}", cells
        )
    if findings.need is not None and findings.need.clips:
        yield from wrapped_lines(_work(findings, findings.need), cells)
    wrong = [condition.what for condition in findings.conditions if condition.level == "wrong"]
    if wrong:
        yield from wrapped_lines(f"Wrong with this machine: {', '.join(wrong)}", cells)
    yield "Ready." if findings.is_ready else "Not all is well: see above."


def _work(findings: CheckFindings, need: Need) -> str:
    nouns = findings.nouns
    parts = [nouns.clip.counted(need.clips)]
    if not nouns.image_categories:  # else the first stage that is planned makes no image
        parts.append(nouns.patch.counted(need.patches))
    text = f"Planned: {', '.join(dict.fromkeys(parts))}"
    if findings.time is None:
        return text
    return f"{text}; {described(findings.time, duration(findings.time.seconds))}"


# ------------------------------------------------------------------ for scripts


def json_of(findings: CheckFindings) -> str:
    """Return the findings as one line of JSON. ASCII: names that are not UTF-8 are preserved."""
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
            "processor_seconds_estimate": None if findings.time is None else findings.time.processor_seconds,
            "seconds_estimate": None if findings.time is None else findings.time.seconds,
        },
        "videos": [_source(source, findings.time) for source in findings.sources],
    }
    return json.dumps(answer, separators=(",", ":"), allow_nan=False)


def _source(source: Inspected, time: TimeEstimate | None) -> dict[str, Any]:
    return {
        "id": source.source,
        "name": source.name,
        "path": source.path,
        "state": source.state,
        "reason": source.reason,
        "remarks": list(source.remarks),
        "seconds_estimate": None if time is None else time.by_source.get(source.source),
        **source.record,
    }
