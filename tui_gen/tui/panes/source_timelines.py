"""The running time of a source in one line: a mark for what became of the clips in each part of it.

    0:00 │····▅▅▅▅██xx█▅▅▅XXXX··▅▅····│ 1:56:04

Each mark has a character of its own, also in ASCII, and a role.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from textual.geometry import Size

from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.model.timeline import (
    FAILED,
    LOST,
    MADE,
    MOST_PARTS,
    MOSTLY_REJECTED,
    NOTHING,
    PARTLY_MADE,
    REJECTED,
    TO_COME,
    SourceTimeline,
)
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import Line, Role, StyledText, fit_right, foreign, line, muted

LOOKS: dict[str, tuple[str, Role]] = {
    LOST: ("L", "bad"),
    FAILED: ("F", "bad"),
    MOSTLY_REJECTED: ("X", "bad"),
    REJECTED: ("x", "warn"),
    MADE: ("█", "bar"),
    PARTLY_MADE: ("▅", "bar"),
    TO_COME: ("·", "muted"),
    NOTHING: (" ", "plain"),
}
"""Mark -> character and role."""
_LEAST_SIZE = Size(60, 12)
_ROWS_FOR_LIST = 8
_NAME_CELLS, _TIME_CELLS = 20, 9
_LABEL_CELLS = 11
_BESIDE_MARKS = 14  # of a page: the label, and a rule at both ends
_LEAST_PARTS = 16


def timeline_lines(view: ScreenView, sources: Sequence[SourceState], size: Size) -> tuple[Line, ...]:
    """Return a line for each source at work, as many as there is room for above a list of this size."""
    if size.width < _LEAST_SIZE.width or size.height < _LEAST_SIZE.height:
        return ()
    room = size.height - 2 - _ROWS_FOR_LIST
    at_work = [source for source in sources if source.phase == "working"][:room]
    parts = min(MOST_PARTS, size.width - _NAME_CELLS - _TIME_CELLS - 5)
    shown = ((source, view.timelines.of(source.id, parts)) for source in at_work)
    return tuple(_named(source, timeline) for source, timeline in shown if timeline is not None)


def _named(source: SourceState, timeline: SourceTimeline) -> Line:
    name = foreign(source.name, _NAME_CELLS)
    length = fit_right(_clock(timeline.seconds), _TIME_CELLS)
    return (StyledText(f" {name} "), *_ruled(timeline), muted(length))


def _ruled(timeline: SourceTimeline) -> Line:
    return (muted("│"), *marks_of(timeline), muted("│"))


def marks_of(timeline: SourceTimeline) -> Line:
    """Return the marks of a timeline, a cell each."""
    return tuple(_span(mark, len(list(same))) for mark, same in groupby(timeline.marks))


def _span(mark: str, count: int) -> StyledText:
    character, role = LOOKS[mark]
    return StyledText(character * count, role)


def _clock(seconds: float) -> str:
    """Return a length like "1:56:04"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def timeline_details(view: ScreenView, source: str, width: int) -> list[Line]:
    """Return the lines of a page about a source: its timeline, and what the marks mean."""
    parts = max(_LEAST_PARTS, min(MOST_PARTS, width - _BESIDE_MARKS - _TIME_CELLS))
    timeline = view.timelines.of(source, parts)
    if timeline is None:
        return []
    label = "timeline".ljust(_LABEL_CELLS)
    shown = (StyledText(label), *_ruled(timeline), muted(f" {_clock(timeline.seconds)}"))
    return [(), shown, *_legend(view.state.nouns)]


def _legend(nouns: Nouns) -> Iterator[Line]:
    """Yield the meanings of the marks."""
    meanings = (
        ((MADE, "all made"), (PARTLY_MADE, "some made"), (TO_COME, "to come")),
        ((REJECTED, f"some {nouns.clip.many} rejected"), (MOSTLY_REJECTED, "half or more rejected")),
        ((FAILED, f"{nouns.clip.with_article} failed"), (LOST, "made once, files gone")),
    )
    for row in meanings:
        spans = [StyledText(" " * _LABEL_CELLS)]
        for mark, meaning in row:
            spans += [_span(mark, 1), muted(f" {meaning}   ")]
        yield line(*spans)
