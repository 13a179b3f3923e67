"""The options of the survey and of near duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DuplicateMethod = Literal["thumb", "embedding"]


@dataclass(frozen=True, slots=True)
class SurveyOptions:
    """The options of the survey, by the names of the configuration."""

    extract_key: bool = False  # look at key frames only
    hi: int = 12800
    lo: int = 3200
    frac: float = 0.33
    duplicate_method: DuplicateMethod = "thumb"
    detect_duplicate_batch_size: int = 16


@dataclass(frozen=True, slots=True)
class DuplicateOptions:
    """The options of near duplicates, by the names of the configuration."""

    remove_similar: bool = True
    duplicate_method: DuplicateMethod = "thumb"
    within: float = 28.0  # the largest distance of near duplicates, of thumbnails in 8-bit Lab
    similar_thresh: float = 0.985  # the smallest cosine of near duplicates
