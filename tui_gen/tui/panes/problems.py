"""The pane of warnings and errors: the newest first, repeated ones counted."""

from __future__ import annotations

import time

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, moment
from tui_gen.engine.model.problems import Problem
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.view import ScreenView, labelled, name_of
from tui_gen.tui.widgets.styled_lines import Line, Role, StyledText, fit, fit_line, line, muted

_LABEL = 12
_NARROW = 50


class ProblemsPane(Pane):
    """One line per problem; enter shows the whole problem."""

    room = PaneName.PROBLEMS
    _newest: list[Problem]

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the problems, the newest first."""
        self._newest = view.state.problems[::-1]
        return Page(
            keys=[(problem.source, problem.text) for problem in self._newest],
            row=lambda index: problem_line(view, self._newest[index], size.width),
            is_list=True,
            empty="nothing wrong",
        )

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return the newest problems."""
        newest = view.state.problems[::-1]
        if not newest:
            return [line(self.label(_LABEL), StyledText("nothing wrong", "good"))]
        labels = [self.label(_LABEL)] + [StyledText(" " * _LABEL)] * len(newest)
        return [
            fit_line((label, *_words(view, problem)), width - 1)
            for label, problem in zip(labels, newest, strict=False)
        ]

    def source(self) -> str | None:
        """Return the source of the problem under the cursor."""
        problem = self.problem()
        return problem.source if problem is not None else None

    def problem(self) -> Problem | None:
        """Return the problem under the cursor."""
        newest: list[Problem] = getattr(self, "_newest", [])
        key = self.chosen.key
        return next((each for each in newest if (each.source, each.text) == key), None)

    def copied(self) -> list[str]:
        """Return the whole problem."""
        problem = self.problem()
        if problem is None or self._view is None:
            return super().copied()
        name = name_of(self._view.state, problem.source)
        return [part for part in (name, problem.text, *problem.detail.splitlines()) if part]


def problem_line(view: ScreenView, problem: Problem, width: int) -> Line:
    """Return a line like `14:20  error  Missing: file not found`."""
    when = time.strftime("%H:%M", time.localtime(problem.last_at))
    start: Line = (muted(f" {when}"), *_level(problem))
    return (
        *(start if width >= _NARROW else (StyledText(" "), *_level(problem)[1:])),
        *_words(view, problem, is_marked=False),
    )


def _level(problem: Problem) -> Line:
    role: Role = "bad" if problem.level == "error" else "warn"
    return (StyledText("  "), StyledText(fit(problem.level, 9), role))


def _words(view: ScreenView, problem: Problem, *, is_marked: bool = True) -> Line:
    role: Role = "bad" if problem.level == "error" else "warn"
    name = display_name(name_of(view.state, problem.source))
    mark = [StyledText("! ", role)] if is_marked else []
    times = [StyledText(f"{count(problem.count)} × ", "strong")] if problem.count > 1 else []
    return (*mark, *times, StyledText(f"{name}: " if name else ""), StyledText(display_name(problem.text)))


def problem_details(view: ScreenView, problem: Problem) -> list[str]:
    """Return the whole problem, with the last lines of the program that failed."""
    facts = []
    source = view.state.sources.get(problem.source or "")
    if source is not None:
        noun = view.state.nouns.source
        facts += [(noun.one, display_name(source.name)), ("path", display_name(source.path))]
    times = f"{count(problem.count)} times, first {moment(problem.first_at, view.now)}, last "
    facts.append(("seen", (times if problem.count > 1 else "") + moment(problem.last_at, view.now)))
    lines = [display_name(problem.text), "", *labelled(facts, least_cells=7)]
    if problem.detail:
        lines += ["", *(display_name(each) for each in problem.detail.splitlines())]
    return lines
