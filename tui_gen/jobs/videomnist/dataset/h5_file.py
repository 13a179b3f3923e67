"""Reads the HDF5 file: attributes, frames, truth, and the stored bytes with their checksums."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.dataset.hdf5 import h5py
from tui_gen.jobs.videomnist.dataset.stored_video import (
    Checksums,
    DamagedVideoError,
    StoredVideo,
    Truth,
    TruthParts,
    checked,
    digest_of,
    grey_frames,
    join_chunks,
    masks_of,
    truth_of,
)
from tui_gen.jobs.videomnist.dataset.video_format import FIELDS, Channels, VideoFormat
from tui_gen.jobs.videomnist.model import SPLITS, Split, VideoKey

_VIDEOS_READ = 1024
_VIDEOS_NEAR = 256


class DamagedFileError(Exception):
    """A file is no HDF5 file of this job, or its structure is damaged."""


@dataclass(frozen=True, slots=True)
class _TruthBlock:
    """The truth of some videos of a split, empty where the file has none."""

    split: Split
    start: int
    stop: int
    records: NDArray[np.void]
    captions: list[bytes]


class VideoDataset:
    """An open file; it is opened for reading only. `k` counts the videos of a split from 0.

    Videos that are asked for in the order of the file, or of a class, are read fastest.
    Methods that read videos raise DamagedVideoError where the bytes cannot be read or decoded.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises FileNotFoundError, DamagedFileError, and RefusedError without h5py."""
        self.path = path
        self._block: _TruthBlock | None = None
        self._chunked: dict[str, tuple[Any, tuple[int, ...]]] = {}  # h5py's handle, place but the frame
        self._numbers: dict[tuple[str, Split], NDArray[np.int64]] = {}
        package = h5py()
        if not path.exists():
            raise FileNotFoundError(path)
        try:
            self._h5 = package.File(os.fspath(path), "r", locking=False)
            self.attributes: dict[str, Any] = dict(self._h5.attrs)
            self._videos = {split: len(self._h5[f"{split}_idx"]) for split in SPLITS}
            self.form = self._form()
            self._left_out = {split: self._places_left_out(split) for split in SPLITS}
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            message = f"{path} is no whole HDF5 file of moving digits: {error}"
            raise DamagedFileError(message) from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._h5.close()

    def videos(self, split: Split) -> int:
        """Return how many videos a split has."""
        return self._videos[split]

    def position(self, key: VideoKey) -> int | None:
        """Return where a video stands in its split, or None where the file does not hold it."""
        left_out = self._left_out[key.split]
        before = int(np.searchsorted(left_out, key.place))
        is_left_out = before < len(left_out) and left_out[before] == key.place
        position = key.place - before
        return position if not is_left_out and position < self._videos[key.split] else None

    def labels(self, split: Split) -> NDArray[np.int64]:
        """Return the classes of a split's videos [B]."""
        return self._array(f"{split}_labels", slice(None))

    def first_frames(self, split: Split) -> NDArray[np.int64]:
        """Return the first frame of each video of a split [B]."""
        return self._array(f"{split}_idx", slice(None))

    def field(self, split: Split, name: str, start: int, stop: int) -> NDArray[Any]:
        """Return a field of the truth for the videos `start` to `stop`: [n, ...], n of them."""
        each = next(one for one in FIELDS if one.name == name)
        frames = self.form.frames if each.is_per_frame else 1
        values = self._array(f"{split}_{name}", slice(start * frames, stop * frames))
        return values.reshape(stop - start, *self.form.shape_of(each))

    def frames(self, split: Split, k: int) -> NDArray[np.uint8]:
        """Return the grey frames [F, S, S] of a video."""
        return grey_frames(self._chunks(f"{split}_data", k), self.form)

    def truth(self, split: Split, k: int) -> Truth | None:
        """Return the truth of a video, or None where the file has none."""
        if not self.form.has_truth:
            return None
        block = self._block_with(split, k)
        return truth_of(block.records[k - block.start])

    def caption(self, split: Split, k: int) -> str | None:
        """Return the caption of a video, or None where the file has none."""
        if not self.form.has_captions:
            return None
        block = self._block_with(split, k)
        return str(block.captions[k - block.start], "utf-8")

    def masks(self, split: Split, k: int) -> NDArray[np.uint8] | None:
        """Return the masks [F, S, S] of a video, or None where the file has none."""
        if not self.form.has_masks:
            return None
        return masks_of(self._chunks(f"{split}_masks", k), self.form)

    def stored(self, split: Split, k: int, expected: Checksums | None = None) -> StoredVideo:
        """Return the bytes of a video for another file.

        With `expected`, as recorded when the video was made, the CRCs are compared and nothing is decoded.
        Without, the pixels are decoded for their hash; the truth is then taken as it is.
        Raises DamagedVideoError where they are not as expected or do not decode.
        """
        pixels = self._chunks(f"{split}_data", k)
        truth = self._packed(self._block_with(split, k), k)
        found = (zlib.crc32(pixels), zlib.crc32(truth))
        if expected is None:
            return StoredVideo(pixels, truth, Checksums(digest_of(grey_frames(pixels, self.form)), *found))
        if found != (expected.pixels, expected.truth):
            message = f"{split} video {k} of {self.path} is not what was written"
            raise DamagedVideoError(message)
        return StoredVideo(pixels, truth, expected)

    def stored_all(self, split: Split) -> Iterator[StoredVideo]:
        """Yield the bytes of all videos with their CRCs; nothing is decoded, `checksums.frames` is empty."""
        for start in range(0, self._videos[split], _VIDEOS_READ):
            block = self._read_block(split, start, start + _VIDEOS_READ)
            for k in range(block.start, block.stop):
                truth, pixels = self._packed(block, k), self._chunks(f"{split}_data", k)
                yield StoredVideo(pixels, truth, Checksums(b"", zlib.crc32(pixels), zlib.crc32(truth)))

    def fault_of(self, key: VideoKey, expected: Checksums) -> str:
        """Decode a video and compare it with what was recorded; return what is wrong, or "".

        A video that the file does not hold is "missing".
        """
        position = self.position(key)
        if position is None:
            return "missing"
        try:
            video = self.stored(key.split, position, expected)
            checked(video, self.form)
            label, first = (self._number(name, key.split, position) for name in ("labels", "idx"))
        except DamagedVideoError as error:
            return str(error)
        if label != key.digit or first != position * self.form.frames:
            return "its label or its first frame is not what was written"
        return ""

    # ------------------------------------------------------------------ below

    def _form(self) -> VideoFormat:
        data, first = self._h5["train_data"], SPLITS[0]
        channels: Channels = data.shape[3] if len(data.shape) > 3 else 0  # noqa: PLR2004 - frames, height, width
        has_truth = f"{first}_digits" in self._h5
        return VideoFormat(
            int(self.attributes["frames_per_video"]),
            int(data.shape[1]),
            int(self._h5[f"{first}_digits"].shape[1]) if has_truth else 1,
            channels,
            data.compression is not None,
            has_truth,
            f"{first}_captions" in self._h5,
            f"{first}_masks" in self._h5,
        )

    def _places_left_out(self, split: Split) -> NDArray[np.int64]:
        name = f"{split}_left_out"
        return self._array(name, slice(None)) if name in self._h5 else np.zeros(0, np.int64)

    def _array(self, name: str, rows: slice) -> NDArray[Any]:
        with _reading(self.path):
            return np.asarray(self._h5[name][rows])

    def _chunks(self, name: str, k: int) -> bytes:
        with _reading(self.path):
            if name not in self._chunked:
                dataset = self._h5[name]
                self._chunked[name] = (dataset.id, (0,) * (len(dataset.shape) - 1))
            handle, zeros = self._chunked[name]
            first, step = k * self.form.frames, self.form.frames_per_chunk
            places = range(first, first + self.form.frames, step)
            return join_chunks([handle.read_direct_chunk((place, *zeros))[1] for place in places])

    def _read_block(self, split: Split, start: int, stop: int) -> _TruthBlock:
        form, stop = self.form, min(stop, self._videos[split])
        records, captions = np.empty(stop - start if form.has_truth else 0, form.truth_dtype), list[bytes]()
        for each in FIELDS if form.has_truth else ():
            records[each.name] = self.field(split, each.name, start, stop)
        if form.has_captions:
            captions = [bytes(each) for each in self._array(f"{split}_captions", slice(start, stop))]
        return _TruthBlock(split, start, stop, records, captions)

    def _block_with(self, split: Split, k: int) -> _TruthBlock:
        """Return the truth of a video and of those near it, which are often asked for next."""
        block = self._block
        if block is None or block.split != split or not block.start <= k < block.stop:
            start = k - k % _VIDEOS_NEAR
            block = self._block = self._read_block(split, start, start + _VIDEOS_NEAR)
        return block

    def _packed(self, block: _TruthBlock, k: int) -> bytes:
        """Return the packed truth of a video, as a shard's record has it."""
        record = block.records[k - block.start].tobytes() if self.form.has_truth else b""
        masks = self._chunks(f"{block.split}_masks", k) if self.form.has_masks else b""
        caption = block.captions[k - block.start] if self.form.has_captions else b""
        return TruthParts(record, masks, caption).joined(self.form)

    def _number(self, name: str, split: Split, k: int) -> int:
        if (name, split) not in self._numbers:
            self._numbers[name, split] = self._array(f"{split}_{name}", slice(None))
        return int(self._numbers[name, split][k])


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Translate the errors of HDF5 to DamagedVideoError."""
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        message = f"{path}: {error}"
        raise DamagedVideoError(message) from error
