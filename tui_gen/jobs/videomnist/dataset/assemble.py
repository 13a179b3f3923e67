"""Writes the HDF5 file from stored videos: compressed chunks are copied, nothing is compressed again.

    chunk_of(key) ──> <name>.part ── close, reopen, all CRCs, 1 % decoded ── fsync, rename ──> <name>

Invariants: equal videos give equal bytes, with equal HDF5 and zlib, however many runs they took. The file
is never open for writing under its own name. Memory: 40 bytes a video and the truth of 1,024 videos.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.h5_layout import H5Layout, content_hash
from tui_gen.jobs.videomnist.dataset.hdf5 import h5py, new_h5
from tui_gen.jobs.videomnist.dataset.output import whole_file, writing
from tui_gen.jobs.videomnist.dataset.stored_video import (
    DIGEST_BYTES,
    Checksums,
    DamagedVideoError,
    StoredVideo,
    checked,
    split_chunks,
    truth_parts,
)
from tui_gen.jobs.videomnist.dataset.video_format import DEFLATE_LEVEL, FIELDS
from tui_gen.jobs.videomnist.model import SPLITS, Split, VideoKey

VIDEOS_PER_SLICE = 1024
"""The truth of as many videos is written, and read, at once."""
DECODED_SHARE = 100
"""One of so many videos is decompressed before the file gets its name."""
_SPOOLED_BYTES = 8 << 20  # of captions in memory; more of them wait in a temporary file


class VideoMissingError(Exception):
    """`chunk_of` has no video for a key that the layout holds."""

    def __init__(self, key: VideoKey) -> None:
        """Keep the key."""
        super().__init__(f"{key.split} video {key.index} of digit {key.digit} is missing")
        self.key = key


@dataclass(frozen=True, slots=True)
class Assembled:
    """A file that was written."""

    path: Path
    content_sha256: str
    size_bytes: int
    videos: Mapping[Split, int]


@dataclass(slots=True)
class _Sums:
    """The checksums of a split's videos, in the order of the file."""

    frames: bytearray = field(default_factory=bytearray)
    pixels: array[int] = field(default_factory=lambda: array("I"))
    truth: array[int] = field(default_factory=lambda: array("I"))

    def add(self, sums: Checksums) -> None:
        self.frames += sums.frames
        self.pixels.append(sums.pixels)
        self.truth.append(sums.truth)

    def digests(self) -> Iterator[bytes]:
        for start in range(0, len(self.frames), DIGEST_BYTES):
            yield bytes(self.frames[start : start + DIGEST_BYTES])

    def of(self, position: int) -> Checksums:
        start = position * DIGEST_BYTES
        digest = bytes(self.frames[start : start + DIGEST_BYTES])
        return Checksums(digest, self.pixels[position], self.truth[position])


def assemble(
    target: Path,
    layout: H5Layout,
    chunk_of: Callable[[VideoKey], StoredVideo | None],
    *,
    on_done: Callable[[], None] = lambda: None,
) -> Assembled:
    """Write the file and check it. `chunk_of` is asked for the videos in the order of the file, once each.

    Tells `on_done` of every video written. Raises VideoMissingError; DamagedVideoError where the file does
    not read back as written; ObstructedError where the output takes nothing; RefusedError without h5py;
    and what `chunk_of` and `on_done` raise. None of them leaves a file or changes the one of before.
    """
    with whole_file(target) as part:
        content, sums = _write(part, layout, chunk_of, on_done)
        _check(part, layout, content, sums)
        size_bytes = part.stat().st_size
    return Assembled(target, content, size_bytes, {split: layout.videos(split) for split in SPLITS})


def _write(
    part: Path,
    layout: H5Layout,
    chunk_of: Callable[[VideoKey], StoredVideo | None],
    on_done: Callable[[], None],
) -> tuple[str, dict[Split, _Sums]]:
    sums = {split: _Sums() for split in SPLITS}
    with new_h5(part) as (h5, file):
        _write_attributes(h5, layout.attributes())
        for split in SPLITS:
            with _SplitWriter(h5, split, layout, part.parent) as writer:
                for key in layout.keys(split):
                    video = chunk_of(key)
                    if video is None:
                        raise VideoMissingError(key)
                    writer.add(key, video)
                    file.raise_error()
                    sums[split].add(video.checksums)
                    on_done()
                writer.finish()
        content = content_hash(digest for split in SPLITS for digest in sums[split].digests())
        _write_attributes(h5, {"content_sha256": content})
    return content, sums


def _write_attributes(h5: Any, attributes: Mapping[str, object]) -> None:  # noqa: ANN401
    for name, value in attributes.items():
        h5.attrs[name] = value


def _check(part: Path, layout: H5Layout, content: str, sums: Mapping[Split, _Sums]) -> None:
    """Compare the file with what was meant to be written. Raises DamagedVideoError."""
    with VideoDataset(part) as written:
        if written.form != layout.form or written.attributes.get("content_sha256") != content:
            message = f"{part}: the format or the attributes do not read back as written"
            raise DamagedVideoError(message)
        for split in SPLITS:
            _check_split(written, layout, split, sums[split])


def _check_split(written: VideoDataset, layout: H5Layout, split: Split, sums: _Sums) -> None:
    labels, starts = written.labels(split), written.first_frames(split)
    if len(labels) != layout.videos(split):
        message = f"{written.path}: {len(labels)} {split} videos, not {layout.videos(split)}"
        raise DamagedVideoError(message)
    for position, (key, video) in enumerate(zip(layout.keys(split), written.stored_all(split), strict=True)):
        expected, found = sums.of(position), video.checksums
        is_as_written = (found.pixels, found.truth) == (expected.pixels, expected.truth)
        if not is_as_written or (labels[position], starts[position]) != (
            key.digit,
            position * layout.form.frames,
        ):
            message = f"{written.path}: {split} video {position} does not read back as written"
            raise DamagedVideoError(message)
        if position % DECODED_SHARE == 0:
            checked(StoredVideo(video.pixels, video.truth, expected), layout.form)


