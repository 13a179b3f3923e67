"""The options of cropping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DetectLevel = Literal["n", "s", "m", "x"]


@dataclass(frozen=True, slots=True)
class CropOptions:
    """What is cropped."""

    detect_level: DetectLevel = "n"  # of the detectors' models: from the fastest to the most accurate
    min_crop_size: int = 320  # of a crop's shorter edge, in pixels
    crop_with_head: bool = False  # only crops with a head
    crop_with_face: bool = False  # only crops with a face
    use_3stage_crop: Literal[2, 4] | None = None  # the stage that crops upper bodies and heads
    ratio_thres: float = 2.0  # longer side of a face divided by its shorter one, at most
