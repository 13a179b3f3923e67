"""Any ONNX model of images as an embedder of frames: for near duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.models.finding import FoundModel
from tui_gen.jobs.anime.models.onnx.pictures import normalised, planes, resized
from tui_gen.jobs.anime.models.onnx.session import Sessions, Tensor

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Floats

USUAL_SIDE = 224
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""The normalisation of ImageNet."""
AXES_OF_IMAGES = 4


class OnnxFrameEmbedder:
    """A model that takes images [n, 3, height, width] and gives vectors [n, d] or maps [n, d, ...]."""

    def __init__(self, found: FoundModel, sessions: Sessions) -> None:
        """Load the model. Raises RefusedError if it takes no such images."""
        self.name = found.name
        self.digest = found.digest
        self._session = sessions.open(found.file("model").path)
        source = self._session.inputs[0]
        usual = (None, 3, USUAL_SIDE, USUAL_SIDE)
        is_image = len(source.shape) == AXES_OF_IMAGES
        wanted = (None, 3, *source.shape[2:]) if is_image else usual
        self._session.expect("model of images", [Tensor(source.name, wanted)], [])
        if len(self._session.outputs[0].shape) < 2:  # noqa: PLR2004 - a vector for each image
            message = f"{self._session.path}: its first output has no vector for each image"
            raise RefusedError(message)
        self._input, self._output = source.name, self._session.outputs[0].name
        self._size = (wanted[3] or USUAL_SIDE, wanted[2] or USUAL_SIDE)

    def embed(self, frames: Sequence[RGB]) -> Floats:
        """Return unit vectors, shape [frames, dimensions]; frames are squashed to 224 x 224 (bilinear).

        The first output counts; a map is averaged over its places.
        """
        return np.array([self._vector(rgb) for rgb in frames], np.float32)

    def _vector(self, rgb: RGB) -> Floats:
        batch = normalised(planes(resized(rgb, self._size, "bilinear")), MEAN, DEVIATION)
        found = self._session.run(self._output, {self._input: batch})[0]
        vector = found.reshape(len(found), -1).mean(axis=1)
        length = float(np.linalg.norm(vector))
        return np.asarray(vector / length if length else vector, np.float32)
