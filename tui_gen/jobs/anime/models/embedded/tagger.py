"""The embedded tagger: tags that can be measured. It gives no gender, no rating and no names of characters.

solo, no_humans                          number of faces that the detector finds
<colour>_hair, <colour>_eyes             colour that most pixels of hair and irises are nearest to
portrait, upper_body, cowboy_shot,
full_body                                where the picture ends below the largest face
monochrome, blurry, simple_background    all colours grey; no sharp edge; edges of the picture of one colour
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.jobs.anime.model import Box, Detection, Detector, ImageTags
from tui_gen.jobs.anime.models.embedded.colours import lab_of, pixels, region

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Floats

NAME = "embedded measured tags"
HAIR_PLACE = (0.1, -0.25, 0.9, 0.05)
IRIS_PLACES = ((0.14, 0.3, 0.4, 0.56), (0.6, 0.3, 0.86, 0.56))
"""Regions in widths and heights of the face from its left upper corner."""
HAIRS: dict[str, tuple[int, int, int]] = {
    "black_hair": (35, 32, 38),
    "brown_hair": (115, 78, 55),
    "blonde_hair": (232, 205, 130),
    "red_hair": (180, 45, 45),
    "orange_hair": (230, 130, 55),
    "pink_hair": (240, 160, 185),
    "purple_hair": (115, 75, 160),
    "blue_hair": (65, 95, 185),
    "aqua_hair": (110, 200, 200),
    "green_hair": (80, 150, 85),
    "grey_hair": (150, 150, 155),
    "white_hair": (235, 235, 238),
}
EYES: dict[str, tuple[int, int, int]] = {
    "brown_eyes": (115, 70, 40),
    "yellow_eyes": (225, 185, 60),
    "red_eyes": (180, 40, 45),
    "pink_eyes": (225, 110, 160),
    "purple_eyes": (120, 60, 160),
    "blue_eyes": (60, 100, 195),
    "aqua_eyes": (80, 190, 195),
    "green_eyes": (60, 140, 75),
}
LEAST_SHARE = 0.4
"""A colour is a tag if at least this share of the pixels is nearest to it."""
IRIS_CHROMA = 18.0
"""Pixels of an iris with less chroma are pupils, lashes, highlights and whites."""
SKIN_DISTANCE = 12.0
"""Pixels nearer to the skin's Lab colour than this are neither hair nor iris."""
FRAMINGS: tuple[tuple[str, float, float], ...] = (
    ("portrait", 0.0, 2.0),
    ("upper_body", 2.0, 3.8),
    ("cowboy_shot", 3.8, 6.0),
    ("full_body", 7.6, 20.0),
)
"""Heights of the face between its top and the picture's lower end; between 6 and 7.6 nothing is said."""
GREY_CHROMA = 6.0
BLURRED = 0.6
"""Blur from 0 to 1 above which a picture is called blurry."""
BORDER = 0.04
SAME_COLOUR = 8.0
"""Distance in Lab."""
NO_FACE_SCORE = 0.5
"""The score of no_humans: the detector does not see faces from behind, so that no face proves little."""


def digest_of(detector_digest: str) -> str:
    """Return the digest of the tagger with a detector of that digest."""
    looks = (HAIR_PLACE, IRIS_PLACES, HAIRS, EYES, LEAST_SHARE, IRIS_CHROMA, SKIN_DISTANCE, FRAMINGS)
    limits = (GREY_CHROMA, BLURRED, BORDER, SAME_COLOUR, NO_FACE_SCORE)
    return hashlib.sha256(f"{NAME} {detector_digest} {looks} {limits}".encode()).hexdigest()


class MeasuredTagger:
    """Tags that follow from faces and colours."""

    name = NAME

    def __init__(self, detector: Detector) -> None:
        """Use a detector for the faces."""
        self._detector = detector
        self.digest = digest_of(detector.digest)

    def tags(self, images: Sequence[RGB]) -> Sequence[ImageTags]:
        """Return the tags of each image; no rating and no character."""
        return [ImageTags({}, self._general(rgb), {}) for rgb in images]

    def _general(self, rgb: RGB) -> Mapping[str, float]:
        faces = self._detector.faces(rgb)
        found = {**_people(faces), **_picture(rgb)}
        if faces:
            largest = max(faces, key=lambda face: (face.box[3] - face.box[1], face.score))
            found.update(_framing(largest, rgb.shape[0]))
        if "monochrome" not in found:
            for face in faces:
                for tag, score in _looks(rgb, face.box).items():
                    found[tag] = max(score, found.get(tag, 0.0))
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _people(faces: Sequence[Detection]) -> dict[str, float]:
    if not faces:
        return {"no_humans": NO_FACE_SCORE}
    return {"solo": faces[0].score} if len(faces) == 1 else {}


