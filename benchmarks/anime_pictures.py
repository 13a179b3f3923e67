"""Draws the picture of the stages in docs/pictures from a finished demo: a frame, its crops, groups.

tui-gen demo --job anime anime-demo
PYTHONPATH=. python benchmarks/anime_pictures.py anime-demo
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.walk import folder_of, images_below, stem_of

TARGET = Path(__file__).parents[1] / "docs" / "pictures" / "anime-stages.png"
Image = NDArray[np.uint8]
HEIGHT, SMALL, GAP, TITLE = 150, 74, 8, 20
PAPER, INK = 248, (60, 60, 60)
GROUPS, SHOWN = 3, 5


def main(folder: Path) -> None:
    """Draw the picture of a finished demo."""
    base = folder / "dataset" / "intermediate" / "screenshots"
    groups: dict[str, list[str]] = {}
    for path in images_below(base / "classified"):
        groups.setdefault(folder_of(path), []).append(path)
    frames = [frame_of(stem_of(path)) for paths in groups.values() for path in paths]
    frame = max(sorted(set(frames)), key=frames.count)
    raw = next(base.joinpath("raw").rglob(f"{frame}.*"))
    crops = [path for path in images_below(base / "cropped") if frame_of(stem_of(path)) == frame]
    parts = [
        _titled("raw: a frame", [ImageStore.read(raw)], HEIGHT),
        _titled("cropped", [ImageStore.read(base / "cropped" / path) for path in crops], HEIGHT),
    ]
    rows = [
        _titled(f"classified/{name}", [ImageStore.read(base / "classified" / path) for path in chosen], SMALL)
        for name, paths in sorted(groups.items())[:GROUPS]
        for chosen in (paths[:: max(1, len(paths) // SHOWN)][:SHOWN],)
    ]
    whole = _stacked([_beside(parts), _beside(rows)])
    _, data = cv2.imencode(".png", whole[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    TARGET.write_bytes(data.tobytes())


def _titled(title: str, images: Sequence[Image], height: int) -> Image:
    """Return images of one height side by side, with a title above."""
    scaled = [
        np.asarray(
            cv2.resize(
                each, (round(each.shape[1] * height / each.shape[0]), height), interpolation=cv2.INTER_AREA
            ),
            np.uint8,
        )
        for each in images
    ]
    row = _beside(scaled)
    head = np.full((TITLE, row.shape[1], 3), PAPER, np.uint8)
    cv2.putText(head, title, (0, TITLE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)
    return np.concatenate([head, row])


def _beside(images: Sequence[Image]) -> Image:
    height = max(len(each) for each in images)
    padded = [
        np.pad(each, ((0, height - len(each)), (0, GAP), (0, 0)), constant_values=PAPER) for each in images
    ]
    return np.concatenate(padded, axis=1)


def _stacked(images: Sequence[Image]) -> Image:
    width = max(each.shape[1] for each in images)
    padded = [
        np.pad(each, ((0, GAP), (0, width - each.shape[1]), (0, 0)), constant_values=PAPER) for each in images
    ]
    return np.concatenate(padded)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
