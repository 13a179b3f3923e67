"""Shards: the rendered videos of one unit in one file, until the HDF5 file holds them.

    TGVMNST1 | recipe, 16 bytes | record | record | ...
    record = VID1 | index | length of pixels | length of truth | CRC-32 of pixels | CRC-32 of truth
             | BLAKE2b, 16 bytes | pixels | truth                  (numbers: u32, little-endian)

Invariant: a shard under its own name is whole. If it is damaged later, what precedes the damage is used.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from tui_gen.jobs.videomnist.dataset.output import PART, whole_file, writing
from tui_gen.jobs.videomnist.dataset.stored_video import DIGEST_BYTES, Checksums, StoredVideo
from tui_gen.jobs.videomnist.model import VideoKey

MAGIC = b"TGVMNST1"
RECIPE_BYTES = 16
_HEADER_BYTES = len(MAGIC) + RECIPE_BYTES
_RECORD_MAGIC = b"VID1"
_RECORD = struct.Struct(f"<4sIIIII{DIGEST_BYTES}s")
_NAME = re.compile(r"(?P<source>(?:train|test)-[0-9])\.(?P<first>\d+)-(?P<last>\d+)\.[0-9a-f]{8}")


class _Record(NamedTuple):
    """The header of a record and where its pixels begin."""

    video: int  # its index
    pixels_length: int
    truth_length: int
    pixels_crc: int
    truth_crc: int
    digest: bytes
    start: int


def shard_name(source: str, indexes: Sequence[int]) -> str:
    """Return the name of the shard with these videos of a source ("train-3"), in ascending order."""
    digest = hashlib.sha256(",".join(map(str, indexes)).encode()).hexdigest()[:8]
    return f"{source}.{indexes[0]}-{indexes[-1]}.{digest}"


@dataclass(frozen=True, slots=True)
class ShardWriter:
    """Writes the records of one shard."""

    path: Path
    file: BinaryIO

    def add(self, index: int, video: StoredVideo) -> None:
        """Append a video. Raises ObstructedError."""
        sums = video.checksums
        header = _RECORD.pack(
            _RECORD_MAGIC, index, len(video.pixels), len(video.truth), sums.pixels, sums.truth, sums.frames
        )
        with writing(self.path):
            self.file.write(b"".join((header, video.pixels, video.truth)))


@contextmanager
def writing_shard(path: Path, recipe: bytes, *, token: str = "") -> Iterator[ShardWriter]:
    """Write a shard: it gets its name at the end of the block, and none if the block raises.

    `recipe` is 16 bytes and tells what the videos were rendered with. Raises ObstructedError, OSError.
    """
    if len(recipe) != RECIPE_BYTES:
        message = f"a recipe's hash has {RECIPE_BYTES} bytes, not {len(recipe)}"
        raise ValueError(message)
    with whole_file(path, token=token) as part:
        with writing(path):
            file = part.open("wb")
        try:
            with writing(path):
                file.write(MAGIC + recipe)
            yield ShardWriter(path, file)
        finally:
            with writing(path):
                file.close()


def read_shard(path: Path, recipe: bytes) -> Iterator[tuple[int, StoredVideo]]:
    """Yield the videos of a shard with their indexes; a damaged record ends the shard.

    A file of another recipe yields nothing. Raises OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        for record in _records(file, recipe):
            video = _read(file, record)
            if video is None:
                return
            yield record.video, video


