"""The tree of patches that every layout writes: one category, format and part; and access to its files."""

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
from tui_gen.jobs.superres.dataset.file_kinds import kind_folder, kind_named
from tui_gen.jobs.superres.dataset.split import TRAIN, Split
from tui_gen.jobs.superres.extraction.patches import Image
from tui_gen.jobs.superres.extraction.png import encode_png
from tui_gen.media.geometry import Size

BATCH = 32
"""The number of patches in memory at a time: those of the largest format have about 10 MB each."""
SEQUENCES = 1000
"""The number of sequences in a folder of a layout that numbers them."""


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
    split: Split | None  # None: several parts; `held_out` has those of validation and test
    samples: Sequence[Sample]
    held_out: Mapping[Sample, Split] = field(default_factory=dict)  # the validation and test patches

    def split_of(self, sample: Sample) -> Split:
        """Return the part of a patch of the tree."""
        return self.held_out.get(sample, TRAIN)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of files that any of the patches has, GT first."""
        return tuple(dict.fromkeys(kind for sample in self.samples for kind in sample.kinds))

    def has_all(self, kind: str) -> bool:
        """Return whether every patch has a file of a kind."""
        return all(kind in sample.kinds for sample in self.samples)


@dataclass(slots=True)
class Work:
    """The input of a layout's writer, and the patches that it could not write."""

    dataset: Path  # the dataset's output folder
    output: Output
    png_compression: str
    colour: bytes | None  # content of the files' cICP chunk
    pool: ThreadPoolExecutor
    on_done: Callable[[], None]
    # Patch -> the format folder that it was moved to by hand.
    moved: dict[Sample, str] = field(default_factory=dict)
    damaged: dict[Sample, str] = field(default_factory=dict)

    def source(self, sample: Sample, kind: str) -> Path:
        """Return the path of a file of the dataset."""
        place = self.dataset / sample.path(kind)
        folder = self.moved.get(sample)
        if folder is None or place.exists():
            return place
        return place.parent.parent.parent / folder / kind_folder(kind) / place.name

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
        """Return the tiles of a stack in the order of time, each (height, width, 3). Raises DamagedError."""
        content = np.frombuffer(self.content(sample, kind), np.uint8)
        stack = cv2.imdecode(content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        count = kind_named(kind).frames
        if stack is None or stack.shape[0] % count:
            message = f"damaged: {sample.path(kind)}"
            raise DamagedError(message)
        return list(np.split(np.asarray(stack), count))

    def png(self, image: Image) -> bytes:
        """Encode as PNG, as the run does."""
        return encode_png(image, self.png_compression, colour=self.colour)

    def link(self, sample: Sample, kind: str, path: str) -> None:
        """Link a complete file of the dataset into the export. Raises DamagedError."""
        try:
            self.output.link(self.source(sample, kind), path)
        except FileNotFoundError as error:
            message = f"missing: {sample.path(kind)}"
            raise DamagedError(message) from error

    def write_tiles(self, sample: Sample, kind: str, paths: Sequence[str]) -> None:
        """Write each tile of a stack to its path. Raises DamagedError.

        The middle tile of a ground-truth stack is GT, so its whole file is linked.
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
        """Call `do` for each patch, several in parallel; return the patches that succeeded, in order."""
        return [item for item, _ in self.mapped(items, do)]

    def mapped(
        self, items: Sequence[Named], do: Callable[[Sample, str], Result]
    ) -> Iterator[tuple[Named, Result]]:
        """Yield the result of each patch, in order; patches with damaged files are collected in `damaged`."""

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
    """Return each patch with a name like `00001/0001`."""
    return [
        (sample, f"{1 + place // SEQUENCES:05d}/{1 + place % SEQUENCES:04d}")
        for place, sample in enumerate(samples)
    ]


def shape(size: Size) -> str:
    """Return `(540,540,3)`: height, width, channels; without spaces, at which loaders split."""
    return f"({size.height},{size.width},3)"


def spaced_shape(size: Size) -> str:
    """Return `(540, 540, 3)`: height, width, channels."""
    return f"({size.height}, {size.width}, 3)"


def gt_size(sample: Sample) -> Size:
    """Return the size of a patch's GT."""
    return Size(sample.width, sample.height)
