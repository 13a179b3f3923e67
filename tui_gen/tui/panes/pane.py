"""A pane: one room of a run's screen, written from a `View`.

Each room is a subclass that writes a `Page`; it decides what is said, the roll below it where it lands.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual.geometry import Size

from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.tui.layout import NUMBERED, PaneName, title_of
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
    """One room on the screen."""

    room: ClassVar[PaneName]

    def __init__(self) -> None:
        """Make an empty pane; `show` fills it."""
        super().__init__(self.room.name.lower())
        self.is_tabbed = False  # the title names all rooms, this one being the only one shown
        self._view: ScreenView | None = None

    # ------------------------------------------------------------------ what a room writes

    @abstractmethod
    def page(self, view: ScreenView, size: Size) -> Page:
        """Write the page for a size."""

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Write the room in one or two lines; by default the first rows."""
        page = self.page(view, Size(width, 2))
        return [page.row(index) for index in range(min(2, len(page.keys)))]

    def source(self) -> str | None:
        """Return the id of the source the cursor stands on, or None."""
        return None

    def copied(self) -> list[str]:
        """Return the lines that `y` copies, foreign as they are."""
        return [self._view.state.output] if self._view is not None else []

    # ------------------------------------------------------------------ showing

    def show(self, view: ScreenView) -> None:
        """Show a moment; only cells that differ from what is shown are painted again."""
        self._view = view
        self.repaint()

    def label(self, cells: int) -> StyledText:
        """Return the room's number and name, as they stand before a summary."""
        return muted(fit(f" {self._heading.lower()}", cells))

    def wanted_lines(self, view: ScreenView, width: int) -> int:
        """Return how many lines the room could fill, its title not counted."""
        page = self.page(view, Size(width, 0))
        return len(page.head) + max(1, len(page.keys))

    # ------------------------------------------------------------------ what a roll asks for

    def write(self, size: Size) -> Page | None:
        """Write the page of the moment last shown."""
        return self.page(self._view, size) if self._view is not None else None

    def heading(self, width: int) -> Line:
        """Write the room's number and name, or those of all rooms."""
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
        return f"{NUMBERED.index(self.room) + 1} {title}" if self.room in NUMBERED else title

    @property
    def nouns(self) -> Nouns:
        """What the job calls its sources, clips and patches."""
        return self._view.state.nouns if self._view is not None else USUAL_NOUNS

    def _tabs(self, width: int) -> Line:
        """All rooms, this one in brackets; numbers alone where names do not fit."""
        for are_named in (True, False):
            spans: list[StyledText] = [StyledText(" ")]
            for number, room in enumerate(NUMBERED, 1):
                title = title_of(room, self.nouns)
                if room is self.room:
                    spans.append(StyledText(f"[{number} {title}]", "title"))
                else:
                    spans.append(muted(f" {number} {title}" if are_named else f" {number}"))
            if self.room not in NUMBERED:
                spans.append(StyledText(f" [{self.room.value}]", "title"))
            spans.append(StyledText(" "))
            if width_of(tuple(spans)) <= width:
                break
        return tuple(spans)
