"""Datasets for the loaders: the one of the tests of exports (x3, 7 frames), and one of x4 and 15 frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.conftest import Films, write_config
from tests.acceptance.program import Dataset, entry
from tests.conftest import MadeOnce
from tests.jobs.superres.dataset.export.conftest import Image, native
from tests.jobs.superres.dataset.export.conftest import dataset as _dataset
from tests.jobs.superres.dataset.export.conftest import export as _export
from tests.jobs.superres.dataset.export.conftest import films as _films

films, dataset, export = _films, _dataset, _export
Export = Callable[..., Path]


@pytest.fixture(autouse=True)
def _trainers_own_warnings() -> Iterator[None]:
    """Leave alone what other programs warn of."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="session")
def long(made_once: MadeOnce, films: Films) -> Dataset:
    """Made once: x4, with x2 and compressed LR beside it, 15 LR frames and 15 GT frames."""
    videos = [
        entry(films.alpha, "Alpha", {"general": 1.0}, id="alpha"),
        entry(films.gamma, "Gamma", {"general": 1.0}, split="val", id="gamma"),
    ]

    def fill(folder: Path) -> None:
        data = write_config(
            folder, videos, name="long", targets={}, base_frame_limit=8, scale=4, frames=15, lr_scales=[2]
        )
        tiny = {"tiny": {"gt_size": [96, 96], "probability": 1.0}}
        data.edit(
            lambda settings: settings.update(
                gt_frames=15,
                format_config={"general": tiny},
                category_paths={"general": "General"},
                lr_variants={"h264": {"codec": "libx264", "crf": 30}},
            )
        )
        data.complete()

    return Dataset(made_once("long_clips", fill) / "long.json")


@pytest.fixture(scope="session")
def hundred(made_once: MadeOnce, films: Films) -> Dataset:
    """Made once: x4, 100 LR frames and 100 GT frames."""
    videos = [entry(films.alpha, "Alpha", {"general": 1.0}, id="alpha")]

    def fill(folder: Path) -> None:
        data = write_config(
            folder, videos, name="hundred", targets={}, base_frame_limit=2, scale=4, frames=100
        )
        tiny = {"tiny": {"gt_size": [96, 96], "probability": 1.0}}
        data.edit(
            lambda settings: settings.update(
                gt_frames=100,
                format_config={"general": tiny},
                category_paths={"general": "General"},
            )
        )
        data.complete()

    return Dataset(made_once("hundred", fill) / "hundred.json")


@dataclass(frozen=True, slots=True)
class Case:
    """A dataset and what its files are."""

    data: Dataset
    ratio: int
    frames: int
    lr: str = ""  # the name of LR other than the plain one

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that choose the LR of an export."""
        return ("--lr", self.lr) if self.lr else ()

    def stack(self, patch: dict[str, Any], kind: str) -> list[Image]:
        """Return the frames of a file of a patch."""
        image = native(self.data, patch, kind)
        count = image.shape[0] // image.shape[1]  # patches are square
        return list(np.split(image, count))

    def clip(self, patch: dict[str, Any], reach: int | None = None) -> list[Image]:
        """Return the LR frames of a clip, or as many to each side of the middle."""
        kind = f"lr{self.frames}_{self.lr}" if self.lr else f"lr{self.frames}"
        return self._middle(self.stack(patch, kind), reach)

    def truths(self, patch: dict[str, Any], reach: int | None = None) -> list[Image]:
        """Return the GT frames of a clip, or as many to each side of the middle."""
        return self._middle(self.stack(patch, f"gt{self.frames}"), reach)

    @staticmethod
    def _middle(stack: list[Image], reach: int | None) -> list[Image]:
        middle = len(stack) // 2
        return stack if reach is None else stack[middle - reach : middle + reach + 1]


SEVEN, FIFTEEN, HALF = "x3, 7 frames", "x4, 15 frames", "x2 beside x4, 15 frames"


def _case(request: pytest.FixtureRequest) -> Case:
    if request.param == SEVEN:
        return Case(request.getfixturevalue("dataset"), 3, 7)
    data = request.getfixturevalue("long")
    return Case(data, 4, 15) if request.param == FIFTEEN else Case(data, 2, 15, "x2")


@pytest.fixture(params=[SEVEN, FIFTEEN])
def case(request: pytest.FixtureRequest) -> Case:
    """Return each dataset in turn."""
    return _case(request)


@pytest.fixture(params=[SEVEN, FIFTEEN, HALF])
def chosen(request: pytest.FixtureRequest) -> Case:
    """Return each dataset in turn, one of them with two LR: for layouts that hold one."""
    return _case(request)
