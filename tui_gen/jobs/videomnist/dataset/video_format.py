"""What decides the bytes of a video in the file: the shapes of its chunks and the fields of its truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from tui_gen.jobs.videomnist.model import PARAMETERS, VideoSettings

Channels = Literal[0, 1, 3]
LARGEST_CHUNK_BYTES = 64 << 20
"""A chunk is read and decompressed whole; larger ones make memory of readers too large."""
DEFLATE_LEVEL = 1
"""Of zlib. Higher levels cost more time than rendering and save little on frames that are mostly black."""


@dataclass(frozen=True, slots=True)
class Field:
    """One array of the truth, a dataset of its own in the file."""

    name: str
    dtype: str  # numpy's, little-endian
    is_per_frame: bool
    tail: tuple[int, ...] = ()  # dimensions after that of the digits


FIELDS = (
    Field("digits", "<i8", is_per_frame=False),
    Field("motion", "u1", is_per_frame=False),
    Field("sources", "<i4", is_per_frame=False),
    Field("positions", "<f4", is_per_frame=True, tail=(2,)),
    Field("angles", "<f4", is_per_frame=True),
    Field("scales", "<f4", is_per_frame=True),
    Field("boxes", "<i2", is_per_frame=True, tail=(4,)),
    Field("params", "<f4", is_per_frame=False, tail=(PARAMETERS,)),
)
"""The truth in the order of a shard's record. The names are those of RenderedVideo."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """Everything except its content that decides the bytes of a video in a shard and in the file."""

    frames: int  # F
    image_size: int  # S, pixels
    slots: int = 1  # D, the most digits in one video; 1 without truth
    channels: Channels = 3  # 3: [S, S, 3], three equal ones; 1: [S, S, 1]; 0: [S, S]
    is_compressed: bool = True
    has_truth: bool = True
    has_captions: bool = True
    has_masks: bool = False

    @classmethod
    def of(
        cls,
        settings: VideoSettings,
        *,
        channels: Channels = 3,
        is_compressed: bool = True,
        has_truth: bool = True,
        has_captions: bool = True,
    ) -> VideoFormat:
        """Return the format of the videos that these settings render."""
        return cls(
            settings.frames,
            settings.image_size,
            settings.slots if has_truth else 1,
            channels,
            is_compressed,
            has_truth,
            has_captions,
            settings.masks,
        )

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of one frame in the file: [S, S, C], or [S, S] without channels."""
        side = (self.image_size, self.image_size)
        return (*side, self.channels) if self.channels else side

    @property
    def frames_per_chunk(self) -> int:
        """All frames of a video, or as many of them as 64 MiB hold; chunks of a video are of equal length."""
        frame_bytes = self.image_size**2 * max(1, self.channels)
        return _largest_part(self.frames, max(1, LARGEST_CHUNK_BYTES // frame_bytes))

    @property
    def chunks_per_video(self) -> int:
        """How many chunks hold the pixels of a video; its masks have as many."""
        return self.frames // self.frames_per_chunk

    @property
    def truth_dtype(self) -> np.dtype[np.void]:
        """The truth of one video as a packed record, without caption and masks."""
        return _truth_dtype(self)

    def shape_of(self, field: Field) -> tuple[int, ...]:
        """Shape of a field of one video."""
        by_digit = (self.slots, *field.tail)
        return (self.frames, *by_digit) if field.is_per_frame else by_digit


@cache
def _truth_dtype(form: VideoFormat) -> np.dtype[np.void]:
    fields = [(field.name, field.dtype, form.shape_of(field)) for field in FIELDS]
    return np.dtype(fields if form.has_truth else [])


@cache
def _largest_part(frames: int, most: int) -> int:
    """Return the largest divisor of `frames` that is at most `most`."""
    return max(part for part in range(1, min(frames, most) + 1) if frames % part == 0)
