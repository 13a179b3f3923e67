"""Draws an image in terminal cells, with its own aspect ratio."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.contract.preview import RGB, Picture

_LARGEST_FILE = 64 << 20


def draw_image(path: Path, *, columns: int, rows: int) -> Picture:
    """Draw an image into at most so many cells, of which each is twice as high as wide.

    Raises OSError, and ValueError for a file that is no image or is too small a room.
    """
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        message = f"{path}: not an image"
        raise ValueError(message)
    height, width = image.shape[:2]
    scale = min(columns / width, 2 * rows / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return Picture(_cells(np.asarray(small, np.uint8)), f"{width}x{height}")


def _cells(bgr: NDArray[np.uint8]) -> list[list[tuple[RGB, RGB]]]:
    if len(bgr) % 2:
        bgr = np.concatenate([bgr, bgr[-1:]])  # half a cell more
    rgb = bgr[:, :, ::-1].tolist()
    return [
        [(tuple(up), tuple(down)) for up, down in zip(rgb[y], rgb[y + 1], strict=True)]
        for y in range(0, len(rgb), 2)
    ]
