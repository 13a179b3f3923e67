"""Lines without a title that do not scroll, such as the head and the last line of a screen."""

from __future__ import annotations

from textual.geometry import Size

from tui_gen.tui.widgets.scroll_list import Page, ScrollList
from tui_gen.tui.widgets.styled_lines import EMPTY, Line


class FixedLines(ScrollList, can_focus=False):
    """Lines that a subclass writes."""

    def __init__(self, name: str) -> None:
        """Make empty lines; the first painting fills them."""
        super().__init__(name)
        self.is_summary = True

    def write(self, size: Size) -> Page | None:
        """Return None: these lines do not scroll."""
        del size
        return None

    def heading(self, width: int) -> Line:
        """Return an empty title."""
        del width
        return EMPTY
