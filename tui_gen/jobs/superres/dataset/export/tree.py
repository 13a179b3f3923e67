"""What every layout is made of: a tree of patches of one category, format and part, and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from tui_gen.jobs.superres.dataset.export.output import Output
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.folders import KIND_FOLDERS
from tui_gen.jobs.superres.dataset.split import TRAIN, Split
from tui_gen.jobs.superres.extraction.patches import Image, encode_png
from tui_gen.media.geometry import Size

STACKED = {"lr": 5, "lr7": 7, "gt7": 7}
"""How many tiles a stack of each kind has."""
BATCH = 32
"""Patches in hand at once: those of the largest format are some 10 MB each."""
SEQUENCES = 1000
"""Sequences of a folder in layouts that number them."""


Result = TypeVar("Result")
Named = tuple[Sample, str]
"""A patch and its name in the layout."""


class DamagedError(Exception):
    """A file of a patch differs from what the ledger records."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Patches of one category, format and part, in order."""

    folder: str  # relative to the export
    category: str
    format: str
    split: Split | None  # None: several, told apart by `held_out`
    samples: Sequence[Sample]
    held_out: Mapping[Sample, Split] = field(default_factory=dict)  # those kept for validation or a test

    def split_of(self, sample: Sample) -> Split:
        """Return the part a patch of the tree belongs to."""
        return self.held_out.get(sample, TRAIN)

    def has_all(self, kind: str) -> bool:
        """Return whether every patch has a file of a kind."""
        return all(kind in sample.kinds for sample in self.samples)


@dataclass(slots=True)
class Work:
    """What writing a layout needs, and what becomes of it."""

    dataset: Path  # the dataset's output folder
    output: Output
    png_compression: str
    pool: ThreadPoolExecutor
    on_done: Callable[[], None]
    # Where files stand that were moved by hand: the folder instead of their format's.
    moved: dict[Sample, str] = field(default_factory=dict)
    damaged: dict[Sample, str] = field(default_factory=dict)

    def source(self, sample: Sample, kind: str) -> Path:
        """Return where a file of the dataset stands."""
        place = self.dataset / sample.path(kind)
        folder = self.moved.get(sample)
        if folder is None or place.exists():
            return place
        return place.parent.parent.parent / folder / KIND_FOLDERS[kind] / place.name

    def content(self, sample: Sample, kind: str) -> bytes:
        """Return the bytes of a file. Raises DamagedError."""
        try:
            return self.source(sample, kind).read_bytes()
        except FileNotFoundError as error:
            message = f"missing: {sample.path(kind)}"
            raise DamagedError(message) from error

    def length(self, sample: Sample, kind: str) -> int:
        """Return the size of a file in bytes. Raises DamagedError."""
        try:
            return self.source(sample, kind).stat().st_size
        except FileNotFoundError as error:
            message = f"missing: {sample.path(kind)}"
            raise DamagedError(message) from error

    def tiles(self, sample: Sample, kind: str) -> list[Image]:
        """Return the tiles of a stack, in the order of time. Raises DamagedError."""
        stack = cv2.imdecode(np.frombuffer(self.content(sample, kind), np.uint8), cv2.IMREAD_COLOR)
        count = STACKED[kind]
        if stack is None or stack.shape[0] % count:
            message = f"damaged: {sample.path(kind)}"
            raise DamagedError(message)
        return [tile.astype(np.uint8, copy=False) for tile in np.split(stack, count)]

    def png(self, image: Image) -> bytes:
        """Encode as the run did."""
        return encode_png(image, self.png_compression)

    def link(self, sample: Sample, kind: str, path: str) -> None:
        """Put a whole file of the dataset into the export. Raises DamagedError."""
        try:
            self.output.link(self.source(sample, kind), path)
        except FileNotFoundError as error:
            message = f"missing: {sample.path(kind)}"
            raise DamagedError(message) from error

    def write_tiles(self, sample: Sample, kind: str, paths: Sequence[str]) -> None:
        """Write each tile of a stack to its path. Raises DamagedError.

        The middle tile of a stack of ground truth is GT, which is there as a whole file.
        """
        if all(map(self.output.stands, paths)):
            return
        middle = len(paths) // 2
        for place, (tile, path) in enumerate(zip(self.tiles(sample, kind), paths, strict=True)):
            if kind == "gt7" and place == middle:
                self.link(sample, "gt", path)
            else:
                self.output.write(path, self.png(tile))

    def each(self, items: Sequence[Named], do: Callable[[Sample, str], object]) -> list[Named]:
        """Do something for each patch, several at a time; return those it was done for, in order."""
        return [item for item, _ in self.mapped(items, do)]

    def mapped(
        self, items: Sequence[Named], do: Callable[[Sample, str], Result]
    ) -> Iterator[tuple[Named, Result]]:
        """Yield what is done for each patch, in order; the damaged ones are kept apart."""

        def attempt(item: Named) -> Result | DamagedError:
            try:
                return do(*item)
            except DamagedError as error:
                return error

        waiting = iter(items)
        while batch := list(islice(waiting, BATCH)):
            for item, result in zip(batch, self.pool.map(attempt, batch), strict=True):
                self.on_done()
                if isinstance(result, DamagedError):
                    self.damaged[item[0]] = str(result)
                else:
                    yield item, result


def numbered(samples: Sequence[Sample]) -> list[Named]:
    """Give each patch a place like `00001/0001`."""
    return [
        (sample, f"{1 + place // SEQUENCES:05d}/{1 + place % SEQUENCES:04d}")
        for place, sample in enumerate(samples)
    ]


def shape(size: Size) -> str:
    """`(540,540,3)`: height, width, channels, without a blank, at which loaders cut."""
    return f"({size.height},{size.width},3)"


def spaced_shape(size: Size) -> str:
    """`(540, 540, 3)`."""
    return f"({size.height}, {size.width}, 3)"


def gt_size(sample: Sample) -> Size:
    """Return the size of a patch's GT."""
    return Size(sample.width, sample.height)
