"""Draws the pictures of the motions in docs/pictures, from videos that a run with drawn digits makes.

    PYTHONPATH=. python benchmarks/motions.py

A picture shows the frame, the margin, the box of the digit's centre (dashed), the centre in each of the 17
frames, and the ink of the first frame (dark) and of the last (light). A test compares the pictures with what
this script draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import MOTIONS, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.motion.box import Box, margin_pixels, room
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.render.sampler import POSITION
from tui_gen.jobs.videomnist.render.sprites import Sprite, draw_sprites

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SHOWN = {
    "bounce": VideoKey("train", 2, 9),
    "circular": VideoKey("train", 3, 0),
    "linear": VideoKey("train", 7, 0),
    "spiral": VideoKey("train", 5, 0),
    "reflect": VideoKey("train", 4, 0),
    "stochastic": VideoKey("train", 6, 0),
    "vertical": VideoKey("train", 9, 0),
    "horizontal": VideoKey("train", 8, 0),
}
SIDE = 240  # pixels of a picture
DARK = 128  # pixels above it are drawn
FIRST_INK, LAST_INK, GROUND, LINE = "#30507c", "#b9cbe2", "#ffffff", "#c04a1f"


def name_of(motion: str) -> str:
    return f"motion-{motion}.svg"


def picture(motion: str) -> str:
    """Return the SVG picture of a motion."""
    settings = VideoSettings(motion_types=(motion,))
    pool, key = DrawnDigits(settings.seed), SHOWN[motion]
    (sprite,) = (each for each in draw_sprites(settings, pool, key) if isinstance(each, Sprite))
    ((_, video),) = Renderer(settings, pool).render(key.split, key.digit, (key.index,))
    box = room(sprite.reached, settings)
    if isinstance(video, str) or box is None:
        raise RuntimeError(motion)
    side, margin = settings.image_size, margin_pixels(settings)
    size = f'width="{SIDE}" height="{SIDE}" viewBox="-1 -1 {side + 2} {side + 2}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f"<title>{motion}</title>",
            square(0, side, f'fill="{GROUND}" stroke="#222" stroke-width=".5"'),
            f'<path d="{ink(video.frames[-1])}" fill="{LAST_INK}"/>',
            f'<path d="{ink(video.frames[0])}" fill="{FIRST_INK}"/>',
            square(margin, side - 2 * margin, 'fill="none" stroke="#888" stroke-width=".3"'),
            outline(box),
            *track(sprite),
            "</svg>",
            "",
        ]
    )


def square(corner: int, side: int, style: str) -> str:
    return f'<rect x="{corner}" y="{corner}" width="{side}" height="{side}" {style}/>'


def ink(frame: NDArray[np.uint8]) -> str:
    """Return the bright pixels of a frame as a path: a rectangle for each run in a row."""
    parts = []
    for y, row in enumerate((frame > DARK).tolist()):
        x = 0
        for is_ink, run in groupby(row):
            length = len(list(run))
            if is_ink:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(parts)


def outline(box: Box) -> str:
    return (
        f'<rect x="{box.x0:.2f}" y="{box.y0:.2f}" width="{box.width:.2f}" height="{box.height:.2f}"'
        ' fill="none" stroke="#666" stroke-width=".3" stroke-dasharray="1 1"/>'
    )


def track(sprite: Sprite) -> Iterator[str]:
    """Yield the line through all centres, and a dot for each; the first dot is larger, the last is hollow."""
    places = [(x, y) for x, y in (sprite.centres / POSITION).tolist()]
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in places)
    yield f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width=".4"/>'
    for x, y in places[1:-1]:
        yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r=".6" fill="{LINE}"/>'
    (x, y), (last_x, last_y) = places[0], places[-1]
    hollow = f'fill="{GROUND}" stroke="{LINE}" stroke-width=".5"'
    yield f'<circle cx="{last_x:.2f}" cy="{last_y:.2f}" r="1" {hollow}/>'
    yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1.2" fill="{LINE}"/>'


def main() -> None:
    for motion in MOTIONS:
        path = PICTURES / name_of(motion)
        path.write_text(picture(motion), encoding="utf-8")
        print(f"{path}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
