"""The pictures of a contact sheet: a whole patch, and a part of it at full size, GT beside LR.

    whole ┌──────────────┐   pair ┌───────┬───────┐   the same part of GT and of the LR stack's middle
          │     ┌──┐     │        │  GT   │  LR   │   frame; LR's pixels are repeated so that both
          │     └──┘     │        │       │       │   parts have the same size
          └──────────────┘        └───────┴───────┘

Files are only read. A missing or damaged file is reported in place of its picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.base.formatting import position
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.dataset.contact_sheet.choice import LedgerPatch
from tui_gen.jobs.superres.dataset.file_kinds import lr_stack
from tui_gen.jobs.superres.dataset.verify import moved_to
from tui_gen.jobs.superres.extraction.png import encode_png

Image = NDArray[np.uint8]

HEIGHT = 240
WIDEST = 427
GAP = 6
LABEL_HEIGHT = 22
COLUMNS, ROWS = 2, 12
_LARGEST_FILE = 64 << 20
_GROUND, _INK, _ALARM = (34, 30, 28), (225, 222, 218), (100, 110, 235)  # BGR
_FONT, _FONT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.42


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pictures of a patch; None if a file is missing or damaged."""

    whole: Image | None
    pair: Image | None
    wrong: tuple[str, ...] = ()  # "missing: path", one text for each file
    gt: Path | None = None  # where the ground truth was found


def draw(output: Path, patch: LedgerPatch) -> Drawn:
    """Draw a patch from its files. `output` is the output folder."""
    wrong: list[str] = []
    gt_path, gt = _find(output, patch.record, "gt", wrong)
    kind = lr_stack(patch.record["files"])
    if gt is None:
        if kind is not None:
            _find(output, patch.record, kind.name, wrong)
        return Drawn(None, None, tuple(wrong))
    stack = _find(output, patch.record, kind.name, wrong)[1] if kind is not None else None
    lr = _middle(stack, kind.frames) if stack is not None and kind is not None else None
    return Drawn(_whole(gt), _pair(gt, lr), tuple(wrong), gt_path)


def _find(output: Path, record: JsonObject, kind: str, wrong: list[str]) -> tuple[Path | None, Image | None]:
    """Return where a file is, moved for validation or not, and its picture; append problems to `wrong`."""
    written = str(record["files"][kind])
    path = output / written
    try:
        if not path.exists():
            path = moved_to(output, written) or path
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE)
    except FileNotFoundError:
        wrong.append(f"missing: {written}")
        return None, None
    except OSError as error:
        wrong.append(f"cannot be read ({error.strerror}): {written}")
        return None, None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        wrong.append(f"damaged: {written}")
        return path, None
    return path, np.asarray(image, np.uint8)


def _middle(stack: Image, frames: int) -> Image:
    height = stack.shape[0] // frames
    return stack[height * (frames // 2) : height * (frames // 2 + 1)]


def _whole(gt: Image) -> Image:
    scale = min(1.0, HEIGHT / gt.shape[0], WIDEST / gt.shape[1])
    size = (max(1, round(gt.shape[1] * scale)), max(1, round(gt.shape[0] * scale)))
    return np.asarray(cv2.resize(gt, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pair(gt: Image, lr: Image | None) -> Image:
    """Return the middle of GT at full size beside the same part of LR with repeated pixels."""
    ratio = gt.shape[1] // lr.shape[1] if lr is not None and lr.shape[1] else 1
    height, width = (min(HEIGHT, length) // ratio * ratio for length in gt.shape[:2])
    top, left = (gt.shape[0] - height) // 2 // ratio * ratio, (gt.shape[1] - width) // 2 // ratio * ratio
    detail = gt[top : top + height, left : left + width]
    if lr is None:
        return detail
    part = lr[top // ratio : (top + height) // ratio, left // ratio : (left + width) // ratio]
    enlarged = part.repeat(ratio, axis=0).repeat(ratio, axis=1)
    return np.hstack([detail, _ground(detail.shape[0], GAP), enlarged])


def _ground(height: int, width: int) -> Image:
    return np.full((height, width, 3), _GROUND, np.uint8)


# ------------------------------------------------------------------ contact sheets


@dataclass(frozen=True, slots=True)
class Strip:
    """A patch of a contact sheet: its pictures as PNG files, or their problems, and a line of text."""

    whole: bytes | None
    pair: bytes | None
    wrong: str
    label: str


CELL_WIDTH = WIDEST + 2 * HEIGHT + 2 * GAP + 16
CELL_HEIGHT = HEIGHT + LABEL_HEIGHT + 12


def contact_sheet(strips: Sequence[Strip]) -> bytes:
    """Return one PNG with at most COLUMNS times ROWS strips."""
    columns = min(COLUMNS, len(strips))
    rows = -(-len(strips) // columns)
    canvas = _ground(rows * CELL_HEIGHT + 8, columns * CELL_WIDTH + 8)
    for place, strip in enumerate(strips):
        top, left = 8 + place // columns * CELL_HEIGHT, 8 + place % columns * CELL_WIDTH
        _place_strip(canvas[top : top + CELL_HEIGHT, left : left + CELL_WIDTH], strip)
    return encode_png(canvas, "rle")


def _place_strip(room: Image, strip: Strip) -> None:
    left = 0
    for data in (strip.whole, strip.pair):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        if image is not None:
            room[: image.shape[0], left : left + image.shape[1]] = image
            left += image.shape[1] + GAP
    if strip.wrong:
        _write(room, strip.wrong, place=(min(left, WIDEST) + 8, HEIGHT // 2), colour=_ALARM)
    _write(room, strip.label, place=(0, HEIGHT + 15), colour=_INK)


def _write(room: Image, text: str, *, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    """Draw a line of text into `room`, cut at its right edge."""
    text = drawable(text)
    while text and cv2.getTextSize(text, _FONT, _FONT_SIZE, 1)[0][0] > room.shape[1] - place[0] - GAP:
        text = text[:-1]
    cv2.putText(room, text, place, _FONT, _FONT_SIZE, colour, 1, cv2.LINE_AA)


def drawable(text: str) -> str:
    """Return text with a question mark for every character that OpenCV's font lacks."""
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def label_of(patch: LedgerPatch, score: str) -> str:
    """Return the caption of a patch in a picture: the name of its files, which contains the film's name."""
    stem = Path(str(patch.record["files"]["gt"])).stem
    at = position(patch.pts_seconds) if patch.pts_seconds is not None else ""
    value = f"{score} {patch.scores[score]:.4g}" if score in patch.scores else ""
    return "  ".join(part for part in (stem.removeprefix("patch_"), at, value) if part)
