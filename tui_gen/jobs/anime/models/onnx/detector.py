"""The detectors of deepghs: YOLO and RT-DETR models, one for each part of the body.

images [1, 3, height, width], RGB 0 to 1, squashed (no letterbox)  ──>  output0
    YOLO        [4 + classes, n]   centre x, centre y, width, height; a score for each class
    end to end  [n, 6]             left, top, right, bottom, score, class
    RT-DETR     [n, 4 + classes]   as YOLO, but in shares of the picture
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Detection, Part
from tui_gen.jobs.anime.models.boxes import area
from tui_gen.jobs.anime.models.catalogue import DETECTORS, PublishedDetector
from tui_gen.jobs.anime.models.finding import FoundModel
from tui_gen.jobs.anime.models.onnx.pictures import planes, resized
from tui_gen.jobs.anime.models.onnx.session import Session, Sessions, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui_gen.jobs.anime.model import RGB, Floats

USUAL_SIZE = (640, 640)
"""Height and width of a model that does not tell."""
END_TO_END_COLUMNS = 6
END_TO_END_IOU = 0.7


@dataclass(frozen=True, slots=True)
class _Network:
    """The model of one part of the body."""

    session: Session
    part: Part
    size: tuple[int, int]  # height, width
    classes: int | None
    architecture: Literal["yolo", "rtdetr"]
    confidence: float
    iou: float

    def found(self, rgb: RGB) -> list[Detection]:
        """Return what a picture shows, the best first."""
        height, width = self.size
        squashed = resized(rgb, (width, height), "bicubic")
        output = self.session.run("output0", {"images": planes(squashed)})[0]
        boxes, scores = self._boxes(output)
        here = np.array([rgb.shape[1], rgb.shape[0]] * 2, np.float32)
        there = np.ones(4) if self.architecture == "rtdetr" else np.array([width, height] * 2, np.float32)
        placed = np.round(np.clip(boxes / there * here, 0, here)).astype(int)
        found = (
            Detection((int(left), int(top), int(right), int(bottom)), self.part, float(score))
            for (left, top, right, bottom), score in zip(placed, scores, strict=True)
        )
        return [each for each in found if area(each.box)]

    def _boxes(self, output: Floats) -> tuple[Floats, Floats]:
        """Return the boxes that are kept, shape [n, 4], and their scores, the best first."""
        if self.architecture == "yolo" and output.shape[-1] == END_TO_END_COLUMNS:
            boxes, scores, iou = output[:, :4], output[:, 4], END_TO_END_IOU
        else:
            rows = output if self.architecture == "rtdetr" else output.T
            _check_columns(self.session, rows.shape[1], self.classes)
            middle, half = rows[:, :2], rows[:, 2:4] / 2
            boxes, scores, iou = np.hstack((middle - half, middle + half)), rows[:, 4:].max(axis=1), self.iou
        is_sure = scores > self.confidence
        boxes, scores = boxes[is_sure], scores[is_sure]
        kept = without_doubles(boxes, scores, iou)
        return boxes[kept], scores[kept]


def without_doubles(boxes: Floats, scores: Floats, iou: float) -> NDArray[np.intp]:
    """Return the indices of the boxes that overlap no better box by more than `iou`, the best first.

    A box covers its last pixel, too: lengths are right - left + 1.
    """
    lengths = np.maximum(boxes[:, 2:] - boxes[:, :2] + 1, 0)
    areas = lengths[:, 0] * lengths[:, 1]
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        shared = np.minimum(boxes[best, 2:], boxes[left, 2:]) - np.maximum(boxes[best, :2], boxes[left, :2])
        common = np.prod(np.maximum(shared + 1, 0), axis=1)
        left = left[common / (areas[best] + areas[left] - common) <= iou]
    return np.array(kept, np.intp)


class OnnxDetector:
    """The detectors of deepghs together."""

    def __init__(self, found: FoundModel, sessions: Sessions) -> None:
        """Load the models. Raises RefusedError if one is no detector."""
        self.name = found.name
        self.digest = found.digest
        self._networks = {
            each.part: _loaded(sessions.open(file.path), each)
            for role, file in found.files
            for each in DETECTORS
            if each.part == role
        }

    def persons(self, rgb: RGB) -> Sequence[Detection]:
        """Return the characters, the best first."""
        return self._network("person").found(rgb)

    def halfbodies(self, rgb: RGB) -> Sequence[Detection]:
        """Return the upper bodies, the best first."""
        return self._network("halfbody").found(rgb)

    def heads(self, rgb: RGB) -> Sequence[Detection]:
        """Return the heads, the best first."""
        return self._network("head").found(rgb)

    def faces(self, rgb: RGB) -> Sequence[Detection]:
        """Return the faces, the best first."""
        return self._network("face").found(rgb)

    def _network(self, part: Part) -> _Network:
        if part not in self._networks:
            message = f"no model of {part} was looked for: name the part when the models are looked for"
            raise KeyError(message)
        return self._networks[part]


def _loaded(session: Session, published: PublishedDetector) -> _Network:
    architecture = _architecture(Path(session.path).with_name("model_type.json"))
    session.expect(
        "detector", [Tensor("images", (None, 3, None, None))], [Tensor("output0", (None, None, None))]
    )
    classes = _classes(session)
    declared = session.outputs[0].shape
    if architecture == "rtdetr" or declared[2] != END_TO_END_COLUMNS:
        _check_columns(session, declared[2 if architecture == "rtdetr" else 1], classes)
    return _Network(
        session=session,
        part=published.part,
        size=_input_size(session),
        classes=classes,
        architecture=architecture,
        confidence=published.confidence,
        iou=published.iou,
    )


def _check_columns(session: Session, columns: int | None, classes: int | None) -> None:
    """Raise RefusedError if a box has another number of values than its place and the classes' scores."""
    if columns is not None and classes is not None and columns != 4 + classes:
        message = (
            f"{session.path}: its output has {columns} values a box, but it names {classes} classes:"
            " this is no detector of the known kinds"
        )
        raise RefusedError(message)


