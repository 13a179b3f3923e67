"""What a terminal shows and what it should show, cell by cell; only cells that differ are sent.

Textual paints all of a screen when a dialog opens or closes, and paints some changes twice. Here a change
costs what is different afterwards. While a terminal is behind, nothing is sent, and later changes take the
place of earlier ones: the terminal gets the newest picture, not all of them in turn.

Invariant: after all of `changes` was taken and written to a terminal that showed what `shown` says, the
terminal shows what was put.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from tui_gen.tui.terminal.looks import (
    PLAIN,
    SEEN_ON_BLANKS,
    Look,
    codes_between,
    is_seen_alike,
    look_of,
    look_of_blank,
)

Cell = tuple[str, Look]
"""A character and its look; the second cell of a wide character is empty text."""
_PASSED_OVER = 7  # cells that stay: up to so many are cheaper to write again than to jump over
_MOVE_BYTES = 8  # about what it costs to go to another place
_TWO_COLOURS_BYTES = 36  # what each cell of a picture costs besides; looks of text are shared by many cells
_ERASED_CELLS = re.compile(" {12,}")
_UNLIMITED = 1 << 30


@dataclass(slots=True)
class Span:
    """Neighbouring cells of one look."""

    x: int
    y: int
    text: str
    look: Look
    end: int  # the place after it; -1 if it is not known

    def add(self, x: int, cell: Cell, width: int, shown: list[Cell | None]) -> bool:
        """Lengthen the span by a cell, and by cells between that stay; return whether it is possible."""
        text, look = cell
        if not 0 <= self.end <= x <= self.end + _PASSED_OVER:
            return False
        between = shown[self.end : x]
        kept = self.look if self.look.ink is not None else look
        if not all(is_seen_alike(kept, each) for each in (self.look, look)):
            return False
        if not all(
            each is not None and each[0].isascii() and is_seen_alike(kept, each[1]) for each in between
        ):
            return False
        self.text += "".join(each[0] for each in between if each is not None) + text
        self.look = kept
        self.end = place_after(text, x, width)
        return True

    @property
    def most_bytes(self) -> int:
        """About what it costs."""
        colours = _TWO_COLOURS_BYTES if self.look.is_picture else 0
        return colours + _MOVE_BYTES + len(self.text.encode("utf-8", "replace"))


def place_after(text: str, x: int, width: int) -> int:
    """Return the column after a character; -1 for one on whose width terminals do not agree."""
    return x + 1 if width == 1 and len(text) == 1 else -1


@dataclass(slots=True)
class Cells:
    """The cells of a terminal."""

    colours: ColorSystem | None = ColorSystem.TRUECOLOR
    width: int = 0
    height: int = 0
    wanted: list[list[Cell | None]] = field(default_factory=list)  # None: never painted
    shown: list[list[Cell | None]] = field(default_factory=list)  # None: not known
    has_changes: bool = False
    has_pictures: bool = False  # pictures wait for their turn
    erases_in_colour: bool = False  # erased cells get the colour of the ground (terminfo's `bce`)

    def resize(self, width: int, height: int) -> None:
        """Begin anew for another size."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self.wanted = [[None] * width for _ in range(height)]
            self.forget()

    def forget(self) -> None:
        """Send everything again: it is not known what the terminal shows."""
        self.shown = [[None] * self.width for _ in range(self.height)]
        self.has_changes = True

    def take(self, update: CompositorUpdate) -> None:
        """Put an update of Textual's compositor."""
        if isinstance(update, ChopsUpdate):
            for y, left, right in update.spans:
                for end, (start, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    first, last = max(start, left), min(end, right)
                    if strip is not None and first < last:
                        self.put(first, y, strip.crop(first - start, last - start))
        elif isinstance(update, LayoutUpdate):
            for y, line in enumerate(update.strips, update.region.y):
                self.put(update.region.x, y, (segment for strip in line for segment in strip))
        else:
            message = f"no way to paint a {type(update).__name__}"
            raise TypeError(message)

    def put(self, x: int, y: int, segments: Iterable[Segment]) -> None:
        """Put a piece of a line at a cell."""
        if not 0 <= y < self.height:
            return
        cells = [cell for segment in segments for cell in cells_of(segment, self.colours)]
        row = self.wanted[y]
        fitting = cells[: max(0, self.width - x)]
        if row[x : x + len(fitting)] != fitting:
            row[x : x + len(fitting)] = fitting
            self.has_changes = True

    # ------------------------------------------------------------------ sending

    def changes(self, most_bytes: int = _UNLIMITED) -> str:
        """Return what turns the shown cells into the wanted ones, from the first line on; count it as shown.

        It ends after the line in which it reached `most_bytes`; `has_changes` then stays. Pictures are left
        out, and blank, until `picture` sends them.
        """
        found, is_all = self._found(most_bytes, with_picture=False)
        self.has_changes = not is_all
        return written(found, self.width if self.erases_in_colour else 0)

    def picture(self, most_bytes: int) -> str:
        """Return the first lines of pictures that are wanted and not shown, and count them as shown."""
        found, is_all = self._found(most_bytes, with_picture=True)
        self.has_pictures = not is_all
        return written(found, 0)

    def _found(self, most_bytes: int, *, with_picture: bool) -> tuple[list[Span], bool]:
        found: list[Span] = []
        count = 0
        for y in range(self.height):
            if count >= most_bytes:
                return found, False
            in_row = self._found_in_row(y, with_picture=with_picture)
            count += sum(span.most_bytes for span in in_row)
            found += in_row
        return found, True

    def _found_in_row(self, y: int, *, with_picture: bool) -> list[Span]:
        wanted, shown = self.wanted[y], self.shown[y]
        found: list[Span] = []
        if wanted == shown:
            return found
        x, ground = 0, PLAIN.ground
        while x < self.width:
            cell = wanted[x]
            if cell is not None and not cell[1].is_picture:
                ground = cell[1].ground
            elif cell is not None and not with_picture and cell != shown[x]:
                cell, self.has_pictures = _instead_of_picture(shown[x], ground), True
            end = x + 1
            while end < self.width and _is_second_half(wanted[end]):
                end += 1
            if cell is not None and (cell != shown[x] or wanted[x + 1 : end] != shown[x + 1 : end]):
                last = found[-1] if found else None
                if last is None or not last.add(x, cell, end - x, shown):
                    found.append(Span(x, y, *cell, place_after(cell[0], x, end - x)))
                shown[x] = cell
                shown[x + 1 : end] = wanted[x + 1 : end]
            x = end
        return found


def _is_second_half(cell: Cell | None) -> bool:
    return cell is not None and not cell[0]


def _instead_of_picture(shown: Cell | None, ground: str) -> Cell:
    """Return what a cell of a picture shows until the picture is sent: an older picture, or a blank."""
    if shown is not None and shown[1].is_picture:
        return shown
    return (" ", Look(ink=None, ground=ground, is_picture=True))


def cells_of(segment: Segment, colours: ColorSystem | None) -> list[Cell]:
    """Return the cells of a segment."""
    text, style, control = segment
    if control:
        return []
    look = look_of(style, colours)
    blank = look_of_blank(look)
    if text.isascii():
        return [(each, blank if each == " " else look) for each in text]
    cells: list[Cell] = []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            part = text[start:end]
            cells.append((part, blank if part == " " else look))
            cells += [("", look)] * (width - 1)
    return cells


def written(found: list[Span], erased_to: int) -> str:
    """Return the sequence that writes spans, look by look: a move costs a third of a change of colours.

    `erased_to` is the width of a terminal that can erase instead of writing blanks, else 0.
    """
    parts: list[str] = []
    pen, x, y = PLAIN, -1, -1
    order = {look: place for place, look in enumerate(dict.fromkeys(span.look for span in found))}
    for span in sorted(found, key=lambda each: (each.look.ground, order[each.look])):
        if y == span.y and 0 <= x < span.x:
            parts.append(f"\x1b[{span.x - x}C")
        elif (x, y) != (span.x, span.y):
            parts.append(f"\x1b[{span.y + 1};{span.x + 1}H")
        if not is_seen_alike(pen, span.look):
            parts.append(f"\x1b[{';'.join(codes_between(pen, span.look))}m")
            pen = span.look if span.look.ink is not None else span.look._replace(ink=pen.ink)
        x, y = span.end, span.y
        if erased_to and not pen.attributes & SEEN_ON_BLANKS:
            text, is_erased = _with_erasing(span.text, is_to_edge=span.end == erased_to)
            parts.append(text)
            x = -1 if is_erased else x
        else:
            parts.append(span.text)
    if pen != PLAIN:
        parts.append("\x1b[0m")
    return "".join(parts)


def _with_erasing(text: str, *, is_to_edge: bool) -> tuple[str, bool]:
    """Return a text whose long blanks are erased, and whether it ends so: the cursor stays before it."""
    left = text.rstrip(" ")
    blanks = len(text) - len(left)
    left = _ERASED_CELLS.sub(lambda found: f"\x1b[{len(found[0])}X\x1b[{len(found[0])}C", left)
    if is_to_edge and blanks > len("\x1b[K"):
        return f"{left}\x1b[K", True
    if blanks > _MOVE_BYTES:
        return f"{left}\x1b[{blanks}X", True
    return left + " " * blanks, False