def indexes_in(path: Path, recipe: bytes) -> list[int]:
    """Return the indexes of a shard's videos without reading the videos: they may be damaged.

    A file of another recipe has none. Raises OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        return [record.video for record in _records(file, recipe)]


def shards_in(folder: Path) -> Iterator[Path]:
    """Yield the shards of a folder, without temporary files. Raises OSError; a missing folder has none."""
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if _NAME.fullmatch(path.name))


def unfinished_in(folder: Path) -> Iterator[Path]:
    """Yield what killed processes left in a folder of shards. Raises OSError."""
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.name.endswith(PART))


@dataclass(slots=True)
class _OpenShard:
    """A shard whose records are found; the bytes of a video are read when they are needed."""

    file: BinaryIO
    records: dict[int, _Record]

    def find(self, index: int) -> StoredVideo | None:
        record = self.records.get(index)
        if record is None:
            return None
        video = _read(self.file, record)
        if video is None:  # what follows the damage is not trusted
            self.records = {key: each for key, each in self.records.items() if each.start < record.start}
        return video


@dataclass(slots=True)
class _Source:
    """The shards of one source: those still to come and those open, in the order of their first index."""

    waiting: list[tuple[int, int, Path]]  # descending: the next one is the last
    open: list[tuple[int, _OpenShard]] = field(default_factory=list)  # with the last index


class Shards:
    """Finds videos in the shards of a folder; quickly if a source's indexes are asked in ascending order.

    Holds one or a few shards of a source open, and of these the places of their videos: memory does not
    grow with the number of videos. Close when done, or use in a `with`.
    """

    def __init__(self, folder: Path, recipe: bytes) -> None:
        """List the folder. Raises OSError."""
        self._folder = folder
        self._recipe = recipe
        self._sources: dict[str, _Source] = {}
        self._last_asked: dict[str, int] = defaultdict(lambda: -1)
        self._found = shards_by_source(shards_in(folder))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the open shards."""
        self.close()

    def close(self) -> None:
        """Close the open shards."""
        for source in self._sources.values():
            _close(source.open)
        self._sources.clear()

    def find(self, key: VideoKey) -> StoredVideo | None:
        """Return a video, or None where no whole record of it is found. Raises OSError."""
        name = f"{key.split}-{key.digit}"
        source = self._at(name, key.index)
        found = (shard.find(key.index) for _, shard in source.open)
        return next((video for video in found if video is not None), None)

    def _at(self, name: str, index: int) -> _Source:
        if index < self._last_asked[name] and name in self._sources:
            _close(self._sources.pop(name).open)
        self._last_asked[name] = index
        source = self._sources.setdefault(name, _Source(sorted(self._found.get(name, ()), reverse=True)))
        _close([each for each in source.open if each[0] < index])
        source.open = [each for each in source.open if each[0] >= index]
        while source.waiting and source.waiting[-1][0] <= index:
            _, last, path = source.waiting.pop()
            if last >= index:
                source.open += [(last, shard) for shard in self._opened(path)]
        return source

    def _opened(self, path: Path) -> Iterable[_OpenShard]:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return ()
        return (_OpenShard(file, {record.video: record for record in _records(file, self._recipe)}),)


def _close(shards: Iterable[tuple[int, _OpenShard]]) -> None:
    for _, shard in shards:
        shard.file.close()


def shards_by_source(paths: Iterable[Path]) -> dict[str, list[tuple[int, int, Path]]]:
    """Return shards with their first and last index, by source."""
    found = defaultdict[str, list[tuple[int, int, Path]]](list)
    for path in paths:
        if match := _NAME.fullmatch(path.name):
            found[match["source"]].append((int(match["first"]), int(match["last"]), path))
    return found


def _records(file: BinaryIO, recipe: bytes) -> Iterator[_Record]:
    """Yield the records whose bytes are all there; the bytes themselves are not checked."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    if file.read(_HEADER_BYTES) != MAGIC + recipe:
        return
    place = _HEADER_BYTES
    while place + _RECORD.size <= size:
        file.seek(place)
        magic, *values = _RECORD.unpack(file.read(_RECORD.size))
        record = _Record._make((*values, place + _RECORD.size))
        place = record.start + record.pixels_length + record.truth_length
        if magic != _RECORD_MAGIC or place > size:
            return
        yield record


def _read(file: BinaryIO, record: _Record) -> StoredVideo | None:
    """Return the video of a record, or None where its bytes are damaged."""
    file.seek(record.start)
    pixels, truth = file.read(record.pixels_length), file.read(record.truth_length)
    if zlib.crc32(pixels) != record.pixels_crc or zlib.crc32(truth) != record.truth_crc:
        return None
    return StoredVideo(pixels, truth, Checksums(record.digest, record.pixels_crc, record.truth_crc))
