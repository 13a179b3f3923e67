"""The pane of the newest patches, drawn by the job in half-block cells, so that wrong colours are seen early.

One patch is drawn on request. A strip of several patches goes on with the run, on a line that is fast enough.

The drawing function is passed in: this package does not read images. It runs in a thread that nothing waits
for, so a slow disk delays neither the screen nor its end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui_gen.base.formatting import display_name
from tui_gen.engine.model.state import RunState
from tui_gen.tui.base_app import TerminalApp
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.terminal.looks import PICTURE
from tui_gen.tui.view import ScreenView, name_of
from tui_gen.tui.widgets.styled_lines import line, muted

RGB = tuple[int, int, int]
_HEAD_LINES = 2  # title and caption
STRIP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PreviewImage:
    """A picture in cells: each cell has the colours of its upper and its lower half."""

    rows: Sequence[Sequence[tuple[RGB, RGB]]]
    caption: str = ""
    is_strip: bool = False  # of several patches: the caption names them, and newer ones are drawn by and by


Preview = Callable[[RunState, Size], PreviewImage | None]
"""Draws the newest patch of a state into at most this number of cells; None if there is no patch yet."""


class PreviewPane(Pane):
    """A picture that is drawn on request and kept until the next request."""

    room = PaneName.PREVIEW

    class Drawn(Message):
        """A picture was drawn, or could not be drawn."""

        def __init__(self, image: PreviewImage | None, failure: str = "") -> None:
            """Carry the picture, or the reason why there is none."""
            super().__init__()
            self.image, self.failure = image, failure

    def __init__(self, draw: Preview | None) -> None:
        """Draw with `draw`; None: nothing can be drawn."""
        super().__init__()
        self._draw = draw
        self._image: PreviewImage | None = None
        self._words = ""
        self._about = ""
        self._is_drawing = False
        self._taken_at = float("-inf")
        self._taken: dict[str, object] | None = None  # the newest patch when it was drawn last

    @property
    def is_possible(self) -> bool:
        """Whether a drawing function exists."""
        return self._draw is not None

    @property
    def _is_line_slow(self) -> bool:
        return isinstance(self.app, TerminalApp) and self.app.is_line_slow

    def show(self, view: ScreenView) -> None:
        """Show a view; a strip is drawn again if there is a newer patch, at most once in ten seconds."""
        super().show(view)
        is_strip = self.display and self._image is not None and self._image.is_strip
        is_due = abs(view.looked_at - self._taken_at) >= STRIP_SECONDS
        if is_strip and is_due and view.state.newest_patch != self._taken:
            self.take(view.state)

    def take(self, state: RunState) -> None:
        """Draw the newest patch, unless a picture is being drawn already."""
        if self._draw is None or self._is_drawing or self._is_line_slow:
            return
        self._is_drawing, self._taken = True, state.newest_patch
        self._taken_at = self._view.looked_at if self._view is not None else self._taken_at
        room = Size(max(1, self.size.width - 2), max(1, self.size.height - _HEAD_LINES))
        name = display_name(name_of(state, str((state.newest_patch or {}).get("source", ""))))
        self._words = f"drawing {name}" if name else self._words
        self._about = f"{name}   " if name else ""
        thread = threading.Thread(
            target=self._make, args=(self._draw, state, room), daemon=True, name="preview"
        )
        thread.start()

    def _make(self, draw: Preview, state: RunState, room: Size) -> None:
        try:
            drawn = self.Drawn(draw(state, room))
        except Exception as error:  # noqa: BLE001  (whatever the pictures' side raises is shown, not lost)
            drawn = self.Drawn(None, f"the picture could not be drawn: {error}")
        self.post_message(drawn)

    def on_preview_pane_drawn(self, message: Drawn) -> None:
        """Show the picture."""
        self._is_drawing = False
        self._image = message.image
        self._words = message.failure
        self._strips = []
        self._repaint()

    def page(self, view: ScreenView, size: Size) -> Page:  # noqa: ARG002
        """Return the caption; the picture is painted below it."""
        words = self._words or f"no {view.state.nouns.patch.one} has been made yet"
        if self._is_line_slow:
            words = "no picture: the line to this terminal is too slow"
        elif not self._words and self._image is not None:
            words = f"{'' if self._image.is_strip else self._about}{self._image.caption}"
        return page_of([line(muted(f" {display_name(words)}"))], note="p takes the newest")

    def render_line(self, y: int) -> Strip:
        """Return one painted line of the title, the caption or the picture."""
        image = self._image
        row = y - _HEAD_LINES
        if image is None or not 0 <= row < len(image.rows):
            return super().render_line(y)
        ground = self._style("plain")
        cells = [Segment("▀", _half_block(upper, lower)) for upper, lower in image.rows[row]]
        return Strip([Segment(" ", ground), *cells]).adjust_cell_length(self.size.width, ground).simplify()


def _half_block(upper: RGB, lower: RGB) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower), meta=PICTURE)
