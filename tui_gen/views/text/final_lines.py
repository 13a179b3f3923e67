"""The end of a run as lines of text: its standing, and the final statistics. Pure.

This module only formats. It makes untrusted names printable by `display_name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tui_gen.base.formatting import count, display_name, duration, percent, size
from tui_gen.engine.model.end_totals import EndTotals, end_totals
from tui_gen.engine.model.metrics import (
    Metrics,
    Standing,
    dataset_categories,
    idle_sources,
    image_categories,
    metrics_of,
    standing,
)
from tui_gen.engine.model.run_course import RunCourse
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState, SourceState
from tui_gen.views.text.end_words import course_lines
from tui_gen.views.text.machine_lines import made_table
from tui_gen.views.text.tables import Column, LineWidth, table_lines

RULE = "─" * 62

Quality = Literal["good", "warning", "bad", "quiet"]


def headline(state: RunState, *, is_at_work: bool) -> tuple[str, Quality]:
    """Return the standing of a run in one line, and whether it is good."""
    reason = display_name(state.reason).removeprefix("stopped ")  # of older engines: "stopped before the end"
    words: dict[Standing, tuple[str, Quality]] = {
        "at work": ("at work", "quiet"),
        "complete": ("complete", "good"),
        "with gaps": ("finished, with gaps", "warning"),
        "stopped": (f"stopped: {reason}", "warning"),
        "failed": ("ended by an internal error", "bad"),
        "died": ("ended, and no end is recorded: the engine was killed, or the machine went down", "bad"),
    }
    line, quality = words[standing(state, is_at_work=is_at_work)]
    return f"Dataset generation {line}", quality


def final_lines(
    state: RunState,
    now: float,
    width: LineWidth,
    *,
    is_at_work: bool = False,
    course: RunCourse | None = None,
) -> Iterator[str]:
    """Yield the final statistics; `course` is what only the ledger knows, if that was read."""
    yield headline(state, is_at_work=is_at_work)[0]
    metrics = metrics_of(state, now)
    yield from card_lines(state, metrics, end_totals(state, metrics, course), width)


def card_lines(state: RunState, metrics: Metrics, totals: EndTotals, width: LineWidth) -> Iterator[str]:
    """Yield the final statistics without the standing of the run."""
    yield RULE
    rows = list(_totals(state, metrics, totals))
    cells = max(len(title) for title, _ in rows)
    yield from (f"{title:<{cells}}  {value}" for title, value in rows)
    course = list(course_lines(totals, state.nouns))
    yield from ["", *course] if course else []
    yield ""
    yield "Categories:"
    yield from _category_lines(state, width)
    if machines := list(made_table(totals, state.nouns, width)):
        yield from ["Machines:", *machines]
    yield from _gap_lines(state, metrics)
    yield f"Output: {display_name(state.output)}"
    yield RULE


def _totals(state: RunState, metrics: Metrics, totals: EndTotals) -> Iterator[tuple[str, str]]:
    nouns = state.nouns
    yield "Done:", percent(metrics.share_done)
    yield f"Total {nouns.source.many} processed:", f"{metrics.videos.done} of {metrics.videos.total}"
    yield f"Total {nouns.image.many} created:", count(metrics.total.images)
    yield "Total disk usage:", size(metrics.total.size_bytes)
    if totals.free_bytes is not None:
        yield "Disk free:", size(totals.free_bytes)
    yield "Total time:", duration(metrics.elapsed_seconds)
    if totals.wall_seconds is not None:
        yield "Since the first start:", duration(totals.wall_seconds)
    yield "Success rate:", percent(metrics.success_rate)
    if nouns.has_attempts and metrics.retry_rate is not None:
        yield "Retry rate:", percent(metrics.retry_rate)
    if nouns.has_attempts and metrics.average_attempts is not None:
        yield "Average attempts:", f"{metrics.average_attempts:.2f}"


CATEGORY_COLUMNS = (
    Column("", may_be_cut=True),
    Column("", is_number=True),
    Column("", is_number=True),
    Column(""),
)


def _category_lines(state: RunState, width: LineWidth) -> Iterator[str]:
    counted, whole = image_categories(state), dataset_categories(state)
    images = state.nouns.image.many
    rows = [
        (
            category.name.upper(),
            _is_made(category)
            if category.name in whole
            else _given(category, images if category.name in counted else ""),
            size(category.size_bytes),
            f"{count(category.surplus)} of them repeat others" if category.surplus else "",
        )
        for category in state.categories.values()
    ]
    return table_lines(CATEGORY_COLUMNS, rows, width, indent=2)


def _given(category: CategoryState, images: str) -> str:
    target = f" of {count(category.target)}" if category.target is not None else ""
    return f"{count(category.images)}{target} {images}".rstrip()


def _is_made(category: CategoryState) -> str:
    """Return how a category of the whole dataset is: what it holds is no image."""
    return "made" if category.images else "not made"


def _gap_lines(state: RunState, metrics: Metrics) -> Iterator[str]:
    short = [category for category in metrics.categories.values() if category.shortfall]
    idle = idle_sources(state)
    if not short and not idle and not state.clips_failed:
        return
    yield ""
    for category in short:
        missed = state.nouns.image.counted(category.shortfall)
        yield f"Target missed: {display_name(category.name.upper())} by {missed}"
    if state.clips_failed:
        yield f"Failed {state.nouns.clip.many}: {count(state.clips_failed)}; the next run tries them again"
    for source in idle:
        yield _idle_line(source)
    yield ""


def _idle_line(source: SourceState) -> str:
    return f"Nothing more from {display_name(source.name)}: {display_name(source.reason)}"
