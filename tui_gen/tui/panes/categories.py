"""The pane of categories: the progress of each training set, and whether its target will be met."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, duration, percent, size
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.metrics import CategoryMetrics, dataset_categories
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.view import ScreenView, labelled
from tui_gen.tui.widgets.styled_lines import (
    Line,
    StyledText,
    fit_end,
    fit_right,
    foreign,
    muted,
    name_cells,
    rail,
    strong,
)
from tui_gen.views.text.run_lines import checkpoint_words

_LEAST_NAME, _MOST_NAME = 8, 16
_LONG_BAR = 20  # beside a bar of so many cells, names are longer than _MOST_NAME
_FIXED = 1 + 3 + 7 + 4  # margin, the slash after the images, percent, gaps before images and outlook
_TOTAL, _CHECKPOINTS = "\0total", "\0checkpoints"  # no category can have these names


@dataclass(frozen=True, slots=True)
class Cells:
    """The texts of one line before the layout."""

    name: str
    sources: str
    images: str
    target: str
    share: float | None
    size_bytes: int
    outlook: StyledText
    is_total: bool = False


class CategoriesPane(Pane):
    """One line per category, and a total line unless another pane shows the totals."""

    room = PaneName.CATEGORIES

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return a line for each category."""
        names: list[str] = list(view.metrics.categories)
        whole = frozenset[str]()
        if view.state.nouns.image_categories:  # one a stage: what is at work now stands at the top
            names.reverse()
            whole = dataset_categories(view.state)
        cells = [_cells(view.metrics.categories[name], is_of_sources=name not in whole) for name in names]
        if view.is_read_only and names:
            cells.append(_total(view.metrics.total))
            names += [_TOTAL, _CHECKPOINTS]
        widths = _Widths.of(cells, size.width - 1, view.state.nouns)
        return Page(
            head=(widths.heading(),),
            keys=names,
            row=lambda index: (
                widths.row(cells[index]) if index < len(cells) else checkpoints_line(view, size.width)
            ),
            is_list=True,
            empty="no plan yet",
        )

    def category(self) -> str | None:
        """Return the category under the cursor."""
        key = self.chosen.key
        return key if isinstance(key, str) and not key.startswith("\0") else None


def _cells(category: CategoryMetrics, *, is_of_sources: bool) -> Cells:
    return Cells(
        name=category.name.upper(),
        sources=f"{category.videos_done}/{category.videos}" if is_of_sources else "",
        images=count(category.images),
        target=count(category.wanted) if category.wanted else "-",
        share=category.share_done,
        size_bytes=category.size_bytes,
        outlook=outlook(category),
    )


def outlook(category: CategoryMetrics) -> StyledText:
    """Return the time left, like `2d 03h`, or `full`, or the number of images that will be missing."""
    if category.shortfall:
        return StyledText(f"misses {count(category.shortfall)}", "warn")
    if not category.missing:
        return StyledText("full", "good") if category.images else muted("nothing")
    if not category.images_to_do:  # the missing images belong to sources that this run does not process
        return StyledText(f"lacks {count(category.missing)}", "warn")
    return StyledText(duration(category.seconds_left)) if category.seconds_left is not None else muted("-")


def _total(total: CategoryMetrics) -> Cells:
    return Cells(
        name="TOTAL",
        sources="",
        images=count(total.images),
        target=count(total.wanted),
        share=total.share_done,
        size_bytes=total.size_bytes,
        outlook=StyledText(duration(total.seconds_left)),
        is_total=True,
    )


def checkpoints_line(view: ScreenView, width: int) -> Line:
    """Return a line with the number of completed and active sources, and where the monitor reads it."""
    found, place = view.metrics.checkpoints, display_name(view.engine.status_file)
    words = f" {checkpoint_words(found)}"
    if len(words) + 4 + _LEAST_NAME > width:  # the pane of sources tells of the others
        words = f" {checkpoint_words(replace(found, others={}))}"
    room = width - len(words) - 4
    return (
        StyledText(words),
        muted("   " + fit_end(place, room)) if place and room >= _LEAST_NAME else StyledText(""),
    )


