"""Draws the images of a ledger entry in terminal cells: a frame, its crops side by side, training images.

An image that was moved since it was recorded is found by its stem, in the folder of its level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_gen.contract.preview import RGB, Picture
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.anime.images.folders import LEVELS, Folders
from tui_gen.jobs.anime.images.walk import images_below, is_image, stem_of
from tui_gen.jobs.anime.review.pictures import draw_image

MOST = 4
"""Images of one entry that are drawn; a frame may have more crops."""
GAP = 1
_GROUND: RGB = (0, 0, 0)
Cells = list[list[tuple[RGB, RGB]]]


def draw_entry(folders: Folders, patch: JsonObject, *, columns: int, rows: int) -> Picture:
    """Draw the images of an entry. Raises OSError, and ValueError for an entry without images."""
    paths = list(_paths(folders, patch))
    if not paths:
        message = f"the stage {patch.get('format', '?')} makes no images"
        raise ValueError(message)
    shown = paths[: max(1, min(MOST, columns // 8))]
    width = (columns - GAP * (len(shown) - 1)) // len(shown)
    drawn = [draw_image(path, columns=width, rows=rows) for path in shown]
    names = ", ".join(path.name for path in shown) + (", ..." if len(paths) > len(shown) else "")
    sizes = ", ".join(picture.caption for picture in drawn)
    return Picture(_side_by_side([picture.cells for picture in drawn]), f"{names}: {sizes}")


def _paths(folders: Folders, patch: JsonObject) -> Iterator[Path]:
    """Yield where the images of an entry are now."""
    for recorded in [*patch.get("files", {}).values(), *patch.get("of", ())]:
        if is_image(recorded):
            path = folders.output / recorded
            yield path if path.is_file() else _moved(folders, recorded)


def _moved(folders: Folders, recorded: str) -> Path:
    """Return where an image is that is not at its recorded place. Raises FileNotFoundError."""
    for level in LEVELS:
        base = folders.of(level)
        if recorded.startswith(f"{folders.relative(base)}/"):
            stem = stem_of(recorded)
            for path in images_below(base):
                if stem_of(path) == stem:
                    return base / path
    raise FileNotFoundError(2, "is not there any more", recorded)


def _side_by_side(pictures: Sequence[Sequence[Sequence[tuple[RGB, RGB]]]]) -> Cells:
    height = max(len(cells) for cells in pictures)
    lines: Cells = []
    for y in range(height):
        cells: list[tuple[RGB, RGB]] = []
        for place, picture in enumerate(pictures):
            cells += [(_GROUND, _GROUND)] * (GAP if place else 0)
            cells += picture[y] if y < len(picture) else [(_GROUND, _GROUND)] * len(picture[0])
        lines.append(cells)
    return lines
