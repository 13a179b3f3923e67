"""SmilingWolf's taggers: probabilities of the tags of a list."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import ImageTags
from tui_gen.jobs.anime.models.finding import FoundModel
from tui_gen.jobs.anime.models.onnx.pictures import on_white_square, resized
from tui_gen.jobs.anime.models.onnx.session import Sessions, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui_gen.jobs.anime.model import RGB, Floats

USUAL_SIDE = 448
RATING, GENERAL, CHARACTER = "9", "0", "4"
"""The categories of `selected_tags.csv`."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """The tags of one category, and where they are in the model's output."""

    names: tuple[str, ...]
    places: NDArray[np.intp]

    def scored(self, probabilities: Floats) -> dict[str, float]:
        """Return each tag with its probability, the best first."""
        scores = zip(self.names, probabilities[self.places].tolist(), strict=True)
        return dict(sorted(scores, key=lambda item: (-item[1], item[0])))


class WdTagger:
    """One of the taggers."""

    def __init__(self, found: FoundModel, sessions: Sessions) -> None:
        """Load the model. Raises RefusedError if it is no such tagger, or does not fit its list of tags."""
        self.name = found.name
        self.digest = found.digest
        table = Path(found.file("selected_tags.csv").path)
        rows = _rows(table)
        self._rating, self._general, self._character = (
            _listed(rows, category) for category in (RATING, GENERAL, CHARACTER)
        )
        self._session = sessions.open(found.file("model.onnx").path)
        if len(self._session.inputs) != 1 or len(self._session.inputs[0].shape) != 4:  # noqa: PLR2004
            self._session.expect("tagger", [Tensor("input", (None, USUAL_SIDE, USUAL_SIDE, 3))], [])
        source, output = self._session.inputs[0], self._session.outputs[0]
        self._input, self._output = source.name, output.name
        self._side = source.shape[1] or USUAL_SIDE
        self._session.expect(
            f"tagger with the {len(rows)} tags of {table.name}",
            [Tensor(source.name, (None, self._side, self._side, 3))],
            [Tensor(output.name, (None, len(rows)))],
        )

    def tags(self, images: Sequence[RGB]) -> Sequence[ImageTags]:
        """Return all tags of each image: on a white square, resized (bicubic), BGR from 0 to 255."""
        return [self._tagged(rgb) for rgb in images]

    def _tagged(self, rgb: RGB) -> ImageTags:
        square = on_white_square(rgb)
        if len(square) != self._side:
            square = resized(square, (self._side, self._side), "bicubic")
        batch = np.ascontiguousarray(square[None, :, :, ::-1], np.float32)
        found = self._session.run(self._output, {self._input: batch})[0]
        return ImageTags(
            self._rating.scored(found), self._general.scored(found), self._character.scored(found)
        )


def _rows(path: Path) -> list[tuple[str, str]]:
    """Return the name and the category of each tag, in the order of the model's output."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [(row["name"], row["category"]) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        message = f"{path}: is no list of tags (tag_id,name,category,count): {type(error).__name__}: {error}"
        raise RefusedError(message) from error


def _listed(rows: Sequence[tuple[str, str]], category: str) -> _Listed:
    places = [at for at, (_, each) in enumerate(rows) if each == category]
    return _Listed(tuple(rows[at][0] for at in places), np.array(places, np.intp))
