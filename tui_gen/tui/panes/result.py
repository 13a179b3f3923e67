"""The end page: what a run that has ended came to, and what to do next. It takes the place of the workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.geometry import Size

from tui_gen.base.formatting import count, percent
from tui_gen.engine.model.end_totals import EndTotals
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.categories import CategoriesPane
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import Line, Role, StyledText, fit, muted, strong, wrapped
from tui_gen.views.text.end_words import course_facts, disk_words, problem_words, time_words
from tui_gen.views.text.machine_lines import made_words

_LABEL = 14


class ResultPane(Pane):
    """The totals, each category against its target, the course, and the next commands."""

    room = PaneName.RESULT

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the page; empty before the end of the run."""
        if view.totals is None:
            return Page(empty="the run has not ended")
        lines = list(_lines(view, view.totals, size.width))
        if len(lines) >= size.height:  # one line is the title: on a small screen, facts come before gaps
            lines = [each for each in lines if each]
        return page_of(lines)


def _lines(view: ScreenView, totals: EndTotals, width: int) -> Iterator[Line]:
    nouns, metrics = view.state.nouns, view.metrics
    total = metrics.total
    wanted = f" of {count(total.wanted)}, {percent(total.share_done)}" if total.wanted else ""
    made: Line = (strong(count(total.images)), StyledText(wanted))
    yield (muted(f" {fit(nouns.image.many, _LABEL)}"), *made)
    yield from _fact("time", [time_words(totals)], width)
    yield from _fact("disk", [disk_words(totals, metrics)], width)
    problems = problem_words(totals, metrics, nouns)
    yield from _fact("problems", [problems or "none"], width, "warn" if problems else "good")
    yield ()
    yield from _categories(view, width)
    course = list(course_facts(totals, nouns))
    steps = view.end.steps if view.end is not None else ()
    if course:
        yield ()
    for label, lines in course:
        yield from _fact(label.lower(), lines, width)
    if machines := list(made_words(totals, nouns)):
        yield from _fact("machines", machines, width)
    if view.end is not None and view.end.trouble:
        yield from _fact("course", [view.end.trouble], width, "warn")
    if steps:
        yield ()
        yield from _fact("next", steps, width)


def _categories(view: ScreenView, width: int) -> Iterator[Line]:
    """Yield the lines of the pane of categories, without the total of a monitor."""
    page = CategoriesPane().page(view, Size(width, 0))
    yield from page.head
    yield from (page.row(place) for place in range(len(view.metrics.categories)))


def _fact(label: str, lines: Iterable[str], width: int, role: Role = "plain") -> Iterator[Line]:
    """Yield a label, and beside it texts that are broken where they are too long."""
    broken = [part for each in lines for part in wrapped(each, max(1, width - _LABEL - 2))]
    for number, part in enumerate(broken):
        yield (muted(f" {fit('' if number else label, _LABEL)}"), StyledText(part, role))
