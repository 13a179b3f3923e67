"""Arithmetic of boxes in pixels: left, top, right, bottom; right and bottom are excluded."""

from __future__ import annotations

from tui_gen.jobs.anime.model import Box


def area(box: Box) -> int:
    """Return the number of pixels in a box, 0 if it is empty."""
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def intersection(a: Box, b: Box) -> Box:
    """Return what two boxes share; it has no area if they share nothing."""
    return (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))


def iou(a: Box, b: Box) -> float:
    """Return the area that two boxes share divided by the area that they cover together (0 to 1)."""
    shared = area(intersection(a, b))
    covered = area(a) + area(b) - shared
    return shared / covered if covered else 0.0


def clipped(box: Box, width: int, height: int) -> Box:
    """Return the part of a box inside a picture of that size; it has no area if the box lies outside."""
    return intersection(box, (0, 0, width, height))


def moved(box: Box, right: int, down: int) -> Box:
    """Return the box moved by so many pixels."""
    return (box[0] + right, box[1] + down, box[2] + right, box[3] + down)


def centre(box: Box) -> tuple[float, float]:
    """Return the horizontal and the vertical centre."""
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
