"""Several runs, one row each: what `top` shows of a run, as a table of text and as JSON."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_gen.base.files import user_name
from tui_gen.base.formatting import display_name, duration, per_minute, percent
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.run_verdict import Level, RunVerdict, run_verdict, verdict_json
from tui_gen.engine.storage.status_reader import StatusSnapshot
from tui_gen.views.text.tables import Column, LineWidth, table_lines

NO_ENGINES = "no engine of yours runs on this machine"
_LEAST_TEXT_CELLS = 16  # of a folder or a configuration, where the terminal is narrow
_LEAST_VERDICT_CELLS = 20
_WORDS = {"stale": "STALE", "dead": "DEAD"}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run: what it is, and how it stands."""

    key: str  # tells it from the others
    output: str
    config: str  # "" if it is not known
    word: str  # the state, in capitals
    note: str = ""  # instead of a verdict, where nothing is known of the work
    job: str = ""  # "" if it is not known
    pid: int | None = None  # of the engine that is or was at work
    share_done: float | None = None
    seconds_left: float | None = None
    patches_per_minute: float | None = None
    verdict: RunVerdict | None = None
    is_engine_there: bool = False
    start_hint: str = ""  # why there is no screen of it, and what to type, if no engine is there

    @property
    def level(self) -> Level:
        """How bad the row is."""
        return self.verdict.level if self.verdict is not None else "note"

    @property
    def line(self) -> str:
        """The verdict, or what is said in its place."""
        return display_name(self.verdict.text() if self.verdict is not None else self.note)

    @property
    def numbers(self) -> tuple[str, str, str]:
        """The share done, the time left and the pace, as they are written."""
        return percent(self.share_done), duration(self.seconds_left), per_minute(self.patches_per_minute)


@dataclass(frozen=True, slots=True)
class RunsSeen:
    """All rows, and the number of engines by user id that only other users can see."""

    rows: tuple[RunRow, ...] = ()
    others: Mapping[int, int] | None = None

    @property
    def line_of_others(self) -> str:
        """One line about the engines of other users; empty if there are none."""
        users = sorted((user_name(user), number) for user, number in (self.others or {}).items())
        if not users:
            return ""
        total = sum(number for _, number in users)
        whose = ", ".join(f"{name} {number}" for name, number in users)
        return f"{total} more of other users, whose folders only they and root may look into: {whose}"


def with_status(row: RunRow, seen: StatusSnapshot) -> RunRow:
    """Return a row with what the status of its run tells."""
    state, now = seen.state, seen.heartbeat
    metrics = metrics_of(state, now)
    works = seen.liveness in {"alive", "stale"}
    return replace(
        row,
        output=row.output or state.output,
        config=row.config or state.config,
        word=_WORDS.get(seen.liveness, state.phase.upper()),
        job=state.job or row.job,
        pid=state.pid,
        share_done=metrics.share_done if metrics.has_plan else None,
        seconds_left=metrics.seconds_left if works else None,
        patches_per_minute=metrics.patches_per_minute if works and metrics.has_plan else None,
        verdict=run_verdict(state, metrics, now, seen.signs),
    )


def summary(rows: Sequence[RunRow]) -> str:
    """Return `3 runs: 2 running, 1 paused`, the states in the order of the rows."""
    words = dict.fromkeys(row.word for row in rows)
    counted = ", ".join(f"{sum(row.word == word for row in rows)} {word.lower()}" for word in words)
    return f"{len(rows)} run{'' if len(rows) == 1 else 's'}: {counted}" if rows else NO_ENGINES


def row_lines(seen: RunsSeen, width: LineWidth) -> Iterator[str]:
    """Yield the table and the line about other users."""
    if seen.rows:
        columns = (
            Column("job"),
            Column("folder", may_be_cut=True, least_cells=_LEAST_TEXT_CELLS),
            Column("configuration", may_be_cut=True, least_cells=_LEAST_TEXT_CELLS),
            Column("state"),
            *(Column(title, is_number=True) for title in ("done", "left", "per min")),
            Column("verdict", may_be_cut=True, least_cells=_LEAST_VERDICT_CELLS),
        )
        cells = [
            (row.job or "-", row.output, row.config or "-", row.word, *row.numbers, row.line)
            for row in seen.rows
        ]
        yield from table_lines(columns, cells, width)
    else:
        yield f"{NO_ENGINES[:1].upper()}{NO_ENGINES[1:]}."
    if seen.line_of_others:
        yield display_name(seen.line_of_others)


def rows_json(seen: RunsSeen) -> dict[str, Any]:
    """Return all as plain JSON values; times in seconds, shares from 0 to 1."""
    return {
        "host": socket.gethostname(),
        "runs": [
            {
                "job": row.job or None,
                "output": row.output,
                "config": row.config or None,
                "state": row.word.lower(),
                "pid": row.pid,
                "is_engine_there": row.is_engine_there,
                "share_done": row.share_done,
                "eta": row.seconds_left,
                "patches_per_minute": row.patches_per_minute,
                "verdict": verdict_json(row.verdict) if row.verdict is not None else None,
                "note": row.note,
            }
            for row in seen.rows
        ],
        "engines_of_others": sum((seen.others or {}).values()),
    }
