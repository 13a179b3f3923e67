"""The embedded face detector: the real library on drawn faces."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.anime.models.drawn import Place, backdrop, characters, draw, lit, some_light
from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Box
from tui_gen.jobs.anime.models.boxes import area, iou
from tui_gen.jobs.anime.models.embedded import detector as module
from tui_gen.jobs.anime.models.embedded.detector import (
    EXTENTS,
    EmbeddedDetector,
    bodies,
    checked_detector,
    joined,
)
from tui_gen.jobs.anime.models.embedded.face_library import FaceLibrary, FoundFace, library_path

PLACES = [Place(180, 60, 330), Place(760, 120, 260, look=0.8)]


@pytest.fixture(scope="module")
def detector() -> EmbeddedDetector:
    return checked_detector()


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    picture = backdrop(1280, 720, 3)
    for character, place in zip(characters(2), PLACES, strict=True):
        draw(picture, character, place)
    return picture


def test_each_drawn_face_is_found_once(detector: EmbeddedDetector, scene: np.ndarray) -> None:
    found = detector.faces(scene)
    assert len(found) == 2
    for place in PLACES:
        assert max(iou(face.box, place.face) for face in found) > 0.5
    assert [face.score for face in found] == sorted((face.score for face in found), reverse=True)
    assert all(face.part == "face" and 0 < face.score <= 1 for face in found)


def test_most_faces_of_many_scenes_are_found_and_nothing_else(detector: EmbeddedDetector) -> None:
    drawn = characters(12)
    found = missed = other = 0
    for seed in range(12):
        place = Place(200 + 31 * seed, 40 + 11 * seed, 200 + 17 * seed, look=(seed % 5 - 2) / 2)
        picture = backdrop(1280, 720, seed)
        draw(picture, drawn[seed], place)
        hits = [iou(face.box, place.face) > 0.3 for face in detector.faces(lit(picture, some_light(seed)))]
        found, missed = found + any(hits), missed + (not any(hits))
        other += len(hits) - any(hits)
    assert found >= 10
    assert other == 0


def test_a_character_is_derived_from_its_face(detector: EmbeddedDetector, scene: np.ndarray) -> None:
    for face, person, half, head in zip(
        detector.faces(scene),
        detector.persons(scene),
        detector.halfbodies(scene),
        detector.heads(scene),
        strict=True,
    ):
        assert person.score == half.score == head.score == face.score
        assert (person.part, half.part, head.part) == ("person", "halfbody", "head")
        assert area(face.box) < area(head.box) < area(half.box) <= area(person.box)
        left, top, right, bottom = person.box
        assert min(left, top) >= 0
        assert right <= 1280
        assert bottom <= 720


FACES: list[Box] = [(100, 100, 200, 220), (400, 110, 500, 230)]


def test_a_person_reaches_as_far_as_is_documented() -> None:
    assert bodies(FACES[:1], EXTENTS["person"]) == [(-10, -8, 310, 640)]
    assert bodies(FACES[:1], EXTENTS["halfbody"]) == [(-10, -8, 310, 424)]
    assert bodies(FACES[:1], EXTENTS["head"]) == [(65, 28, 235, 232)]


def test_persons_are_cut_halfway_to_the_faces_beside_and_below() -> None:
    left, right = bodies(FACES, EXTENTS["person"])
    assert left[2] == right[0] == 300
    above, below = bodies([(100, 100, 200, 220), (120, 400, 220, 520)], EXTENTS["person"])
    assert above[3] == below[1] == 310
    assert bodies([FACES[0], (5000, 100, 5100, 220)], EXTENTS["person"])[0] == (-10, -8, 310, 640)


def test_boxes_that_overlap_enough_become_one_face() -> None:
    def found(box: Box, score: float) -> FoundFace:
        return FoundFace(box, (box, box), box, score)

    faces = joined(
        [found((10, 10, 110, 110), 0.7), found((0, 0, 100, 100), 0.9), found((90, 0, 190, 100), 0.8)]
    )
    assert [(face.box, face.score) for face in faces] == [((5, 5, 105, 105), 0.9), ((90, 0, 190, 100), 0.8)]


def test_a_picture_without_characters_has_none(detector: EmbeddedDetector) -> None:
    assert list(detector.faces(backdrop(640, 360, 1))) == []
    assert list(detector.persons(np.zeros((20, 30, 3), np.uint8))) == []
    assert list(detector.faces(np.zeros((1, 4000, 3), np.uint8))) == []


def test_the_same_picture_gives_the_same_faces_in_another_process(
    detector: EmbeddedDetector, scene: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "scene.npy", scene)
    code = (
        "import sys, numpy as np\n"
        "from tui_gen.jobs.anime.models.embedded.detector import checked_detector\n"
        "print(checked_detector().faces(np.load(sys.argv[1])))\n"
        "assert not {'animeface', 'PIL'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "scene.npy")], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(detector.faces(scene))


def test_the_digest_belongs_to_the_library_and_the_settings(
    detector: EmbeddedDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert detector.name == "embedded face detector (animeface 2.0.3)"
    again = EmbeddedDetector(FaceLibrary(library_path()))
    assert again.digest == detector.digest
    monkeypatch.setattr(module, "JOINED_ABOVE", 0.4)
    assert EmbeddedDetector(FaceLibrary(library_path())).digest != detector.digest


def test_a_library_that_finds_no_face_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "drawn_face", lambda: np.zeros((256, 256, 3), np.uint8))
    with pytest.raises(RefusedError, match=r"libnvxs.*does not find a drawn face \(0 found\)"):
        checked_detector()


def test_a_file_that_is_no_such_library_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "libnvxs.so"
    broken.write_bytes(b"no library")
    with pytest.raises(RefusedError, match=r"libnvxs\.so: cannot be used as the library of animeface"):
        FaceLibrary(broken)
    other = np.linalg._umath_linalg.__file__  # a shared library without the detector
    with pytest.raises(RefusedError, match="cannot be used"):
        FaceLibrary(Path(other))


def absent(_: str) -> metadata.Distribution:
    raise metadata.PackageNotFoundError


class Older(metadata.Distribution):
    """A distribution of another version."""

    def read_text(self, filename: str) -> str | None:
        return "Name: animeface\nVersion: 1.1.0\n" if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (absent, r"needs the package animeface 2\.0\.3: .*pip install '.\[anime\]'"),
        (lambda _: Older(), r"version 1\.1\.0, not 2\.0\.3: .*pip install '.\[anime\]'"),
    ],
)
def test_a_package_that_is_absent_or_of_another_version_is_refused(
    found: Callable[[str], metadata.Distribution], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "distribution", found)
    with pytest.raises(RefusedError, match=reason):
        library_path()
