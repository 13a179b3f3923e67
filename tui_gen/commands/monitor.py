"""Watches a run through its status file, as lines of text or of JSON; it never writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name, duration, moment, percent, size
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.status_reader import StatusError, StatusSnapshot, read_status
from tui_gen.views.text.run_lines import progress_line

LOOK_SECONDS = 2.0


def is_status_file(path: Path) -> bool:
    """Return whether a file is a status file, and not a configuration."""
    try:
        read_status(path, time.time())
    except StatusError:
        return False
    return True


def watch(path: Path, out: TextIO, *, is_once: bool, is_json: bool) -> int:
    """Write what the status file says, once or every two seconds until the run ends."""
    while True:
        now = time.time()
        try:
            seen = read_status(path, now)
        except StatusError as error:
            raise RefusedError(str(error)) from error
        if is_json:
            out.write(json.dumps(seen.raw) + "\n")
        else:
            lines = _lines(seen, now) if is_once else [progress_line(seen.state, now)]
            out.writelines(f"{line}\n" for line in lines)
        out.flush()
        if is_once or seen.liveness in {"ended", "dead"}:
            return ExitCode.INTERNAL_ERROR if seen.liveness == "dead" else ExitCode.DONE
        time.sleep(LOOK_SECONDS)


def _lines(seen: StatusSnapshot, now: float) -> Iterator[str]:
    state = seen.state
    words = {"stale": "STALE", "dead": "DEAD"}
    word = words.get(seen.liveness, state.phase.upper())
    reason = f" ({display_name(state.reason)})" if state.reason else ""
    yield f"{word}{reason}, last update {moment(seen.heartbeat, now)}, workers {state.workers_target}"
    yield progress_line(state, seen.heartbeat)
    yield f"elapsed {duration(state.elapsed_seconds(seen.heartbeat))}, output {display_name(state.output)}"
    yield ""
    yield from _table(state)
    yield ""
    yield from _checkpoints(state)
    for problem in reversed(state.problems):
        times = f" ({problem.count} times)" if problem.count > 1 else ""
        source = state.sources.get(problem.source) if problem.source else None
        about = f"{display_name(source.name)}: " if source and source.name not in problem.text else ""
        yield f"{problem.level}: {about}{display_name(problem.text)}{times}"


def _table(state: RunState) -> Iterator[str]:
    yield f"{'category':<16} {'videos':>6} {'images':>10} {'target':>10} {'done':>8} {'disk':>10}"
    images = target = size_bytes = 0
    for category in state.categories.values():
        videos = sum(1 for s in state.sources.values() if s.images.get(category.name))
        share = category.images / category.target if category.target else None
        wanted = count(category.target) if category.target is not None else "-"
        yield (
            f"{display_name(category.name).upper():<16} {videos:>6} {count(category.images):>10} "
            f"{wanted:>10} {percent(share):>8} {size(category.size_bytes):>10}"
        )
        images, size_bytes = images + category.images, size_bytes + category.size_bytes
        target += category.target or 0
    share = images / target if target else None
    yield (
        f"{'TOTAL':<16} {'':>6} {count(images):>10} {count(target) if target else '-':>10} "
        f"{percent(share):>8} {size(size_bytes):>10}"
    )


def _checkpoints(state: RunState) -> Iterator[str]:
    phases = [source.phase for source in state.sources.values()]
    done, working = phases.count("done"), phases.count("working")
    yield f"Checkpoints: {len(phases)}, completed {done}, in progress {working}"
    for word in ("failed", "set aside", "unusable", "missing", "skipped"):
        if word in phases:
            yield f"  {word}: {phases.count(word)}"
