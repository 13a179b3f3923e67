"""The pane of the disk: used space, expected space, and whether the disk suffices."""

from __future__ import annotations

from textual.geometry import Size

from tui_gen.base.formatting import count, size
from tui_gen.engine.model.metrics import CategoryMetrics
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.panes.summary import not_measured, outlook_words
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import (
    Line,
    StyledText,
    fit,
    fit_right,
    foreign,
    joined,
    line,
    muted,
    strong,
)

_LABEL = 12


class DiskPane(Pane):
    """Free space, the threshold, and the space of each category."""

    room = PaneName.DISK

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the facts, then the categories."""
        return page_of([*_facts(view), *_categories(view, size.width)])

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return one line: free space, whether it suffices, and when the run would pause."""
        if view.state.disk is None:
            return [line(self.label(_LABEL), muted(not_measured(view)))]
        to_come = view.metrics.bytes_left
        parts = [
            outlook_words(view),
            line(size(to_come), muted(" to come"))
            if to_come is not None
            else line(muted("to come not known yet")),
            line(muted("pauses under "), size(view.state.disk.pauses_below_bytes)),
        ]
        return [(self.label(_LABEL), *joined(parts, width - _LABEL))]


def _facts(view: ScreenView) -> list[Line]:
    disk = view.state.disk
    if disk is None:
        return [line(muted(f" {not_measured(view)}"))]
    to_come = view.metrics.bytes_left
    rows = [
        _fact("free", line(strong(size(disk.free_bytes)), f" of {size(disk.total_bytes)}")),
        _fact("to come", line(size(to_come) if to_come is not None else "not known yet")),
        _fact("outlook", outlook_words(view)),
        _fact("pauses", line(f"under {size(disk.pauses_below_bytes)}")),
    ]
    if disk.free_inodes is not None:
        rows.append(_fact("files", line(f"{count(disk.free_inodes)} more")))
    return rows


def _fact(label: str, words: Line) -> Line:
    return (muted(" " + fit(label, _LABEL)), *words)


def _categories(view: ScreenView, width: int) -> list[Line]:
    """Return lines with the measured bytes of each category and of its mean patch."""
    name_width = max(6, min(24, width - 28))
    metrics = view.metrics
    rows: list[Line] = [()]
    # Of the many categories of a job of stages, those that take no room are left out.
    shown = [
        category
        for category in metrics.categories.values()
        if category.size_bytes or not view.state.nouns.image_categories
    ]
    rows += [_taken(foreign(category.name.upper(), name_width), category) for category in shown]
    rows.append(_taken(fit("total", name_width), metrics.total))
    return rows


def _taken(name: str, category: CategoryMetrics) -> Line:
    mean = category.mean_patch_bytes
    each = f"{size(mean)} each" if mean is not None else "-"
    taken = fit_right(size(category.size_bytes), 10)
    return (StyledText(f" {name}"), StyledText(taken), muted(fit_right(each, 16)))