@dataclass(frozen=True, slots=True)
class _Chunked:
    """A dataset of frames: h5py's low-level handle, and the place of a frame but for its number."""

    id: Any
    zeros: tuple[int, ...]


class _SplitWriter:
    """Writes the datasets of one split."""

    def __init__(self, h5: Any, split: Split, layout: H5Layout, folder: Path) -> None:  # noqa: ANN401
        self._h5 = h5
        self._split = split
        self._layout = layout
        self._form = layout.form
        self._videos = layout.videos(split)
        self._data = self._chunked("data", self._form.frame_shape)
        self._masks = self._chunked("masks", self._form.frame_shape[:2]) if self._form.has_masks else None
        self._fields = self._plain_datasets()
        self._labels = array("q")
        self._records: list[bytes] = []
        self._written = 0
        self._captions = _Captions(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._captions.close()

    def add(self, key: VideoKey, video: StoredVideo) -> None:
        """Write the chunks of the next video and keep its truth until a slice is full."""
        first_frame = (self._written + len(self._labels)) * self._form.frames
        parts = truth_parts(video.truth, self._form)
        self._write_chunks(self._data, first_frame, video.pixels)
        if self._masks is not None:
            self._write_chunks(self._masks, first_frame, parts.masks)
        self._labels.append(key.digit)
        if self._form.has_truth:
            self._records.append(parts.record)
        if self._form.has_captions:
            self._captions.add(parts.caption)
        if len(self._labels) == VIDEOS_PER_SLICE:
            self._write_slice()

    def finish(self) -> None:
        """Write the last slice, the captions and the places that hold no video."""
        if self._labels:
            self._write_slice()
        if self._form.has_captions:
            self._write_captions()
        if left_out := self._layout.places_left_out(self._split):
            self._plain("left_out", (len(left_out),), "<i8")[:] = left_out

    def _chunked(self, name: str, frame_shape: tuple[int, ...]) -> _Chunked:
        is_compressed = self._form.is_compressed
        made = self._h5.create_dataset(
            f"{self._split}_{name}",
            (self._videos * self._form.frames, *frame_shape),
            dtype="u1",
            chunks=(self._form.frames_per_chunk, *frame_shape),
            compression="gzip" if is_compressed else None,
            compression_opts=DEFLATE_LEVEL if is_compressed else None,
            track_times=False,
        )
        return _Chunked(made.id, (0,) * len(frame_shape))

    def _plain(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:  # noqa: ANN401
        return self._h5.create_dataset(f"{self._split}_{name}", shape, dtype=dtype, track_times=False)

    def _plain_datasets(self) -> dict[str, Any]:
        made = {name: self._plain(name, (self._videos,), "<i8") for name in ("idx", "labels")}
        for each in FIELDS if self._form.has_truth else ():
            first, *rest = self._form.shape_of(each)
            is_by_frame = each.is_per_frame
            shape = (self._videos * first, *rest) if is_by_frame else (self._videos, first, *rest)
            made[each.name] = self._plain(each.name, shape, each.dtype)
        return made

    def _write_chunks(self, dataset: _Chunked, first_frame: int, joined: bytes) -> None:
        for chunk in split_chunks(joined, self._form.chunks_per_video):
            dataset.id.write_direct_chunk((first_frame, *dataset.zeros), chunk)
            first_frame += self._form.frames_per_chunk

    def _write_slice(self) -> None:
        start, stop = self._written, self._written + len(self._labels)
        frames = self._form.frames
        self._fields["idx"][start:stop] = np.arange(start, stop, dtype=np.int64) * frames
        self._fields["labels"][start:stop] = np.array(self._labels, np.int64)
        if self._form.has_truth:
            records = np.frombuffer(b"".join(self._records), self._form.truth_dtype)
            for each in FIELDS:
                rows = slice(start * frames, stop * frames) if each.is_per_frame else slice(start, stop)
                values = records[each.name]
                if each.is_per_frame:
                    values = values.reshape(-1, *values.shape[2:])
                self._fields[each.name][rows] = values
        self._records.clear()
        del self._labels[:]
        self._written = stop

    def _write_captions(self) -> None:
        dtype = h5py().string_dtype("utf-8", max(1, self._captions.longest))
        dataset = self._plain("captions", (self._videos,), dtype)
        captions, start = iter(self._captions), 0
        while part := list(islice(captions, VIDEOS_PER_SLICE)):
            dataset[start : start + len(part)] = np.array(part, dtype)
            start += len(part)


class _Captions:
    """Captions until the longest is known: the length of the dataset's strings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with writing(folder):
            self._lines: IO[bytes] = tempfile.SpooledTemporaryFile(_SPOOLED_BYTES, dir=str(folder))  # noqa: SIM115
        self.longest = 0

    def close(self) -> None:
        self._lines.close()

    def add(self, caption: bytes) -> None:
        """Keep a caption, which has no line break. Raises ObstructedError."""
        self.longest = max(self.longest, len(caption))
        with writing(self._folder):
            self._lines.write(caption + b"\n")

    def __iter__(self) -> Iterator[bytes]:
        self._lines.seek(0)
        for line in self._lines:
            yield line[:-1]
