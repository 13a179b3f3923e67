"""The published models themselves, in the folder that TUI_GEN_MODELS names: `<owner>/<name>/<file>`."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.jobs.anime.models.drawn import Place, backdrop, characters, draw
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.models.boxes import iou
from tui_gen.jobs.anime.models.finding import found_models
from tui_gen.jobs.anime.models.loading import LoadedModels, loaded
from tui_gen.jobs.anime.models.options import ModelOptions

pytestmark = [
    pytest.mark.loaders,
    pytest.mark.skipif("TUI_GEN_MODELS" not in os.environ, reason="TUI_GEN_MODELS names no folder"),
]
PLACE = Place(400, 60, 400)


@pytest.fixture(scope="module")
def models() -> LoadedModels:
    found = found_models(
        ModelOptions(os.environ["TUI_GEN_MODELS"]), parts=("person", "face", "head", "halfbody")
    )
    return loaded(found, warn=print)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    picture = backdrop(1280, 720, 3)
    draw(picture, characters(1)[0], PLACE)
    return picture


def test_real_detectors_find_a_drawn_character(models: LoadedModels, scene: np.ndarray) -> None:
    if models.found.detector.is_embedded:
        pytest.skip("no detectors there")
    assert max(iou(face.box, PLACE.face) for face in models.detector.faces(scene)) > 0.3
    for found in (models.detector.persons, models.detector.heads, models.detector.halfbodies):
        assert all(0 < each.score <= 1 for each in found(scene))


def test_a_real_embedder_tells_a_character_from_another(models: LoadedModels) -> None:
    if models.found.embedder.is_embedded:
        pytest.skip("no embedder there")
    subjects = []
    for character in characters(2):
        for seed in range(2):
            picture = backdrop(600, 700, seed)
            draw(picture, character, Place(100, 50, 380))
            subjects.append(Subject(picture))
    differences = models.embedder.differences(models.embedder.embed(subjects))
    assert differences[0, 1] < differences[0, 2]
    assert differences[0, 1] <= models.embedder.threshold


def test_a_real_tagger_sees_one_character(models: LoadedModels, scene: np.ndarray) -> None:
    if models.found.tagger.is_embedded:
        pytest.skip("no tagger there")
    (tags,) = models.tagger.tags([scene])
    assert tags.general["solo"] > 0.35
    assert sum(tags.rating.values()) == pytest.approx(1, abs=0.3)
