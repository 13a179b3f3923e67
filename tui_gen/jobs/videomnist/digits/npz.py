"""Keras' mnist.npz: x_train and x_test [n, 28, 28] u8, y_train and y_test [n]."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from tui_gen.jobs.videomnist.digits.labelled import Labelled, LabelledCollection
from tui_gen.jobs.videomnist.digits.pool import DigitsError
from tui_gen.jobs.videomnist.model import Split


@dataclass(frozen=True, slots=True)
class NpzArrays(LabelledCollection):
    """The arrays of one split."""

    path: Path
    split: Split

    def labelled(self) -> Labelled:
        """Return the arrays; read once a process."""
        return _read(self)


@lru_cache(maxsize=2)
def _read(arrays: NpzArrays) -> Labelled:
    path, split = arrays.path, arrays.split
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            images, labels = file[f"x_{split}"], file[f"y_{split}"]
    except KeyError as error:
        message = f"{path} holds no array x_{split} or no y_{split}"
        raise DigitsError(message) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        message = f"{path} cannot be read: {error}"
        raise DigitsError(message) from error
    if images.dtype != np.uint8 or labels.ndim != 1 or (len(labels) and labels.min() < 0):
        message = f"{path}: x_{split} must be bytes [n, 28, 28], y_{split} labels [n]"
        raise DigitsError(message)
    return Labelled(images, np.minimum(labels, 255).astype(np.uint8), f"{path}, {split}")
