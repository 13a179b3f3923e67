"""Which crops a frame gives: its characters, and with three stages their upper bodies and heads, too.

frame ──> persons ──> person 0 ──> best halfbody
                 └──> person 1 ──> head, squared and 1.5 times as large
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_gen.jobs.anime.crop.faces import FaceFacts, face_facts, faces_inside, faces_of, holds
from tui_gen.jobs.anime.crop.options import CropOptions
from tui_gen.jobs.anime.model import Box, Detection, Detector, Part
from tui_gen.jobs.anime.models.boxes import area, centre, clipped, moved

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

HEAD_SCALE = 1.5
"""A head's crop has sides this many times as long as the head's longer side."""
AT_CROP, AT_SELECT = 2, 4
"""The stages at which upper bodies and heads may be cropped."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop of one character."""

    number: int  # of its person in the frame, from 0, those that are too small included
    part: Part
    box: Box  # in pixels of the frame
    score: float  # 0 to 1
    faces: tuple[Box, ...]  # in pixels of the crop, the largest first

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return (self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def facts(self) -> FaceFacts:
        """What its metadata say of its faces."""
        return face_facts(self.faces, self.size)

    def pixels(self, rgb: RGB) -> RGB:
        """Return the crop's pixels of its frame."""
        left, top, right, bottom = self.box
        return rgb[top:bottom, left:right]


def detected_parts(options: CropOptions) -> frozenset[Part]:
    """Return the parts of the body that cropping detects: for these a detector needs models."""
    parts: set[Part] = {"person", "face"}
    if options.crop_with_head or options.use_3stage_crop:
        parts.add("head")
    if options.use_3stage_crop:
        parts.add("halfbody")
    return frozenset(parts)


def crops_of(rgb: RGB, detector: Detector, options: CropOptions) -> Sequence[Crop]:
    """Return the crops of a frame, shape [height, width, 3], by number: person, halfbody, head.

    The faces of a crop are those of the frame whose centre lies in it.
    """
    size = _size(rgb)
    persons = [(number, _inside(found, size)) for number, found in enumerate(detector.persons(rgb))]
    found = [
        (number, each)
        for number, person in persons
        for each in (person, *_parts_at(rgb, detector, person.box, options, AT_CROP))
        if area(each.box)
    ]
    return _chosen(rgb, detector, found, options)


def parts_of(rgb: RGB, detector: Detector, options: CropOptions) -> Sequence[Crop]:
    """Return the halfbody and the head of an image of one character, at the stage that selects."""
    width, height = _size(rgb)
    found = [(0, each) for each in _parts_at(rgb, detector, (0, 0, width, height), options, AT_SELECT)]
    return _chosen(rgb, detector, found, options)


def frame_faces(rgb: RGB, detector: Detector, options: CropOptions) -> tuple[Box, ...]:
    """Return the boxes of the faces of a whole image that count, the largest first."""
    return faces_of(detector.faces(rgb), _size(rgb), options.ratio_thres)


def frame_facts(rgb: RGB, detector: Detector, options: CropOptions) -> FaceFacts:
    """Return what the metadata of a whole image say of its faces."""
    return face_facts(frame_faces(rgb, detector, options), _size(rgb))


def _size(rgb: RGB) -> tuple[int, int]:
    height, width = rgb.shape[:2]
    return (width, height)


def _inside(found: Detection, size: tuple[int, int]) -> Detection:
    return Detection(clipped(found.box, *size), found.part, found.score)


def _parts_at(
    rgb: RGB, detector: Detector, person: Box, options: CropOptions, stage: int
) -> Iterator[Detection]:
    """Return the best upper body and the best head in a person's box, in pixels of the frame."""
    if options.use_3stage_crop != stage or not area(person):
        return
    left, top, right, bottom = person
    inside = rgb[top:bottom, left:right]
    for found in detector.halfbodies(inside)[:1]:
        box = clipped(found.box, right - left, bottom - top)
        yield Detection(moved(box, left, top), "halfbody", found.score)
    for found in detector.heads(inside)[:1]:
        box = clipped(_squared(found.box), right - left, bottom - top)
        yield Detection(moved(box, left, top), "head", found.score)


def _squared(head: Box) -> Box:
    """Return the square around a head, 1.5 times as large."""
    x, y = centre(head)
    side = max(head[2] - head[0], head[3] - head[1]) * HEAD_SCALE
    return (
        int(max(x - side / 2, 0)),
        int(max(y - side / 2, 0)),
        int(x + side / 2),
        int(y + side / 2),
    )


def _chosen(
    rgb: RGB, detector: Detector, found: Iterable[tuple[int, Detection]], options: CropOptions
) -> Sequence[Crop]:
    """Return the crops that are large enough and show what is asked for."""
    large = [(number, each) for number, each in found if _shorter_edge(each.box) >= options.min_crop_size]
    if not large:
        return []
    faces = frame_faces(rgb, detector, options)
    heads = [centre(head.box) for head in detector.heads(rgb)] if options.crop_with_head else []
    crops = [
        Crop(number, each.part, each.box, each.score, faces_inside(faces, each.box))
        for number, each in large
        if not options.crop_with_head or any(holds(each.box, head) for head in heads)
    ]
    return [crop for crop in crops if crop.faces or not options.crop_with_face]


def _shorter_edge(box: Box) -> int:
    return min(box[2] - box[0], box[3] - box[1])
