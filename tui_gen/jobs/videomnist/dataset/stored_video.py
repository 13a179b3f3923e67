"""A video as shards and the HDF5 file hold it: compressed chunks, packed truth and their checksums.

truth = record of FIELDS | u32 length of the masks, the masks' chunks | caption, UTF-8
        (each part only if the format has it)
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.dataset.video_format import DEFLATE_LEVEL, FIELDS, VideoFormat
from tui_gen.jobs.videomnist.model import RenderedVideo

DIGEST_BYTES = 16
_LENGTH = struct.Struct("<I")


class DamagedVideoError(Exception):
    """The bytes of a video are not what was written; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Checksums:
    """What the bytes of a video are checked against."""

    frames: bytes  # BLAKE2b, 16 bytes, of the grey frames [F, S, S] as raw bytes
    pixels: int  # CRC-32 of `StoredVideo.pixels`, the compressed chunks
    truth: int  # CRC-32 of `StoredVideo.truth`


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """The bytes of one video."""

    pixels: bytes  # the compressed chunk, or several joined by `join_chunks`
    truth: bytes
    checksums: Checksums

    @property
    def size_bytes(self) -> int:
        """How many bytes the video takes in a shard, without the header of its record."""
        return len(self.pixels) + len(self.truth)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is known of a video besides its pixels. Arrays as in RenderedVideo."""

    digits: NDArray[np.int64]  # [D]
    motion: NDArray[np.uint8]  # [D]
    sources: NDArray[np.int32]  # [D]
    positions: NDArray[np.float32]  # [F, D, 2]
    angles: NDArray[np.float32]  # [F, D]
    scales: NDArray[np.float32]  # [F, D]
    boxes: NDArray[np.int16]  # [F, D, 4]
    params: NDArray[np.float32]  # [D, 8]


def store(video: RenderedVideo, form: VideoFormat) -> StoredVideo:
    """Compress a video and pack its truth. Raises ValueError where an array has not the format's shape."""
    frames = _checked("frames", video.frames, (form.frames, form.image_size, form.image_size))
    pixels = _compressed(_with_channels(frames, form), form)
    truth = _packed(video, form)
    return StoredVideo(pixels, truth, Checksums(digest_of(frames), zlib.crc32(pixels), zlib.crc32(truth)))


def digest_of(frames: NDArray[np.uint8]) -> bytes:
    """Return the BLAKE2b hash, 16 bytes, of grey frames [F, S, S]."""
    return hashlib.blake2b(np.ascontiguousarray(frames).data, digest_size=DIGEST_BYTES).digest()


def grey_frames(pixels: bytes, form: VideoFormat) -> NDArray[np.uint8]:
    """Return the grey frames [F, S, S] of the stored pixels. Raises DamagedVideoError."""
    shape = (form.frames, form.image_size, form.image_size, max(1, form.channels))
    found = _decompressed(pixels, form, shape)
    grey = np.ascontiguousarray(found[..., 0])
    for channel in range(1, form.channels):
        if not np.array_equal(found[..., channel], grey):
            message = "the colour channels differ"
            raise DamagedVideoError(message)
    return grey


def checked(video: StoredVideo, form: VideoFormat) -> StoredVideo:
    """Return the video if its pixels and truth are what the checksums say. Raises DamagedVideoError.

    Decompresses the pixels, so both the compressed bytes and the frames are checked.
    """
    if zlib.crc32(video.pixels) != video.checksums.pixels:
        message = "the compressed pixels are not what was written"
        raise DamagedVideoError(message)
    if digest_of(grey_frames(video.pixels, form)) != video.checksums.frames:
        message = "the frames are not what was rendered"
        raise DamagedVideoError(message)
    if zlib.crc32(video.truth) != video.checksums.truth:
        message = "the truth is not what was written"
        raise DamagedVideoError(message)
    return video


def join_chunks(chunks: list[bytes]) -> bytes:
    """Return chunks as one: a single one as it is, several with their lengths (u32) in front."""
    if len(chunks) == 1:
        return chunks[0]
    return struct.pack(f"<{len(chunks)}I", *map(len, chunks)) + b"".join(chunks)


