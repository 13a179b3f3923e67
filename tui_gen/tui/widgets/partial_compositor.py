"""Sends only the changed cells of a line, instead of the line from its widget's left edge on.

Textual's partial update repaints each changed line from the left edge of the changed widget. Over SSH, that
is most of the traffic of a screen whose numbers change at the right.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class SpansUpdate(ChopsUpdate):
    """An update that is cropped on both sides of each span."""

    def render_segments(self, console: Console) -> str:
        """Return the text to write to the terminal."""
        sequences: list[str] = []
        for y, left, right in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                first, last = max(start, left), min(end, right)
                if strip is None or first >= last:
                    continue
                sequences.append(Control.move_to(first, y).segment.text)
                sequences.append(strip.crop(first - start, last - start).render(console))
        return "".join(sequences)


class SpansCompositor(Compositor):
    """A compositor whose partial updates are `SpansUpdate`s."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the update of the dirty regions, or None if nothing is dirty."""
        update = super().render_partial_update()
        if update is None:
            return None
        return SpansUpdate(update.chops, update.spans, update.chop_ends)
