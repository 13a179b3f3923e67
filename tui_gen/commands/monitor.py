"""Shows a run through its status file, as lines of text or of JSON. It writes no file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name, duration, moment, percent, size
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.machine_metrics import machines_of
from tui_gen.engine.model.metrics import CategoryMetrics, Metrics, metrics_of
from tui_gen.engine.model.problem_kinds import problem_kinds
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.status_reader import HeartbeatWatch, StatusError, StatusSnapshot, read_status
from tui_gen.views.text.machine_lines import machine_table
from tui_gen.views.text.run_lines import checkpoint_words, progress_line, verdict_line
from tui_gen.views.text.tables import Column, LineWidth, line_width, table_lines

LOOK_SECONDS = 2.0
SIGN_SECONDS = 3.0
"""A live engine writes its status within this time."""


def is_status_file(path: Path) -> bool:
    """Return whether a file is a status file and not a configuration."""
    try:
        read_status(path, time.time())
    except StatusError:
        return False
    return True


def watch(path: Path, out: TextIO, *, is_once: bool, is_json: bool) -> int:
    """Print the contents of the status file, once or every two seconds until the run ends."""
    heartbeats = HeartbeatWatch()
    while True:
        seen, now = _look(path, heartbeats), time.time()
        if is_once and seen.liveness == "stale":
            seen = _look_again(path, heartbeats)
        if is_json:
            out.write(json.dumps(seen.raw) + "\n")
        else:
            lines = (
                _lines(seen, now, line_width(out)) if is_once else [progress_line(seen.state, seen.heartbeat)]
            )
            out.writelines(f"{line}\n" for line in lines)
        out.flush()
        if is_once or seen.liveness in {"ended", "dead"}:
            return ExitCode.INTERNAL_ERROR if seen.liveness == "dead" else ExitCode.DONE
        time.sleep(LOOK_SECONDS)


def _look(path: Path, heartbeats: HeartbeatWatch) -> StatusSnapshot:
    try:
        return read_status(path, time.time(), heartbeats)
    except StatusError as error:
        raise RefusedError(str(error)) from error


def _look_again(path: Path, heartbeats: HeartbeatWatch) -> StatusSnapshot:
    """Wait for a new heartbeat: after a step of the clock, a recent heartbeat looks old."""
    deadline = time.monotonic() + SIGN_SECONDS
    while (seen := _look(path, heartbeats)).liveness == "stale" and time.monotonic() < deadline:
        time.sleep(SIGN_SECONDS / 10)
    return seen


def _lines(seen: StatusSnapshot, now: float, width: LineWidth) -> Iterator[str]:
    state, metrics = seen.state, metrics_of(seen.state, seen.heartbeat)
    words = {"stale": "STALE", "dead": "DEAD"}
    word = words.get(seen.liveness, state.phase.upper())
    reason = f" ({display_name(state.reason)})" if state.reason else ""
    yield f"{word}{reason}, last update {moment(seen.heartbeat, now)}, workers {state.workers_target}"
    yield verdict_line(state, seen.heartbeat, seen.signs)
    yield progress_line(state, seen.heartbeat)
    yield f"elapsed {duration(metrics.elapsed_seconds)}, output {display_name(state.output)}"
    yield ""
    yield from _table(metrics, state.nouns, width)
    if machines_of(state):
        yield ""
        yield from machine_table(state, seen.heartbeat, width)
    yield ""
    yield from _checkpoints(metrics)
    yield from _problems(state, metrics)


def _table(metrics: Metrics, nouns: Nouns, width: LineWidth) -> Iterator[str]:
    numbers = (nouns.source.many, nouns.amounts, "target", "filled", "disk")
    columns = (Column("category", may_be_cut=True), *(Column(title, is_number=True) for title in numbers))
    rows = [
        _row(category.name.upper(), f"{category.videos_done}/{category.videos}", category)
        for category in metrics.categories.values()
    ]
    return table_lines(columns, [*rows, _row("TOTAL", "", metrics.total)], width)


def _row(name: str, sources: str, category: CategoryMetrics) -> tuple[str, ...]:
    return (
        name,
        sources,
        count(category.images),
        count(category.wanted) if category.wanted else "-",
        percent(category.share_done),
        size(category.size_bytes),
    )


def _checkpoints(metrics: Metrics) -> Iterator[str]:
    words = checkpoint_words(metrics.checkpoints)
    yield f"{words[:1].upper()}{words[1:]}"


def _problems(state: RunState, metrics: Metrics) -> Iterator[str]:
    counts = metrics.problems
    if counts.errors or counts.warnings:
        errors = f"{counts.errors} error{'' if counts.errors == 1 else 's'}"
        yield f"Problems: {errors}, {counts.warnings} warning{'' if counts.warnings == 1 else 's'}"
    for kind in problem_kinds(state):
        times = f" ({kind.times} times)" if kind.times > max(1, len(kind.names)) else ""
        yield f"{kind.level}: {display_name(kind.text(state.nouns.source))}{times}"