def split_chunks(joined: bytes, count: int) -> list[bytes]:
    """Return what `join_chunks` joined. Raises DamagedVideoError."""
    if count == 1:
        return [joined]
    head = _LENGTH.size * count
    if len(joined) < head:
        message = "chunks without their lengths"
        raise DamagedVideoError(message)
    chunks, start = [], head
    for length in struct.unpack_from(f"<{count}I", joined):
        chunks.append(joined[start : start + length])
        start += length
    if start != len(joined):
        message = "chunks of another length than written"
        raise DamagedVideoError(message)
    return chunks


@dataclass(frozen=True, slots=True)
class TruthParts:
    """The packed truth, divided. A part that the format does not have is empty."""

    record: bytes
    masks: bytes  # joined chunks
    caption: bytes  # UTF-8

    def joined(self, form: VideoFormat) -> bytes:
        """Return the packed truth."""
        masks = (_LENGTH.pack(len(self.masks)), self.masks) if form.has_masks else ()
        return b"".join((self.record, *masks, self.caption))


def truth_parts(truth: bytes, form: VideoFormat) -> TruthParts:
    """Divide the packed truth. Raises DamagedVideoError."""
    start = form.truth_dtype.itemsize
    record, masks = truth[:start], b""
    is_whole = len(record) == start
    if form.has_masks and is_whole:
        is_whole = len(truth) >= start + _LENGTH.size
        if is_whole:
            (length,) = _LENGTH.unpack_from(truth, start)
            start += _LENGTH.size
            masks = truth[start : start + length]
            start += length
            is_whole = len(truth) >= start
    if not is_whole:
        message = "the truth is cut off"
        raise DamagedVideoError(message)
    return TruthParts(record, masks, truth[start:])


def truth_of(record: NDArray[np.void]) -> Truth:
    """Return the truth of one packed record, an array of no dimensions."""
    return Truth(**{field.name: np.asarray(record[field.name]) for field in FIELDS})


def masks_of(masks: bytes, form: VideoFormat) -> NDArray[np.uint8]:
    """Return the masks [F, S, S], bit d for the digit of slot d. Raises DamagedVideoError."""
    return _decompressed(masks, form, (form.frames, form.image_size, form.image_size))


def _with_channels(frames: NDArray[np.uint8], form: VideoFormat) -> NDArray[np.uint8]:
    if form.channels <= 1:
        return frames
    pixels = np.empty((frames.size, form.channels), np.uint8)
    for channel in range(form.channels):  # takes half the time of np.repeat
        pixels[:, channel] = frames.reshape(-1)
    return pixels


def _compressed(values: NDArray[np.uint8], form: VideoFormat) -> bytes:
    parts = np.split(np.ascontiguousarray(values).reshape(-1), form.chunks_per_video)
    chunks = (
        zlib.compress(part.data, DEFLATE_LEVEL) if form.is_compressed else part.tobytes() for part in parts
    )
    return join_chunks(list(chunks))


def _decompressed(joined: bytes, form: VideoFormat, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    chunks = split_chunks(joined, form.chunks_per_video)
    try:
        raw = b"".join(map(zlib.decompress, chunks) if form.is_compressed else chunks)
    except zlib.error as error:
        message = f"a chunk does not decompress: {error}"
        raise DamagedVideoError(message) from error
    if len(raw) != np.prod(shape):
        message = f"{len(raw)} bytes of pixels, not {np.prod(shape)}"
        raise DamagedVideoError(message)
    return np.frombuffer(raw, np.uint8).reshape(shape)


def _packed(video: RenderedVideo, form: VideoFormat) -> bytes:
    masks = b""
    if form.has_masks:
        shape = (form.frames, form.image_size, form.image_size)
        masks = _compressed(_checked("masks", video.masks, shape), form)
    caption = video.caption.encode() if form.has_captions else b""
    return TruthParts(b"".join(_fields(video, form)), masks, caption).joined(form)


def _fields(video: RenderedVideo, form: VideoFormat) -> Iterator[bytes]:
    for field in FIELDS if form.has_truth else ():
        values = _checked(field.name, getattr(video, field.name), form.shape_of(field))
        yield values.astype(field.dtype, copy=False).tobytes()


def _checked(name: str, values: NDArray[Any] | None, shape: tuple[int, ...]) -> NDArray[Any]:
    if values is None or values.shape != shape:
        message = f"{name}: shape {None if values is None else values.shape}, not {shape}"
        raise ValueError(message)
    return values
