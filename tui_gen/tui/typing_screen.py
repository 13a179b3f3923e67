"""A screen whose last line becomes a field while something is typed: a filter, a value, a name.

Invariant: while the field is open, keys are letters, also those that were pressed before it was shown.
"""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui_gen.tui.widgets.action_line import ActionLine
from tui_gen.tui.widgets.partial_compositor import SpansCompositor


class TypingScreen(Screen[None]):
    """A screen with a line of keys and a field in the same place."""

    def __init__(self, keys: ActionLine) -> None:
        """Put the field in the place of `keys` while something is typed."""
        super().__init__()
        self._compositor = SpansCompositor()
        self._keys = keys
        self._field = Input(id="filter", compact=True)
        self._typing = ""  # what the open field is for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Treat keys as letters while a field is open, also keys pressed before it was shown."""
        return False if self._typing else super().check_action(action, parameters)

    def place_last_line(self) -> None:
        """Put the keys and the field in the last line."""
        width, height = self.size
        for widget in (self._keys, self._field):
            place(widget, 0, height - 1, width=width, height=1)

    def ask(self, what: str, text: str, placeholder: str) -> None:
        """Open the field for something, with a text in it."""
        self._typing = what
        self._field.value, self._field.placeholder = text, placeholder
        self._field.display, self._keys.display = True, False
        self.set_focus(self._field, scroll_visible=False)

    def close_field(self, focused: Widget) -> None:
        """Close the field and focus another widget."""
        self._typing = ""
        self._field.display, self._keys.display = False, True
        self.set_focus(focused)


def place(widget: Widget, x: int, y: int, *, width: int, height: int) -> None:
    """Put a widget at a place of the screen."""
    widget.styles.position = "absolute"
    widget.styles.offset = (x, max(0, y))
    widget.styles.width, widget.styles.height = width, max(1, height)
