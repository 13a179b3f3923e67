"""The base class of the panes, which are written from a `ScreenView`.

Each subclass writes a `Page` with the contents; the scroll list decides where the lines are on the screen.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual.geometry import Size

from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.tui.layout import PaneName, numbered, title_of
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.scroll_list import Page, ScrollList, changed_cells, page_of
from tui_gen.tui.widgets.styled_lines import (
    EMPTY,
    Line,
    Role,
    StyledText,
    fit,
    fit_line,
    line,
    muted,
    width_of,
)

__all__ = ["Page", "Pane", "changed_cells", "page_of"]


class Pane(ScrollList):
    """One pane of the screen."""

    room: ClassVar[PaneName]

    def __init__(self) -> None:
        """Make an empty pane; `show` fills it."""
        super().__init__(self.room.name.lower())
        self.is_tabbed = False  # the title names all panes, because only this pane is shown
        self._view: ScreenView | None = None

    # ------------------------------------------------------------------ what a room writes

    @abstractmethod
    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the page for a size."""

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return one or two lines for a small screen; by default the first rows."""
        page = self.page(view, Size(width, 2))
        return [page.row(index) for index in range(min(2, len(page.keys)))]

    def source(self) -> str | None:
        """Return the id of the source under the cursor, or None."""
        return None

    def copied(self) -> list[str]:
        """Return the lines that the key `y` copies, unescaped."""
        return [self._view.state.output] if self._view is not None else []

    # ------------------------------------------------------------------ showing

    def show(self, view: ScreenView) -> None:
        """Show a view; only cells that changed are painted again."""
        self._view = view
        self.repaint()

    def label(self, cells: int) -> StyledText:
        """Return the pane's number and name, as shown before a summary."""
        return muted(fit(f" {self._heading.lower()}", cells))

    def wanted_lines(self, view: ScreenView, width: int) -> int:
        """Return the number of lines that the pane could fill, without its title."""
        page = self.page(view, Size(width, 0))
        return len(page.head) + max(1, len(page.keys))

    # ------------------------------------------------------------------ what a roll asks for

    def write(self, size: Size) -> Page | None:
        """Return the page of the view last shown."""
        return self.page(self._view, size) if self._view is not None else None

    def heading(self, width: int) -> Line:
        """Return the pane's number and name, or those of all panes."""
        role: Role = "title" if self.has_focus else "muted"
        return self._tabs(width) if self.is_tabbed else line(StyledText(f" {self._heading} ", role))

    def _written(self) -> list[Line] | None:
        if not self.is_summary or self._view is None:
            return super()._written()
        width, height = self.size
        lines = self.summary(self._view, width)[:height]
        return [fit_line(each, width) for each in lines] + [fit_line(EMPTY, width)] * (height - len(lines))

    @property
    def _heading(self) -> str:
        title = title_of(self.room, self.nouns)
        rooms = self._numbered
        return f"{rooms.index(self.room) + 1} {title}" if self.room in rooms else title

    @property
    def _numbered(self) -> tuple[PaneName, ...]:
        view = self._view
        if view is None:
            return numbered(is_ended=False)
        return numbered(is_ended=view.condition.is_ended, has_machines=bool(view.machines))

    @property
    def nouns(self) -> Nouns:
        """The job's nouns for sources, clips and patches."""
        return self._view.state.nouns if self._view is not None else USUAL_NOUNS

    def _tabs(self, width: int) -> Line:
        """Return the names of all panes, this one in brackets; only numbers if names do not fit."""
        for are_named in (True, False):
            spans: list[StyledText] = [StyledText(" ")]
            for number, room in enumerate(self._numbered, 1):
                title = title_of(room, self.nouns)
                if room is self.room:
                    spans.append(StyledText(f"[{number} {title}]", "title"))
                else:
                    spans.append(muted(f" {number} {title}" if are_named else f" {number}"))
            if self.room not in self._numbered:
                spans.append(StyledText(f" [{self.room.value}]", "title"))
            spans.append(StyledText(" "))
            if width_of(tuple(spans)) <= width:
                break
        return tuple(spans)
