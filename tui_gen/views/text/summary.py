"""The results of a run as numbers and lines of text, some of which its page shares.

Pure. A rate or a share that was not measured is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from tui_gen.base.formatting import count, display_name, duration, moment, percent, size
from tui_gen.engine.model.metrics import patches_a_minute_of_work, seconds_a_clip, sources_by_success
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.storage.history import History, Run
from tui_gen.views.text.final_lines import final_lines
from tui_gen.views.text.tables import Column, LineWidth, table_lines

REASONS_SHOWN = 20


def summary_lines(
    state: RunState, history: History, width: LineWidth, *, now: float, is_at_work: bool
) -> Iterator[str]:
    """Yield the whole report as text."""
    yield from final_lines(state, now, width, is_at_work=is_at_work, course=history.course)
    yield ""
    yield from _rate_lines(state, history)
    yield from _source_lines(state, history, width)
    reasons = list(reason_lines(history))
    if reasons:
        yield ""
        yield f"{state.nouns.clip.title} that gave nothing, by reason:"
        yield from (f"  {display_name(line)}" for line in reasons)
    yield from _problem_lines(state)
    yield ""
    clips = state.nouns.clip.many
    yield "Runs:"
    rows = [(moment(run.started_at, 0.0), f"{count(run.clips)} {clips}", ending(run)) for run in history.runs]
    columns = (Column(""), Column("", is_number=True), Column(""))
    yield from table_lines(columns, rows, width, indent=2)


def _rate_lines(state: RunState, history: History) -> Iterator[str]:
    rate = mean_patches_per_minute(history)
    if rate is not None:
        noun = state.nouns.of_rate(state.nouns.image)
        yield f"{noun.title} a minute:  {rate:.1f} over {duration(history.work_seconds)} at work"
        yield ""


def _source_lines(state: RunState, history: History, width: LineWidth) -> Iterator[str]:
    sources = sources_by_success(state)
    if not sources:
        return
    numbers = ("success", "made", "rejected", "failed", "on disk", state.nouns.clip.with_article)
    columns = (
        *(Column(title, is_number=True) for title in numbers),
        Column(state.nouns.source.one, may_be_cut=True, least_cells=12),
        Column("why" if any(source.reason for source in sources) else "", may_be_cut=True),
    )
    yield from table_lines(columns, [_source_row(source, history) for source in sources], width)


def _source_row(source: SourceState, history: History) -> tuple[str, ...]:
    a_clip = clip_seconds(source, history)
    return (
        percent(source.success_rate),
        count(source.made),
        count(source.rejected),
        count(source.failed),
        size(source.size_bytes),
        f"{a_clip:.1f} s" if a_clip is not None else "-",
        source.name,
        source.reason,
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
    """Return the mean patches per minute of work, over all runs."""
    made = sum(number for number in history.additions.patches if number > 0)
    return patches_a_minute_of_work(made, history.work_seconds)


def clip_seconds(source: SourceState, history: History) -> float | None:
    """Return a worker's mean seconds per clip of a source."""
    return seconds_a_clip(source, history.source_seconds.get(source.id))


def reason_lines(history: History) -> Iterator[str]:
    """Yield the reasons of clips without patches, the most frequent first; N replaces numbers that differ."""
    for (kind, reason), times in history.reasons.most_common(REASONS_SHOWN):
        yield f"{count(times)} {kind}: {reason}"
    if len(history.reasons) > REASONS_SHOWN:
        yield f"{count(len(history.reasons) - REASONS_SHOWN)} further reasons"


def ending(run: Run) -> str:
    """Return the end of a run, as recorded in the ledger."""
    if not run.result:
        return f"no end written; last sign of it {moment(run.last_at, 0.0)}"
    return f"{run.result} after {duration(run.seconds)} (exit code {run.exit_code})"
