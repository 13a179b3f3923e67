"""The pane of warnings and errors, by kind: errors first, the fact before the name."""

from __future__ import annotations

import time

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, moment
from tui_gen.engine.model.problem_kinds import About, ProblemKind, problem_kinds
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.view import ScreenView, labelled
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    fit,
    fit_line,
    line,
    muted,
    width_of,
)

_LABEL = 12
_NARROW = 50
_LISTED = 200
"""So many problems of one kind are listed with their details."""


class ProblemsPane(Pane):
    """One line per kind of problem; enter lists its problems."""

    room = PaneName.PROBLEMS

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self._kinds: list[ProblemKind] = []
        self._grouped: ScreenView | None = None  # whose problems `_kinds` are

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the kinds, errors first."""
        kinds = self._kinds_of(view)
        return Page(
            keys=[(kind.level, kind.pattern) for kind in kinds],
            row=lambda index: kind_line(view, kinds[index], size.width),
            is_list=True,
            empty="nothing wrong",
        )

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return the most important kinds, and how many are not shown."""
        kinds = self._kinds_of(view)
        if not kinds:
            return [line(self.label(_LABEL), StyledText("nothing wrong", "good"))]
        shown = kinds[: max(1, self.size.height)]
        labels = [self.label(_LABEL)] + [StyledText(" " * _LABEL)] * (len(shown) - 1)
        lines = [(label, *_words(view, kind)) for label, kind in zip(labels, shown, strict=True)]
        more = len(kinds) - len(shown)
        tail = (muted(f"  {more} more kind{'' if more == 1 else 's'} "),) if more else ()
        room = width - 1 - width_of(tail)
        return [*(fit_line(each, width - 1) for each in lines[:-1]), (*fit_line(lines[-1], room), *tail)]

    def source(self) -> str | None:
        """Return the only source of the kind under the cursor."""
        kind = self.kind()
        return kind.source if kind is not None else None

    def kind(self) -> ProblemKind | None:
        """Return the kind under the cursor."""
        return next((kind for kind in self._kinds if (kind.level, kind.pattern) == self.chosen.key), None)

    def _kinds_of(self, view: ScreenView) -> list[ProblemKind]:
        """Return the kinds of a view; grouping hundreds of problems takes milliseconds."""
        if self._grouped is not view:
            self._kinds, self._grouped = problem_kinds(view.state), view
        return self._kinds

    def copied(self) -> list[str]:
        """Return all problems of the kind."""
        kind = self.kind()
        if kind is None or self._view is None:
            return super().copied()
        return [
            part
            for member in kind.members
            for part in (member.name, member.fact, *member.problem.detail.splitlines())
            if part
        ]


def kind_line(view: ScreenView, kind: ProblemKind, width: int) -> Line:
    """Return a line like `14:20  error  file not found: Missing`."""
    when = time.strftime("%H:%M", time.localtime(max(each.problem.last_at for each in kind.members)))
    start: Line = (muted(f" {when}"), *_level(kind))
    return (
        *(start if width >= _NARROW else (StyledText(" "), *_level(kind)[1:])),
        *_words(view, kind, is_marked=False),
    )


def _level(kind: ProblemKind) -> Line:
    return (StyledText("  "), StyledText(fit(kind.level, 9), _role(kind)))


def _role(kind: ProblemKind) -> Role:
    return "bad" if kind.level == "error" else "warn"


def _words(view: ScreenView, kind: ProblemKind, *, is_marked: bool = True) -> Line:
    mark = [StyledText("! ", _role(kind))] if is_marked else []
    is_many = len(kind.names) > 1
    times = [StyledText(f"{count(kind.times)} × ", "strong")] if kind.times > 1 and not is_many else []
    subject, fact = display_name(kind.subject(view.state.nouns.source)), display_name(kind.fact)
    if is_many:
        return (*mark, StyledText(f"{subject}: ", "strong"), StyledText(fact))
    return (*mark, *times, StyledText(fact), muted(f": {subject}" if subject else ""))


def kind_details(view: ScreenView, kind: ProblemKind) -> list[str]:
    """Return all problems of a kind, with the last lines of the programs that failed."""
    listed = kind.members[:_LISTED]
    if len(kind.members) == 1:
        return problem_details(view, kind.members[0])
    lines = [display_name(kind.fact), ""]
    for member in listed:
        lines += [*problem_details(view, member), ""]
    more = len(kind.members) - len(listed)
    return [*lines, f"and {count(more)} more"] if more else lines[:-1]


def problem_details(view: ScreenView, about: About) -> list[str]:
    """Return one whole problem."""
    problem, facts = about.problem, []
    source = view.state.sources.get(about.source or "")
    if source is not None:
        noun = view.state.nouns.source
        facts += [(noun.one, display_name(source.name)), ("path", display_name(source.path))]
    times = f"{count(problem.count)} times, first {moment(problem.first_at, view.now)}, last "
    facts.append(("seen", (times if problem.count > 1 else "") + moment(problem.last_at, view.now)))
    lines = [display_name(about.fact), "", *labelled(facts, least_cells=7)]
    if problem.detail:
        lines += ["", *(display_name(each) for each in problem.detail.splitlines())]
    return lines
