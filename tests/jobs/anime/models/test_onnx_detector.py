"""The adapter of published detectors: what is kept of a model's output, and where it is in the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.anime.models import tiny_onnx as tiny
from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.models.finding import FoundModel
from tui_gen.jobs.anime.models.onnx.detector import OnnxDetector, without_doubles
from tui_gen.jobs.anime.models.onnx.session import Sessions
from tui_gen.jobs.anime.models.places import model_file

WIDE = np.full((360, 1280, 3), 255, np.uint8)
"""A picture that is twice as wide as the model's, and about half as high."""


def detector(path: Path, part: str = "person") -> OnnxDetector:
    def told(text: str) -> None:
        raise AssertionError(text)

    found = FoundModel("detector", "deepghs", ((part, model_file(path)),), "digest", "", "")
    return OnnxDetector(found, Sessions("cpu", 1, told))


def rows(*boxes: tuple[float, ...]) -> NDArray[Any]:
    """Return YOLO's output [4 + classes, n] of boxes (centre x, centre y, width, height, scores)."""
    return np.array(boxes, np.float32).T


BOXES = (
    (320.0, 320.0, 100.0, 200.0, 0.9),
    (322.0, 322.0, 100.0, 200.0, 0.8),  # the same again
    (100.0, 100.0, 60.0, 60.0, 0.95),
    (500.0, 500.0, 60.0, 60.0, 0.29),  # not sure enough
    (635.0, 630.0, 60.0, 60.0, 0.4),  # over the edge
)


def test_boxes_are_scaled_to_the_picture_and_the_best_come_first(tmp_path: Path) -> None:
    got = detector(tiny.yolo(tmp_path / "model.onnx", rows(*BOXES))).persons(WIDE)
    # across 1280 / 640 = 2, down 360 / 640 = .5625
    assert [each.box for each in got] == [(140, 39, 260, 73), (540, 124, 740, 236), (1210, 338, 1280, 360)]
    assert [each.score for each in got] == pytest.approx([0.95, 0.9, 0.4])
    assert {each.part for each in got} == {"person"}


def test_the_model_sees_the_squashed_picture(tmp_path: Path) -> None:
    coarse = np.random.default_rng(2).integers(100, 256, (30, 40, 3)).astype(np.uint8)
    picture = coarse.repeat(30, axis=0).repeat(30, axis=1)
    squashed = tiny.restated_resize(picture, (640, 640), "bicubic", tiny.CELL) / 255
    got = detector(tiny.yolo_of_samples(tmp_path / "model.onnx")).persons(picture)
    scores = {(each.box[0], each.box[1]): each.score for each in got}
    assert len(scores) == 16 * 16
    # a corner at 40 k is at 75 k of 1200 across, and at 56.25 k of 900 down
    wanted = {(75 * x, round(56.25 * y)): squashed[y, x, 2] for x in range(16) for y in range(16)}
    assert scores == pytest.approx(wanted, abs=1.01 / 255)
    assert [each.score for each in got] == sorted((each.score for each in got), reverse=True)


def test_a_box_overlapping_by_more_than_the_models_iou_is_left_out(tmp_path: Path) -> None:
    # 100 x 100 boxes, 30 apart: inclusive areas 101 * 101, shared 71 * 101: IoU .542
    near = rows((200, 200, 100, 100, 0.9), (230, 200, 100, 100, 0.8))
    path = tiny.yolo(tmp_path / "model.onnx", near)
    picture = np.full((640, 640, 3), 255, np.uint8)
    assert len(detector(path, "person").persons(picture)) == 1  # its limit is .5
    assert len(detector(path, "face").faces(picture)) == 2  # its limit is .7


def test_overlap_counts_the_last_pixel_of_a_box() -> None:
    boxes = np.array([[0, 0, 9, 9], [0, 5, 9, 14]], np.float32)  # 10 x 10 each, 5 rows shared: 50 / 150
    scores = np.array([0.9, 0.8], np.float32)
    assert list(without_doubles(boxes, scores, 0.334)) == [0, 1]
    assert list(without_doubles(boxes, scores, 0.333)) == [0]


