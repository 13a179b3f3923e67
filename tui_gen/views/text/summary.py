"""What a run came to, as numbers and lines of text that its page shares.

Decides nothing and writes nothing. A rate or a share that was not measured is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from tui_gen.base.formatting import count, display_name, duration, moment, percent, size
from tui_gen.engine.model.metrics import patches_a_minute_of_work, seconds_a_clip, sources_by_success
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.storage.history import History, Run
from tui_gen.views.text.run_lines import final_lines

REASONS_SHOWN = 20


def summary_lines(state: RunState, history: History, *, now: float, is_at_work: bool) -> Iterator[str]:
    """Yield the whole report as text."""
    yield from final_lines(state, now, is_at_work=is_at_work)
    yield ""
    yield from _rate_lines(history)
    yield from _video_lines(state, history)
    reasons = list(reason_lines(history))
    if reasons:
        yield ""
        yield "Clips that gave nothing, by reason:"
        yield from (f"  {display_name(line)}" for line in reasons)
    yield from _problem_lines(state)
    yield ""
    yield "Runs:"
    for run in history.runs:
        yield f"  {moment(run.started_at, 0.0)}  {count(run.clips):>9} clips  {display_name(ending(run))}"


def _rate_lines(history: History) -> Iterator[str]:
    rate = mean_patches_per_minute(history)
    if rate is not None:
        yield f"Images a minute:  {rate:.1f} over {duration(history.work_seconds)} at work"
        yield ""


def _video_lines(state: RunState, history: History) -> Iterator[str]:
    sources = sources_by_success(state)
    if not sources:
        return
    yield f"{'success':>8} {'made':>7} {'rejected':>8} {'failed':>7} {'on disk':>9} {'a clip':>8}  video"
    for source in sources:
        a_clip = clip_seconds(source, history)
        takes = f"{a_clip:.1f} s" if a_clip is not None else "-"
        note = f"  ({display_name(source.reason)})" if source.reason else ""
        yield (
            f"{percent(source.success_rate):>8} {count(source.made):>7} {count(source.rejected):>8} "
            f"{count(source.failed):>7} {size(source.size_bytes):>9} {takes:>8}  "
            f"{display_name(source.name)}{note}"
        )


def _problem_lines(state: RunState) -> Iterator[str]:
    if not state.problems:
        return
    yield ""
    yield "Warnings and errors:"
    for problem in reversed(state.problems):
        times = f" ({count(problem.count)} times)" if problem.count > 1 else ""
        source = state.sources.get(problem.source) if problem.source else None
        about = f"{display_name(source.name)}: " if source else ""
        yield f"  {problem.level}: {about}{display_name(problem.text)}{times}"


# ------------------------------------------------------------------ numbers


def mean_patches_per_minute(history: History) -> float | None:
    """Return the patches of a minute of work, over all runs."""
    made = sum(number for number in history.additions.patches if number > 0)
    return patches_a_minute_of_work(made, history.work_seconds)


def clip_seconds(source: SourceState, history: History) -> float | None:
    """Return what a clip of a source took a worker on average."""
    return seconds_a_clip(source, history.source_seconds.get(source.id))


def reason_lines(history: History) -> Iterator[str]:
    """Yield why clips gave nothing, the most frequent reasons first; N stands for numbers that differ."""
    for (kind, reason), times in history.reasons.most_common(REASONS_SHOWN):
        yield f"{count(times)} {kind}: {reason}"
    if len(history.reasons) > REASONS_SHOWN:
        yield f"{count(len(history.reasons) - REASONS_SHOWN)} further reasons"


def ending(run: Run) -> str:
    """Return how a run ended, as far as the ledger knows."""
    if not run.result:
        return f"no end written; last sign of it {moment(run.last_at, 0.0)}"
    took = duration(run.last_at - run.started_at)
    return f"{run.result} after {took} (exit code {run.exit_code})"