@dataclass(frozen=True, slots=True)
class _Widths:
    """The width of each column in cells. Zero leaves a column out."""

    nouns: Nouns
    name: int
    sources: int
    images: int
    target: int
    bar: int
    disk: int
    outlook: int

    @classmethod
    def of(cls, cells: list[Cells], width: int, nouns: Nouns) -> _Widths:
        """Divide the width: numbers first, then the name; the bar gets the rest."""
        images = max([6, len(nouns.amounts), *(len(each.images) for each in cells)])
        target = max([6, *(len(each.target) for each in cells)])
        outlook_width = max([9, *(len(each.outlook.text) for each in cells)])
        longest = max([_LEAST_NAME, *(name_cells(each.name) for each in cells)])
        sources, disk, least_bar = max(8, len(nouns.source.many) + 2), 10, 6
        room = width - images - target - outlook_width - _FIXED
        room -= _LEAST_NAME
        sources = sources if room >= sources else 0
        room -= sources
        disk = disk if room >= disk else 0
        room -= disk
        more_name = min(longest, _MOST_NAME) - _LEAST_NAME
        name = _LEAST_NAME + max(0, min(more_name, room))
        room -= name - _LEAST_NAME
        longer = max(0, min(longest - name, room - 2 - _LONG_BAR))
        name, room = name + longer, room - longer
        return cls(
            nouns, name, sources, images, target, room - 2 if room >= least_bar else 0, disk, outlook_width
        )

    def heading(self) -> Line:
        """Return the names of the columns."""
        parts = [StyledText(" "), muted(foreign("category", self.name))]
        parts += [muted(fit_right(self.nouns.source.many, self.sources))] if self.sources else []
        parts += [
            muted(fit_right(self.nouns.amounts, self.images + 2)),
            muted(" / "),
            muted("target".ljust(self.target)),
        ]
        parts += [StyledText(" " * (self.bar + 2))] if self.bar else []
        parts += [muted(fit_right("filled", 7))]
        parts += [muted(fit_right("disk", self.disk))] if self.disk else []
        return (*parts, muted(fit_right("left", self.outlook + 2)))

    def row(self, cells: Cells) -> Line:
        """Return the line of one category."""
        name = foreign(cells.name, self.name)
        parts = [StyledText(" "), strong(name) if cells.is_total else StyledText(name)]
        parts += [StyledText(fit_right(cells.sources, self.sources))] if self.sources else []
        parts += [
            strong(fit_right(cells.images, self.images + 2)),
            muted(" / "),
            StyledText(cells.target.ljust(self.target)),
        ]
        parts += [StyledText("  "), *rail(cells.share, self.bar)] if self.bar else []
        parts += [StyledText(fit_right(percent(cells.share, 0), 7))]
        parts += [StyledText(fit_right(size(cells.size_bytes), self.disk))] if self.disk else []
        return (*parts, StyledText(fit_right(cells.outlook.text, self.outlook + 2), cells.outlook.role))


def category_details(view: ScreenView, name: str) -> list[str]:
    """Return all details about one category."""
    category, folder = view.metrics.categories[name], view.state.categories[name].folder
    target = count(category.target) if category.target is not None else "none"
    meets = (
        f"will miss its target by {count(category.shortfall)}"
        if category.shortfall
        else "will meet its target"
    )
    nouns = view.state.nouns
    done = f"{category.videos_done} of {category.videos} have given all they are to give"
    made = f"{count(category.images)} made, {count(category.planned)} planned, target {target}"
    facts = [
        ("folder", display_name(folder) or "-"),
        (nouns.source.many, done),
        (nouns.amounts, made),
        ("size", size(category.size_bytes)),
        *([("outlook", meets)] if category.target is not None else []),
    ]
    return labelled(facts, least_cells=9)
