"""The tree of patches that every layout writes: one category, format and part; and access to its files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from tui_gen.jobs.superres.dataset.export.files import DatasetFiles, missing
from tui_gen.jobs.superres.dataset.export.output import Output
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.stacks import DamagedError, Kinds, stack_of
from tui_gen.jobs.superres.dataset.split import TRAIN, Split
from tui_gen.jobs.superres.extraction.patches import Image
from tui_gen.jobs.superres.extraction.picture_form import PictureForm
from tui_gen.media.geometry import Size

BATCH = 32
"""The number of patches in memory at a time: those of the largest format have about 10 MB each."""
DECODED = 8
"""The number of decoded files in memory: neighbouring sub-patches are of the same files."""
SEQUENCES = 1000
"""The number of sequences in a folder of a layout that numbers them."""


Result = TypeVar("Result")
Named = tuple[Sample, str]
"""A patch and its name in the layout."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Patches of one category, format and part, in order; or of all categories and formats."""

    folder: str  # relative to the export
    category: str  # empty: of all
    format: str  # empty: of all
    split: Split | None  # None: several parts; `held_out` has those of validation and test
    samples: Sequence[Sample]
    held_out: Mapping[Sample, Split] = field(default_factory=dict)  # the validation and test patches

    @property
    def group(self) -> str:
        """The folder that holds the trees of all parts, relative to the export; empty: the export itself."""
        return f"{self.category}/{self.format}" if self.category else ""

    def split_of(self, sample: Sample) -> Split:
        """Return the part of a patch of the tree."""
        return self.held_out.get(sample, TRAIN)

    def is_of(self, sample: Sample) -> bool:
        """Return whether a patch has the category and the format of the tree."""
        return not self.category or (sample.category, sample.format) == (self.category, self.format)

    def has_all(self, kind: str | None) -> bool:
        """Return whether every patch has a file of a kind; of None, no patch has."""
        return kind is not None and all(kind in sample.kinds for sample in self.samples)


def decoded_picture(path: Path) -> Image | None:
    """Return the picture of a file, (height, width, 3), or None if it does not decode. Raises OSError."""
    content = np.frombuffer(path.read_bytes(), np.uint8)
    decoded = cv2.imdecode(content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    return None if decoded is None else np.asarray(decoded)


def _remembering() -> Callable[[Path], Image | None]:
    return lru_cache(maxsize=DECODED)(decoded_picture)


@dataclass(slots=True)
class Work:
    """The input of a layout's writer, and the patches that it could not write."""

    files: DatasetFiles
    output: Output
    kinds: Kinds
    form: PictureForm  # of all pictures of the export
    pool: ThreadPoolExecutor
    on_done: Callable[[], None]
    damaged: dict[Sample, str] = field(default_factory=dict)
    _decode: Callable[[Path], Image | None] = field(default_factory=_remembering)

    @property
    def suffix(self) -> str:
        """The end of the names of the export's pictures: ".png" or ".webp"."""
        return self.form.suffix

    def is_taken(self, sample: Sample) -> bool:
        """Return whether the export has the files of a sample as they are, neither cropped nor converted."""
        return sample.crop is None and sample.suffix == self.suffix

    def content(self, sample: Sample, kind: str) -> bytes:
        """Return the bytes of a whole file, encoded again if it is not taken. Raises DamagedError."""
        if self.is_taken(sample):
            return self.files.content(sample, kind)
        return self.encoded(np.concatenate(self.tiles(sample, kind)))

    def length(self, sample: Sample, kind: str) -> int:
        """Return the size of a file in bytes; an estimate if it is encoded again. Raises DamagedError."""
        length = self.files.length(sample, kind)
        if sample.crop is None:
            return length
        share = sample.crop.width * sample.crop.height / (sample.width * sample.height)
        return math.ceil(length * share)

    def tiles(self, sample: Sample, kind: str) -> list[Image]:
        """Return the frames of a stack in the order of time, each (height, width, 3). Raises DamagedError."""
        decode = self._decode if sample.crop else decoded_picture
        try:
            whole = decode(self.files.path(sample, kind))
        except FileNotFoundError as error:
            raise missing(sample, kind) from error
        expected = self.kinds.stacks[kind]
        if whole is None or stack_of(sample, kind, _size(whole)) != expected:
            message = f"damaged: {sample.path(kind)}"
            raise DamagedError(message)
        tiles = np.split(whole, expected.frames)
        if sample.crop is None:
            return tiles
        left, top, width, height = (
            value // expected.ratio
            for value in (sample.crop.x, sample.crop.y, sample.crop.width, sample.crop.height)
        )
        return [np.ascontiguousarray(tile[top : top + height, left : left + width]) for tile in tiles]

    def encoded(self, image: Image) -> bytes:
        """Encode a picture as a run does."""
        return self.form.encode(image)

    def link(self, sample: Sample, kind: str, path: str) -> None:
        """Link a complete file into the export, or encode it anew if it is not taken. Raises DamagedError."""
        if not self.is_taken(sample):
            if not self.output.stands(path):
                self.output.write(path, self.content(sample, kind))
            return
        try:
            self.output.link(self.files.path(sample, kind), path)
        except FileNotFoundError as error:
            raise missing(sample, kind) from error

    def write_tiles(self, sample: Sample, kind: str, paths: Mapping[int, str]) -> None:
        """Write frames of a stack: position -> path. Raises DamagedError.

        The middle frame of a ground-truth stack is GT, so its whole file is linked.
        """
        if all(map(self.output.stands, paths.values())):
            return
        tiles = self.tiles(sample, kind)
        for place, path in paths.items():
            if kind == self.kinds.truths and place == self.kinds.stacks[kind].middle:
                self.link(sample, "gt", path)
            else:
                self.output.write(path, self.encoded(tiles[place]))

    def each(self, items: Sequence[Named], do: Callable[[Sample, str], object]) -> list[Named]:
        """Call `do` for each patch, several in parallel; return the patches that succeeded, in order."""
        return [item for item, _ in self.mapped(items, do)]

    def mapped(
        self, items: Sequence[Named], do: Callable[[Sample, str], Result], *, is_counted: bool = True
    ) -> Iterator[tuple[Named, Result]]:
        """Yield the result of each patch, in order; patches with damaged files are collected in `damaged`.

        `is_counted`: whether the patches count as done, for the progress.
        """

        def attempt(item: Named) -> Result | DamagedError:
            try:
                return do(*item)
            except DamagedError as error:
                return error

        waiting = iter(items)
        while batch := list(islice(waiting, BATCH)):
            for item, result in zip(batch, self.pool.map(attempt, batch), strict=True):
                if is_counted:
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
    """Return the size of the GT of a patch, or of a sub-patch."""
    return sample.crop.size if sample.crop else Size(sample.width, sample.height)


def _size(image: Image) -> Size:
    height, width = image.shape[:2]
    return Size(width, height)