def _architecture(path: Path) -> Literal["yolo", "rtdetr"]:
    """Return what a model's `model_type.json` names; "yolo" without that file."""
    if not path.exists():
        return "yolo"
    try:
        named = json.loads(path.read_bytes())["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path}: cannot be read: {type(error).__name__}: {error}"
        raise RefusedError(message) from error
    if named == "yolo":
        return "yolo"
    if named == "rtdetr":
        return "rtdetr"
    message = f'{path}: model_type "{named}" is not known: known are yolo and rtdetr'
    raise RefusedError(message)


def _input_size(session: Session) -> tuple[int, int]:
    """Return the height and the width of the input: as declared, else as in the metadata, else 640."""
    _, _, height, width = session.inputs[0].shape
    told = _told_size(session) if "imgsz" in session.metadata else USUAL_SIZE
    return (height or told[0], width or told[1])


def _told_size(session: Session) -> tuple[int, int]:
    sizes = _literal(session, "imgsz")
    if isinstance(sizes, list | tuple) and len(sizes) == len(USUAL_SIZE):
        height, width = sizes
        if isinstance(height, int) and isinstance(width, int):
            return (height, width)
    message = f"{session.path}: its metadata imgsz are no height and width: {sizes!r}"
    raise RefusedError(message)


def _classes(session: Session) -> int | None:
    """Return the number of classes that the metadata name; None if they name none."""
    if "names" not in session.metadata:
        return None
    names = _literal(session, "names")
    if not isinstance(names, dict | list | tuple):
        message = f"{session.path}: its metadata names are no list of classes: {names!r}"
        raise RefusedError(message)
    return len(names)


def _literal(session: Session, key: str) -> object:
    """Return a value of the metadata. Nothing in it is executed."""
    try:
        return ast.literal_eval(session.metadata[key])
    except (ValueError, SyntaxError) as error:
        message = f"{session.path}: its metadata {key} cannot be read: {session.metadata[key]!r}"
        raise RefusedError(message) from error
