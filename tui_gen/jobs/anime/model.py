"""The values that the stages exchange, and what a model offers to them.

Pictures are arrays of uint8, shape [height, width, 3], RGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # most commands start without numpy
    import numpy as np
    from numpy.typing import NDArray

    RGB = NDArray[np.uint8]
    Floats = NDArray[np.float32]

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are excluded."""
Part = Literal["person", "halfbody", "head", "face"]
NOISE = "-1_noise"
"""The folder of crops that belong to no character; `0_noise` is read, too."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing that a detector found in a picture."""

    box: Box
    part: Part
    score: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Subject:
    """A crop of one character, as an embedder takes it."""

    rgb: RGB
    faces: tuple[Box, ...] = ()  # in pixels of `rgb`, the largest first; (): no face is known


@dataclass(frozen=True, slots=True)
class ImageTags:
    """The tags of one image with their scores from 0 to 1, the best first. Names have underscores."""

    rating: Mapping[str, float]
    general: Mapping[str, float]
    character: Mapping[str, float]


class Model(Protocol):
    """What every model tells of itself."""

    @property
    def name(self) -> str:
        """The name in messages, reports and metadata: "embedded colour histograms", "ccip-caformer-24"."""
        ...

    @property
    def digest(self) -> str:
        """A digest of everything that decides its results: its file, its version, its thresholds."""
        ...


class Detector(Model, Protocol):
    """Finds characters and their parts in a picture. Boxes lie inside the picture; the best come first."""

    def persons(self, rgb: RGB) -> Sequence[Detection]:
        """Return the characters, whole or as far as they are seen."""
        ...

    def halfbodies(self, rgb: RGB) -> Sequence[Detection]:
        """Return the upper bodies."""
        ...

    def heads(self, rgb: RGB) -> Sequence[Detection]:
        """Return the heads."""
        ...

    def faces(self, rgb: RGB) -> Sequence[Detection]:
        """Return the faces."""
        ...


class Embedder(Model, Protocol):
    """Turns crops into vectors whose differences tell characters apart."""

    @property
    def threshold(self) -> float:
        """The largest difference of two crops of the same character (T)."""
        ...

    def embed(self, subjects: Sequence[Subject]) -> Floats:
        """Return the vectors, shape [subjects, dimensions]."""
        ...

    def differences(self, vectors: Floats) -> Floats:
        """Return the differences of all pairs, shape [n, n]: symmetric, 0 on the diagonal."""
        ...


class Tagger(Model, Protocol):
    """Describes images by tags."""

    def tags(self, images: Sequence[RGB]) -> Sequence[ImageTags]:
        """Return the tags of each image, without a limit on their scores."""
        ...


class FrameEmbedder(Model, Protocol):
    """Turns frames into vectors whose cosines tell near duplicates."""

    def embed(self, frames: Sequence[RGB]) -> Floats:
        """Return unit vectors, shape [frames, dimensions]."""
        ...
