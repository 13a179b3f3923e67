"""The embedded embedder: drawn characters in changing light are told apart by their colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.anime.models.drawn import Character, Place, backdrop, characters, draw, lit, some_light
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.models.embedded import embedder as module
from tui_gen.jobs.anime.models.embedded.embedder import DIMENSIONS, ColourEmbedder

CHARACTERS = characters(10)
SCENES = 5
PLAIN = Character((90, 60, 160), (40, 120, 60), (40, 50, 90))


def subject(character: Character, seed: int, *, is_lit: bool = True) -> Subject:
    """Return a crop of a character with its face as it was drawn, a little off."""
    picture = backdrop(420, 520, seed)
    place = Place(40 + seed % 7 * 9, 20 + seed % 5 * 8, 240 + seed % 6 * 12, look=(seed % 3 - 1) / 2)
    draw(picture, character, place)
    left, top, right, bottom = place.face
    face = (left + seed % 5 - 2, top + seed % 3 - 1, right + seed % 4, bottom - seed % 3)
    return Subject(lit(picture, some_light(seed)) if is_lit else picture, (face,))


@pytest.fixture(scope="module")
def differences() -> NDArray[np.float32]:
    embedder = ColourEmbedder()
    drawn = [
        subject(character, 97 * at + scene)
        for at, character in enumerate(CHARACTERS)
        for scene in range(SCENES)
    ]
    return embedder.differences(embedder.embed(drawn))


def pairs(differences: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the differences of two crops of one character, and of two characters."""
    who = np.repeat(np.arange(len(CHARACTERS)), SCENES)
    upper = np.triu(np.ones_like(differences, bool), 1)
    same = who[:, None] == who
    return differences[upper & same], differences[upper & ~same]


def test_a_pair_of_one_character_differs_less_than_a_pair_of_two(differences: NDArray[np.float32]) -> None:
    same, other = pairs(differences)
    area = np.mean(same[:, None] < other)  # under the ROC curve
    assert area > 0.97


def test_the_threshold_tells_most_pairs(differences: NDArray[np.float32]) -> None:
    same, other = pairs(differences)
    assert np.mean(same <= ColourEmbedder.threshold) > 0.9
    assert np.mean(other <= ColourEmbedder.threshold) < 0.15


def test_differences_are_symmetric_and_between_0_and_1(differences: NDArray[np.float32]) -> None:
    assert np.array_equal(differences, differences.T)
    assert np.all(np.diag(differences) == 0)
    assert differences.min() >= 0
    assert differences.max() <= 1
    assert differences.dtype == np.float32


def test_vectors_are_unit_vectors_of_350_dimensions() -> None:
    vectors = ColourEmbedder().embed([subject(PLAIN, 1), subject(PLAIN, 2)])
    assert vectors.shape == (2, DIMENSIONS) == (2, 350)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert ColourEmbedder().embed([]).shape == (0, 350)


def test_a_crop_without_a_face_differs_from_every_other() -> None:
    embedder = ColourEmbedder()
    known = subject(PLAIN, 1)
    vectors = embedder.embed([known, Subject(known.rgb), Subject(known.rgb)])
    assert np.array_equal(
        embedder.differences(vectors), np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], np.float32)
    )


def test_a_face_outside_its_crop_is_as_no_face() -> None:
    vectors = ColourEmbedder().embed([Subject(np.zeros((90, 90, 3), np.uint8), ((200, 200, 300, 300),))])
    assert not vectors.any()


def test_the_light_of_a_scene_is_taken_out_by_the_skin() -> None:
    embedder = ColourEmbedder()
    day = subject(PLAIN, 4, is_lit=False)
    evening = Subject((day.rgb * np.array([0.8, 0.6, 0.5])).astype(np.uint8), day.faces)
    assert embedder.differences(embedder.embed([day, evening]))[0, 1] < 0.02


def test_hair_eyes_and_clothes_each_change_the_vector() -> None:
    embedder = ColourEmbedder()
    others = [
        replace(PLAIN, eyes=(200, 40, 50)),
        replace(PLAIN, hair=(240, 210, 120)),
        replace(PLAIN, clothes=(200, 60, 60)),
    ]
    vectors = embedder.embed([subject(each, 4, is_lit=False) for each in (PLAIN, *others)])
    eyes, hair, clothes = embedder.differences(vectors)[0, 1:]
    assert hair > embedder.threshold
    assert hair > eyes > 0.03
    assert clothes > 0.003


def test_the_digest_changes_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ColourEmbedder().digest
    assert ColourEmbedder().digest == before
    monkeypatch.setattr(module, "THRESHOLD", 0.3)
    assert ColourEmbedder().digest != before
