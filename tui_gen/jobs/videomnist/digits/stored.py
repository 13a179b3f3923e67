"""A set of labelled images as it lies on a disk, whatever its format, and what two of them make: a pool.

    train-images... + train-labels...  -> a collection --.
    t10k-images...  + t10k-labels...   -> a collection --+-> StoredDigits
    0/*.png ... 9/*.png                -> a collection, split per class: first 5/6 train, the rest test

Invariant: a collection holds paths and reads at first need, once a process, so it can be sent to one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import CLASSES, Split

Images = NDArray[np.uint8]  # [n, 28, 28]

TRAIN_SHARE = Fraction(5, 6)
"""Of each class of a single collection, as in MNIST (60,000 of 70,000, nearly)."""


class Collection(Protocol):
    """Labelled images. Everything raises DigitsError where the files are not what they should be."""

    @property
    def sha256(self) -> str:
        """Hash in hexadecimal of all labels and pixels, the same in each format that keeps their order."""
        ...

    def count(self, digit: int) -> int:
        """Return how many images of a class there are."""
        ...

    def image(self, digit: int, number: int) -> Images:
        """Return one of them, [28, 28]."""
        ...

    def stack(self, digit: int) -> Images:
        """Return all of them, [n, 28, 28]."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """The images of a collection that belong to one split."""

    collection: Collection
    share: Split | None  # None: all of them

    def numbers(self, digit: int) -> range:
        """Return the numbers in the collection of the images of a class."""
        whole = self.collection.count(digit)
        cut = int(whole * TRAIN_SHARE)
        if self.share is None:
            return range(whole)
        return range(cut) if self.share == "train" else range(cut, whole)

    def stack(self, digit: int) -> Images:
        """Return all images of a class, [n, 28, 28]."""
        numbers = self.numbers(digit)
        return self.collection.stack(digit)[numbers.start : numbers.stop]


@dataclass(frozen=True, slots=True)
class StoredDigits:
    """The pool of images that lie on a disk."""

    description: str
    sha256: str
    train: Part
    test: Part
    notes: tuple[str, ...] = ()

    def count(self, split: Split, digit: int) -> int:
        """Return how many images of the class are in the split."""
        return len(self._part(split).numbers(digit))

    def image(self, split: Split, digit: int, number: int) -> NDArray[np.uint8]:
        """Return an image, [28, 28]."""
        part = self._part(split)
        return part.collection.image(digit, part.numbers(digit)[number])

    def outermost(self, split: Split, digit: int) -> Images:
        """Return all images of the class, [n, 28, 28]."""
        return self._part(split).stack(digit)

    def _part(self, split: Split) -> Part:
        return self.train if split == "train" else self.test


def hash_of(train: Part, test: Part) -> str:
    """Return the hash of everything that decides the images of a pool."""
    lines = [f"{part.share} {part.collection.sha256}" for part in (train, test)]
    return sha256("\n".join(lines).encode()).hexdigest()


def problems_of(train: Part, test: Part) -> list[str]:
    """Return what makes a pool useless: no images, no ink, a bright ground, one image in both splits."""
    tested = {digit: test.stack(digit) for digit in range(CLASSES)}
    known = {
        image.tobytes(): (digit, number) for digit in tested for number, image in enumerate(tested[digit])
    }
    problems: list[str] = []
    for digit in range(CLASSES):
        trained = train.stack(digit)
        problems += _problems_of_class("train", digit, trained)
        problems += _problems_of_class("test", digit, tested[digit])
        problems += _in_both(digit, trained, known)
    return problems


def _problems_of_class(split: Split, digit: int, images: Images) -> list[str]:
    if not len(images):
        return [f"there is no image of a {digit} for {split} videos"]
    empty = np.flatnonzero(~images.any(axis=(1, 2)))
    problems = [f"{split} image {empty[0]} of {digit} is empty{_and_more(len(empty))}"] if len(empty) else []
    corners = images[:, (0, 0, -1, -1), (0, -1, 0, -1)]
    bright = np.flatnonzero(corners.min(axis=1) > 127)  # noqa: PLR2004 - half as bright as can be
    if len(bright):
        problems.append(
            f"{split} image {bright[0]} of {digit} has a bright ground{_and_more(len(bright))}: "
            "digits must be bright on black"
        )
    return problems


def _in_both(digit: int, train: Images, tested: Mapping[bytes, tuple[int, int]]) -> list[str]:
    """Look for the images of a class among all that are for test videos."""
    pairs = ((number, tested.get(image.tobytes())) for number, image in enumerate(train))
    twice = [(number, other) for number, other in pairs if other is not None]
    if not twice:
        return []
    number, (other_digit, other_number) = twice[0]
    problem = (
        f"train image {number} of {digit} is the same as test image {other_number} of {other_digit}"
        f"{_and_more(len(twice))}: test videos must show digits that no training video shows"
    )
    return [problem]


def _and_more(count: int) -> str:
    return f", and {count - 1:,} more are" if count > 1 else ""
