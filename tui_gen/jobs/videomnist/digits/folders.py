"""Digits as image files: 0/*.png to 9/*.png, or the same in train/ and in test/."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.pool import DigitsError
from tui_gen.jobs.videomnist.model import CLASSES, TILE


@dataclass(frozen=True, slots=True)
class DigitFolders:
    """Ten folders in one. Images are numbered in the order of their names, and read one by one."""

    path: Path

    @property
    def sha256(self) -> str:
        """Hash of the pixels of all images, with their number before those of each class."""
        found = sha256()
        for digit in range(CLASSES):
            images = self.stack(digit)
            found.update(f"{digit} {len(images)}\n".encode())
            found.update(images.data)
        return found.hexdigest()

    def count(self, digit: int) -> int:
        """Return how many image files the folder of a class holds."""
        return len(_names(self.path / str(digit)))

    def image(self, digit: int, number: int) -> NDArray[np.uint8]:
        """Return one of them, [28, 28]."""
        folder = self.path / str(digit)
        return _decoded(folder / _names(folder)[number])

    def stack(self, digit: int) -> NDArray[np.uint8]:
        """Return all of them, [n, 28, 28]."""
        return _all_of(self.path / str(digit))


def holds_digit_folders(path: Path) -> bool:
    """Whether at least one of the ten folders is there."""
    return any((path / str(digit)).is_dir() for digit in range(CLASSES))


@lru_cache(maxsize=2 * CLASSES)
def _all_of(folder: Path) -> NDArray[np.uint8]:
    """Decode a whole folder once: checks, the hash and the least size of a frame ask for it in turn."""
    images = [_decoded(folder / name) for name in _names(folder)]
    return np.stack(images) if images else np.zeros((0, TILE, TILE), np.uint8)


@lru_cache(maxsize=4 * CLASSES)
def _names(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if path.suffix.lower() == ".png"))


def _decoded(path: Path) -> NDArray[np.uint8]:
    """Decode the file's bytes: OpenCV fails on names that are not UTF-8."""
    import cv2

    try:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error) as error:
        message = f"{path} cannot be read: {error}"
        raise DigitsError(message) from error
    if image is None:
        message = f"{path} is not an image"
        raise DigitsError(message)
    if image.shape != (TILE, TILE):
        message = f"{path} is {image.shape[1]}x{image.shape[0]} pixels, not {TILE}x{TILE}"
        raise DigitsError(message)
    return image.astype(np.uint8)