def _framing(face: Detection, height: int) -> dict[str, float]:
    top, bottom = face.box[1], face.box[3]
    heights = (height - top) / max(1, bottom - top)
    return {tag: face.score for tag, least, most in FRAMINGS if least <= heights < most}


def _looks(rgb: RGB, face: Box) -> dict[str, float]:
    """Return the colours of hair and eyes of one face, with the share of the pixels that have them."""
    left, top, right, bottom = region(face, (-0.2, -0.4, 1.2, 1.2), (rgb.shape[1], rgb.shape[0]))
    if right <= left or bottom <= top:
        return {}
    lab = lab_of(rgb[top:bottom, left:right])
    size = (right - left, bottom - top)
    place = (face[0] - left, face[1] - top, face[2] - left, face[3] - top)
    skin = pixels(lab, region(place, (0.3, 0.62, 0.7, 0.8), size))
    if not len(skin):
        return {}
    tone = np.median(skin, axis=0)

    def without_skin(colours: Floats) -> Floats:
        return np.asarray(colours[np.linalg.norm(colours - tone, axis=1) > SKIN_DISTANCE], np.float32)

    hair = without_skin(pixels(lab, region(place, HAIR_PLACE, size)))
    eyes = without_skin(np.concatenate([pixels(lab, region(place, each, size)) for each in IRIS_PLACES]))
    irises = eyes[np.hypot(eyes[:, 1], eyes[:, 2]) > IRIS_CHROMA]
    return {**_nearest(hair, HAIRS), **_nearest(irises, EYES)}


def _nearest(colours: Floats, names: Mapping[str, tuple[int, int, int]]) -> dict[str, float]:
    """Return the name that most colours are nearest to with its share, if that share is large enough."""
    if not len(colours):
        return {}
    palette = lab_of(np.array([list(names.values())], np.uint8))[0]
    nearest = np.argmin(np.linalg.norm(colours[:, None] - palette, axis=2), axis=1)
    shares = np.bincount(nearest, minlength=len(names)) / len(colours)
    best = int(np.argmax(shares))
    return {list(names)[best]: float(shares[best])} if shares[best] >= LEAST_SHARE else {}


def _picture(rgb: RGB) -> dict[str, float]:
    """Return what the whole picture tells."""
    lab = _small_lab(rgb)
    found = {}
    if float(np.percentile(np.hypot(lab[:, :, 1], lab[:, :, 2]), 95)) < GREY_CHROMA:
        found["monochrome"] = 1.0
    blur = blur_of(rgb)
    if blur > BLURRED:
        found["blurry"] = blur
    uniform = _uniform_border(lab)
    if uniform >= 1 - LEAST_SHARE / 2:
        found["simple_background"] = uniform
    return found


def _small_lab(rgb: RGB) -> Floats:
    import cv2

    return lab_of(np.asarray(cv2.resize(rgb, (128, 128), interpolation=cv2.INTER_AREA), np.uint8))


def _uniform_border(lab: Floats) -> float:
    """Return the share of the upper and side borders that has their median colour."""
    width = max(1, round(BORDER * lab.shape[1]))
    border = np.concatenate([lab[:width].reshape(-1, 3), *(lab[:, s].reshape(-1, 3) for s in _sides(width))])
    distance = np.linalg.norm(border - np.median(border, axis=0), axis=1)
    return float(np.mean(distance < SAME_COLOUR))


def _sides(width: int) -> tuple[slice, slice]:
    return (slice(0, width), slice(-width, None))


def blur_of(rgb: RGB) -> float:
    """Return the blur of a picture from 0 (sharp) to 1: how little a strong blur changes its edges.

    Crete, Dolmiere, Ladret, Nicolas: The blur effect (2007), with a box of 9 pixels. A flat picture gives 0.
    """
    import cv2

    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    blurs = []
    for axis, box in ((0, (1, 9)), (1, (9, 1))):
        sharp = np.abs(np.diff(gray, axis=axis))
        smooth = np.abs(np.diff(np.asarray(cv2.blur(gray, box), np.float32), axis=axis))
        total = float(sharp.sum(dtype=np.float64))
        kept = total - float(np.maximum(sharp - smooth, 0).sum(dtype=np.float64))
        blurs.append(kept / total if total else 0.0)
    return max(blurs)
