"""Draws a patch in terminal cells: GT, and beside GT the frames of its LR stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.dataset.file_kinds import lr_stack

Image = NDArray[np.uint8]
RGB = tuple[int, int, int]
Cells = list[list[tuple[RGB, RGB]]]

_GAP = 2
_LARGEST_FILE = 64 << 20


def draw_patch(output: Path, patch: JsonObject, *, columns: int, rows: int) -> Cells:
    """Return rows of cells, each with the colours of its upper and lower half. Raises OSError, ValueError.

    A cell is about twice as high as wide, so half a cell is about square.
    """
    files: dict[str, Any] = dict(patch["files"])
    gt = _read(output / str(files["gt"]))
    pictures = [gt]
    kind = lr_stack(files)
    if kind is not None:
        tiles = np.split(_read(output / str(files[kind.name])), kind.frames)
        pictures += [tiles[0], tiles[kind.frames // 2], tiles[-1]]
    return _cells(_side_by_side(pictures, columns, rows * 2))


def _read(path: Path) -> Image:
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        message = f"{path}: not a picture"
        raise ValueError(message)
    return np.asarray(image, np.uint8)


def _side_by_side(pictures: list[Image], width: int, height: int) -> Image:
    """Place GT on the left, and the small frames one above the other on the right."""
    gt, small = pictures[0], pictures[1:]
    left_width = max(1, (width - _GAP) * 2 // 3) if small else width
    canvas = np.zeros((height, width, 3), np.uint8)
    _place(canvas[:, :left_width], gt)
    for position, frame in enumerate(small):
        own = height // len(small)  # the same height for each, so that none is drawn larger
        top = own * position
        _place(canvas[top : top + own - 1, left_width + _GAP :], frame)
    return canvas


def _place(room: Image, picture: Image) -> None:
    """Scale a picture to fit the top left of `room`, keeping its aspect ratio."""
    if room.shape[0] < 1 or room.shape[1] < 1:
        return
    scale = min(room.shape[0] / picture.shape[0], room.shape[1] / picture.shape[1])
    height, width = max(1, int(picture.shape[0] * scale)), max(1, int(picture.shape[1] * scale))
    room[:height, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _cells(canvas: Image) -> Cells:
    rgb = canvas[:, :, ::-1].tolist()
    return [
        [(tuple(up), tuple(down)) for up, down in zip(rgb[y], rgb[y + 1], strict=True)]
        for y in range(0, len(rgb) - 1, 2)
    ]
