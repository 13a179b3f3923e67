"""CCIP (deepghs/ccip_onnx): vectors whose differences tell whether two crops show the same character."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.models.finding import FoundModel
from tui_gen.jobs.anime.models.onnx.pictures import normalised, planes, resized
from tui_gen.jobs.anime.models.onnx.session import Sessions, Tensor

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Floats

SIZE = 384
DIMENSIONS = 768
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""The normalisation of CLIP."""


class CcipEmbedder:
    """A CCIP model: one file gives the vectors, another their differences."""

    def __init__(self, found: FoundModel, sessions: Sessions) -> None:
        """Load the model. Raises RefusedError if a file is no part of a CCIP model."""
        self.name = found.name
        self.digest = found.digest
        self.threshold = _threshold(Path(found.file("metrics.json").path))
        self._features = sessions.open(found.file("model_feat.onnx").path)
        self._metrics = sessions.open(found.file("model_metrics.onnx").path)
        self._features.expect(
            "CCIP model of features",
            [Tensor("input", (None, 3, SIZE, SIZE))],
            [Tensor("output", (None, DIMENSIONS))],
        )
        self._metrics.expect(
            "CCIP model of differences",
            [Tensor("input", (None, DIMENSIONS))],
            [Tensor("output", (None, None))],
        )

    def embed(self, subjects: Sequence[Subject]) -> Floats:
        """Return the vectors, shape [subjects, 768]. Crops are squashed to 384 x 384; faces are not used."""
        vectors = np.zeros((len(subjects), DIMENSIONS), np.float32)
        for row, subject in zip(vectors, subjects, strict=True):
            batch = planes(resized(subject.rgb, (SIZE, SIZE), "bilinear"))
            row[:] = self._features.run("output", {"input": normalised(batch, MEAN, DEVIATION)})[0]
        return vectors

    def differences(self, vectors: Floats) -> Floats:
        """Return the differences of all pairs, shape [n, n]: symmetric, 0 on the diagonal."""
        if not len(vectors):
            return np.zeros((0, 0), np.float32)
        found = self._metrics.run("output", {"input": np.ascontiguousarray(vectors, np.float32)})
        both = ((found + found.T) / 2).astype(np.float32)
        np.fill_diagonal(both, 0)
        return both


def _threshold(path: Path) -> float:
    try:
        return float(json.loads(path.read_bytes())["threshold"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f'{path}: holds no number "threshold": {type(error).__name__}: {error}'
        raise RefusedError(message) from error
