"""What is known of the faces of an image: their number, their places, the height of the tallest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_gen.jobs.anime.images.metadata import Face
from tui_gen.jobs.anime.model import Box, Detection
from tui_gen.jobs.anime.models.boxes import area, centre, clipped, moved


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """The faces of an image, as its metadata keep them."""

    n_faces: int
    facepos: tuple[Face, ...]  # shares of the image's width and height, the largest first
    fh_ratio: float  # height of the tallest face divided by the height of the image; 0 without a face


def faces_of(found: Iterable[Detection], size: tuple[int, int], ratio_thres: float) -> tuple[Box, ...]:
    """Return the boxes of the faces that count, the largest first, inside an image of that width and height.

    A face does not count if one side is more than `ratio_thres` times as long as the other.
    """
    return _largest_first(clipped(each.box, *size) for each in found if _is_square(each.box, ratio_thres))


def faces_inside(faces: Iterable[Box], crop: Box) -> tuple[Box, ...]:
    """Return the faces whose centre lies in a crop, in pixels of the crop, the largest first."""
    left, top, right, bottom = crop
    size = (right - left, bottom - top)
    return _largest_first(
        clipped(moved(face, -left, -top), *size) for face in faces if holds(crop, centre(face))
    )


def holds(box: Box, point: tuple[float, float]) -> bool:
    """Return True if a point lies in a box."""
    return box[0] <= point[0] < box[2] and box[1] <= point[1] < box[3]


def face_facts(faces: Sequence[Box], size: tuple[int, int]) -> FaceFacts:
    """Return the facts of an image of that width and height with those faces."""
    width, height = size
    places = tuple(
        (left / width, top / height, right / width, bottom / height) for left, top, right, bottom in faces
    )
    tallest = max((bottom - top for _, top, _, bottom in faces), default=0)
    return FaceFacts(len(faces), places, tallest / height if height else 0.0)


def _is_square(box: Box, ratio_thres: float) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    return min(width, height) > 0 and max(width, height) <= ratio_thres * min(width, height)


def _largest_first(boxes: Iterable[Box]) -> tuple[Box, ...]:
    return tuple(sorted((box for box in boxes if area(box)), key=lambda box: (-area(box), box)))
