"""The published models that the job knows: their repositories, files, thresholds and licences.

Thresholds are those that their publishers use (dghs-imgutils 0.19; SmilingWolf's tagger for characters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui_gen.jobs.anime.model import Part

Kind = Literal["detector", "embedder", "tagger", "frame embedder"]
LEVELS = ("n", "s", "m", "x")
"""From the fastest model to the most accurate."""


@dataclass(frozen=True, slots=True)
class PublishedDetector:
    """The models of one part of the body."""

    part: Part
    repo: str
    folder: str  # "{}" is the level
    levels: tuple[str, ...]
    confidence: float
    iou: float

    def folders(self, level: str) -> tuple[str, ...]:
        """Return the folders of the models to look for: of the level, else of the nearest one."""
        asked = LEVELS.index(level)
        nearest = sorted(LEVELS, key=lambda each: (abs(LEVELS.index(each) - asked), LEVELS.index(each)))
        return tuple(self.folder.format(each) for each in nearest)

    def published(self, level: str) -> str:
        """Return the folder to download for a level: the nearest one that is published."""
        return next(name for name in self.folders(level) if name in map(self.folder.format, self.levels))


@dataclass(frozen=True, slots=True)
class Published:
    """A model that is found by its name."""

    name: str
    repo: str
    files: tuple[str, ...]  # paths in the repository; all are needed
    licence: str


DETECTORS = (
    PublishedDetector(
        "person", "deepghs/anime_person_detection", "person_detect_v1.1_{}", ("n", "s", "m", "x"), 0.3, 0.5
    ),
    PublishedDetector("face", "deepghs/anime_face_detection", "face_detect_v1.4_{}", ("n", "s"), 0.25, 0.7),
    PublishedDetector("head", "deepghs/anime_head_detection", "head_detect_v2.0_{}", ("s",), 0.4, 0.7),
    PublishedDetector(
        "halfbody", "deepghs/anime_halfbody_detection", "halfbody_detect_v1.0_{}", ("s",), 0.5, 0.7
    ),
)
DETECTOR_NAME = "deepghs"
"""The name of the four detectors together."""
CCIP_REPO = "deepghs/ccip_onnx"
CCIP_FILES = ("model_feat.onnx", "model_metrics.onnx", "metrics.json")
CCIP_NAMES = ("ccip-caformer-24-randaug-pruned", "ccip-caformer_b36-24")
"""The first one is downloaded if none is named."""
TAGGER_OWNER = "SmilingWolf"
TAGGER_FILES = ("model.onnx", "selected_tags.csv")
TAGGER_NAMES = ("wd-swinv2-tagger-v3", "wd-eva02-large-tagger-v3", "wd-vit-tagger-v3")
UNKNOWN_LICENCE = "see its page"


def embedder_of(name: str) -> Published:
    """Return the CCIP model of a name."""
    return Published(name, CCIP_REPO, tuple(f"{name}/{file}" for file in CCIP_FILES), "OpenRAIL")


def tagger_of(name: str) -> Published:
    """Return the tagger of a name; a name with a slash is a repository with the same two files."""
    if "/" in name:
        return Published(name, name, TAGGER_FILES, UNKNOWN_LICENCE)
    return Published(name, f"{TAGGER_OWNER}/{name}", TAGGER_FILES, "Apache-2.0")