def test_classes_are_suppressed_together_and_the_best_class_counts(tmp_path: Path) -> None:
    two = rows((200, 200, 100, 100, 0.4, 0.7), (202, 200, 100, 100, 0.9, 0.1))
    path = tiny.yolo(tmp_path / "model.onnx", two, names="{0: 'girl', 1: 'boy'}")
    (only,) = detector(path).persons(np.full((640, 640, 3), 255, np.uint8))
    assert only.box == (152, 150, 252, 250)
    assert only.score == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("part", "least"), [("person", 0.3), ("face", 0.25), ("head", 0.4), ("halfbody", 0.5)]
)
def test_each_part_has_its_own_least_score(part: str, least: float, tmp_path: Path) -> None:
    scores = [(100 * at + 50, 50, 40, 40, least + step) for at, step in enumerate((-0.02, 0.02))]
    found = detector(tiny.yolo(tmp_path / "model.onnx", rows(*scores)), part)
    how = {
        "person": found.persons,
        "face": found.faces,
        "head": found.heads,
        "halfbody": found.halfbodies,
    }[part]
    (only,) = how(np.full((640, 640, 3), 255, np.uint8))
    assert only.box == (130, 30, 170, 70)


def test_end_to_end_models_give_corners_and_a_class(tmp_path: Path) -> None:
    output = np.array([[100, 100, 200, 300, 0.8, 0], [0, 0, 50, 50, 0.2, 0]], np.float32)
    (only,) = detector(tiny.yolo(tmp_path / "model.onnx", output, scores=tiny.IN_COLUMN_5)).persons(WIDE)
    assert only.box == (200, 56, 400, 169)
    assert only.score == pytest.approx(0.8)


def test_rtdetr_models_give_shares_of_the_picture(tmp_path: Path) -> None:
    output = np.array([[0.5, 0.5, 0.2, 0.4, 0.8], [0.1, 0.1, 0.1, 0.1, 0.1]], np.float32)
    path = tiny.yolo(tmp_path / "model.onnx", output, scores=tiny.IN_COLUMNS)
    (tmp_path / "model_type.json").write_text('{"model_type": "rtdetr"}')
    (only,) = detector(path).persons(WIDE)
    assert only.box == (512, 108, 768, 252)


def test_the_input_s_size_is_that_of_the_model(tmp_path: Path) -> None:
    path = tiny.yolo(tmp_path / "model.onnx", rows((160, 80, 100, 80, 0.9)), size=(160, 320))
    (only,) = detector(path).persons(np.full((320, 640, 3), 255, np.uint8))
    assert only.box == (220, 80, 420, 240)


def test_a_picture_without_anything_gives_nothing(tmp_path: Path) -> None:
    path = tiny.yolo(tmp_path / "model.onnx", rows(*BOXES))
    assert list(detector(path).persons(np.zeros((50, 60, 3), np.uint8))) == []


def test_outputs_that_do_not_fit_the_named_classes_are_refused(tmp_path: Path) -> None:
    path = tiny.yolo(tmp_path / "model.onnx", rows(*BOXES), names="{0: 'a', 1: 'b'}")
    with pytest.raises(RefusedError, match="5 values a box, but it names 2 classes"):
        detector(path)


def test_an_output_without_a_declared_shape_is_checked_when_it_comes(tmp_path: Path) -> None:
    path = tiny.yolo(tmp_path / "model.onnx", rows(*BOXES), declares_output=False)
    assert len(detector(path).persons(WIDE)) == 3
    path = tiny.yolo(path, rows(*BOXES), declares_output=False, names="{0: 'a', 1: 'b'}")
    with pytest.raises(RefusedError, match="5 values a box, but it names 2 classes"):
        detector(path).persons(WIDE)


def test_metadata_are_read_and_never_executed(tmp_path: Path) -> None:
    path = tiny.yolo(tmp_path / "model.onnx", rows(*BOXES), names="__import__('os').getcwd()")
    with pytest.raises(RefusedError, match="its metadata names cannot be read"):
        detector(path)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"not a detector: wanted are images \[\?, 3, \?, \?\]"):
        detector(tiny.frames(tmp_path / "model.onnx"))


@pytest.mark.parametrize(
    ("text", "reason"), [('{"model_type": "mask"}', '"mask" is not known'), ("[", "cannot be read")]
)
def test_a_model_type_that_is_not_known_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tiny.yolo(tmp_path / "model.onnx", rows(*BOXES))
    (tmp_path / "model_type.json").write_text(text)
    with pytest.raises(RefusedError, match=reason):
        detector(path)


def test_a_part_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no model of head"):
        detector(tiny.yolo(tmp_path / "model.onnx", rows(*BOXES))).heads(WIDE)
