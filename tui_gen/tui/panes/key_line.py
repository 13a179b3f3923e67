"""The last line: the keys of possible actions, or for a moment the result of the last action."""

from __future__ import annotations

from textual.geometry import Size

from tui_gen.base.formatting import display_name
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import Line, StyledText, joined, line, muted, width_of

NOTICE_SECONDS = 5.0


class KeysPane(Pane, can_focus=False):
    """Keys and notices."""

    room = PaneName.KEYS

    def __init__(self) -> None:
        """Make a line without keys."""
        super().__init__()
        self.offered: list[tuple[str, str]] = []
        self._notice, self._notice_at = "", float("-inf")

    def notice(self, text: str, at: float) -> None:
        """Show a text for a moment."""
        self._notice, self._notice_at = text, at

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the line as a row."""
        return page_of(self.summary(view, size.width))

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return the notice while it is recent, else the keys."""
        if self._notice and abs(view.looked_at - self._notice_at) < NOTICE_SECONDS:
            return [line(StyledText(f" {display_name(self._notice)}", "accent"))]
        parts = [line(StyledText(key, "key"), muted(f" {words}")) for key, words in self.offered]
        if not parts:
            return [()]
        # Help and leave are last, and are always shown.
        last = joined(parts[-2:], width - 2)
        room = width - 2 - width_of(last) - 3
        first = joined(parts[:-2], room) if parts[:-2] and width_of(parts[0]) <= room else ()
        return [(StyledText(" "), *first, *((StyledText("   "),) if first else ()), *last)]
