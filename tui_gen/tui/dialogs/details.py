"""The page with all about the line under the cursor, written anew with every view."""

from __future__ import annotations

from collections.abc import Callable

from tui_gen.engine.model.problem_kinds import problem_kinds
from tui_gen.tui.dialogs.dialogs import TextPage, page_cells
from tui_gen.tui.panes.categories import CategoriesPane, category_details
from tui_gen.tui.panes.log import LogPane
from tui_gen.tui.panes.log_lines import event_page
from tui_gen.tui.panes.machines import MachinesPane, machine_details
from tui_gen.tui.panes.pane import Pane
from tui_gen.tui.panes.problems import ProblemsPane, kind_details
from tui_gen.tui.panes.source_timelines import timeline_details
from tui_gen.tui.panes.sources import source_details
from tui_gen.tui.view import ScreenView

Writer = Callable[[ScreenView], TextPage | None]
"""Writes a page; None if a view has nothing to say of its subject any more."""


def details_of(pane: Pane) -> Writer | None:
    """Return the writer of the page on what is under a pane's cursor, or None."""
    if isinstance(pane, ProblemsPane):
        return _of_problems(pane)
    if isinstance(pane, LogPane):
        return _of_event(pane)
    if isinstance(pane, CategoriesPane):
        return _of_category(pane.category())
    if isinstance(pane, MachinesPane):
        return _of_machine(pane.machine())
    return _of_source(pane.source(), page_cells(pane.app.size.width))


def _of_problems(pane: ProblemsPane) -> Writer | None:
    chosen = pane.kind()
    if chosen is None:
        return None
    level, pattern = chosen.level, chosen.pattern

    def write(view: ScreenView) -> TextPage | None:
        kinds = problem_kinds(view.state)
        kind = next((each for each in kinds if (each.level, each.pattern) == (level, pattern)), None)
        if kind is None:
            return None
        title = level if len(kind.members) == 1 else f"{len(kind.members)} {level}s"
        return title, kind_details(view, kind)

    return write


def _of_event(pane: LogPane) -> Writer | None:
    event, describer, width = pane.event(), pane.describer, page_cells(pane.app.size.width)
    return None if event is None else lambda view: event_page(view, event, describer, width=width)


def _of_category(name: str | None) -> Writer | None:
    if name is None:
        return None

    def write(view: ScreenView) -> TextPage | None:
        return (name, category_details(view, name)) if name in view.metrics.categories else None

    return write


def _of_machine(name: str | None) -> Writer | None:
    if name is None:
        return None

    def write(view: ScreenView) -> TextPage | None:
        return (name, machine_details(view, name)) if name in view.state.machines else None

    return write


def _of_source(name: str | None, width: int) -> Writer | None:
    if name is None:
        return None

    def write(view: ScreenView) -> TextPage | None:
        source = view.state.sources.get(name)
        if source is None:
            return None
        return source.name, [*source_details(view, name), *timeline_details(view, name, width)]

    return write
