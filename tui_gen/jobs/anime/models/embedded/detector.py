"""The embedded detector: faces of the wheel animeface; characters, heads and upper bodies derived from them.

A character whose face is not seen (from behind, in deep shadow, narrower than 86 pixels in a frame of 1920)
is not found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Box, Detection, Part
from tui_gen.jobs.anime.models.boxes import area, clipped, iou
from tui_gen.jobs.anime.models.embedded.drawn_face import FACE, drawn_face
from tui_gen.jobs.anime.models.embedded.face_library import (
    PACKAGE,
    SCALE_FACTOR,
    SMALLEST_WINDOW,
    STEP,
    VERSION,
    FaceLibrary,
    FoundFace,
    library_path,
)

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

NAME = f"embedded face detector ({PACKAGE} {VERSION})"
LONGEST_EDGE = 960
"""A larger picture is made this small before it is searched. None is enlarged: that softens its edges."""
SIZES = (1.0, 2 / 3, 4 / 9)
"""The shares of that size at which it is searched: 960, 640 and 427 pixels for a film's frame."""
JOINED_ABOVE = 0.3
"""Boxes with a larger IoU are one face."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A part of the body in widths and heights of its face: from the face's centre and from its top."""

    sides: float
    above: float
    below: float


EXTENTS: dict[Part, Extent] = {
    "person": Extent(1.6, 0.9, 4.5),
    "halfbody": Extent(1.6, 0.9, 2.7),
    "head": Extent(0.85, 0.6, 1.1),
}


def digest_of(library_digest: str) -> str:
    """Return the digest of the detector with a library of that digest."""
    search = (STEP, SCALE_FACTOR, SMALLEST_WINDOW, LONGEST_EDGE, SIZES, JOINED_ABOVE)
    settings = (library_digest, search, sorted(EXTENTS.items()))
    return hashlib.sha256(repr(settings).encode()).hexdigest()


class EmbeddedDetector:
    """Finds faces, and derives from each face its character, upper body and head."""

    name = NAME

    def __init__(self, library: FaceLibrary) -> None:
        """Use a loaded library."""
        self._library = library
        self._last: tuple[bytes, tuple[Detection, ...]] | None = None
        self.digest = digest_of(library.digest)

    def faces(self, rgb: RGB) -> Sequence[Detection]:
        """Return the faces, the best first: from 4.5 % of the longer edge to 75 % of the shorter one."""
        picture = hashlib.blake2b(np.ascontiguousarray(rgb).data, person=str(rgb.shape[1]).encode()).digest()
        if self._last is None or self._last[0] != picture:  # a crop asks for persons, then for faces
            self._last = (picture, self._searched(rgb))
        return self._last[1]

    def _searched(self, rgb: RGB) -> tuple[Detection, ...]:
        height, width = rgb.shape[:2]
        found = [face for share in SIZES for face in _faces_at(self._library, rgb, share)]
        inside = ((clipped(face.box, width, height), face.score) for face in joined(found))
        return tuple(Detection(box, "face", score) for box, score in inside if area(box))

    def persons(self, rgb: RGB) -> Sequence[Detection]:
        """Return a character for each face: centre +- 1.6 widths, .9 heights above its top to 4.5 below."""
        return self._derived(rgb, "person")

    def halfbodies(self, rgb: RGB) -> Sequence[Detection]:
        """Return an upper body for each face: as the character, but to 2.7 heights below the face's top."""
        return self._derived(rgb, "halfbody")

    def heads(self, rgb: RGB) -> Sequence[Detection]:
        """Return a head for each face: centre +- .85 widths, .6 heights above its top to 1.1 below."""
        return self._derived(rgb, "head")

    def _derived(self, rgb: RGB, part: Part) -> Sequence[Detection]:
        height, width = rgb.shape[:2]
        found = self.faces(rgb)
        boxes = bodies([face.box for face in found], EXTENTS[part])
        return tuple(
            Detection(clipped(box, width, height), part, face.score)
            for box, face in zip(boxes, found, strict=True)
        )


def checked_detector() -> EmbeddedDetector:
    """Load the library and let it find a drawn face.

    Raises RefusedError if the package is absent or its library does not find the face.
    """
    library = FaceLibrary(library_path())
    detector = EmbeddedDetector(library)
    found = detector.faces(drawn_face())
    if len(found) != 1 or iou(found[0].box, FACE) < JOINED_ABOVE:
        message = (
            f"{library.path}: the face detector does not find a drawn face ({len(found)} found):"
            f" install {PACKAGE} {VERSION} again, or set models.detector to a detector of your own"
        )
        raise RefusedError(message)
    return detector


def _faces_at(library: FaceLibrary, rgb: RGB, share: float) -> Iterable[FoundFace]:
    """Search a picture at a share of the usual size; return faces in the picture's own pixels."""
    import cv2

    height, width = rgb.shape[:2]
    scale = share * min(1.0, LONGEST_EDGE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = width / size[0], height / size[1]

    def enlarged(box: Box) -> Box:
        return (round(box[0] * across), round(box[1] * down), round(box[2] * across), round(box[3] * down))

    for face in library.faces(small):
        eyes = (enlarged(face.eyes[0]), enlarged(face.eyes[1]))
        yield FoundFace(enlarged(face.box), eyes, enlarged(face.mouth), face.score)


def joined(found: Iterable[FoundFace]) -> list[FoundFace]:
    """Return one face for each group of boxes that overlap the best one; its box is the group's mean."""
    groups: list[list[FoundFace]] = []
    for face in sorted(found, key=lambda each: (-each.score, -area(each.box), each.box)):
        for group in groups:
            if iou(group[0].box, face.box) > JOINED_ABOVE:
                group.append(face)
                break
        else:
            groups.append([face])
    return [
        FoundFace(_mean([each.box for each in group]), group[0].eyes, group[0].mouth, group[0].score)
        for group in groups
    ]


def _mean(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = (round(sum(edges) / len(boxes)) for edges in zip(*boxes, strict=True))
    return (left, top, right, bottom)


def bodies(faces: Sequence[Box], extent: Extent) -> list[Box]:
    """Return the part of the body that belongs to each face, cut halfway to the neighbouring faces."""
    wanted = [_body(face, extent) for face in faces]
    return [
        _cut(box, face, [other for at, other in enumerate(faces) if at != index and iou(box, wanted[at])])
        for index, (box, face) in enumerate(zip(wanted, faces, strict=True))
    ]


def _body(face: Box, extent: Extent) -> Box:
    left, top, right, bottom = face
    middle, width, height = (left + right) / 2, right - left, bottom - top
    return (
        round(middle - extent.sides * width),
        round(top - extent.above * height),
        round(middle + extent.sides * width),
        round(top + extent.below * height),
    )


def _cut(box: Box, face: Box, neighbours: Iterable[Box]) -> Box:
    """Cut a body at neighbouring faces. Faces that overlap both ways cut nothing."""
    left, top, right, bottom = box
    for other in neighbours:
        if other[0] >= face[2]:
            right = min(right, (face[2] + other[0]) // 2)
        elif other[2] <= face[0]:
            left = max(left, (face[0] + other[2]) // 2)
        elif other[1] >= face[3]:
            bottom = min(bottom, (face[3] + other[1]) // 2)
        elif other[3] <= face[1]:
            top = max(top, (face[1] + other[3]) // 2)
    return (left, top, right, bottom)
