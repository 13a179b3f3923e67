"""Measures a clip by its decoded luma plane, as means of 8x8 blocks scaled to 0..255.

Luma is measured before colour conversion and crop, so the measures are the same for both ways of reading.
Arrays have the shape (frames, height, width).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.decoding.planes import bit_depth

if TYPE_CHECKING:
    from tui_gen.media.film_facts import ColourFacts

BLOCK = 8
BLANK_DEVIATION = 1.0
BLANK_PIXEL_DEVIATION = 12.0
"""A blank picture has block means that deviate by less than 1, and pixels that deviate by less than 12: grain
and noise, and no texture finer than a block."""
REPEAT_DIFFERENCE = 0.4
REPEAT_STEP = 4
REPEAT_STEPS_SHARE = 0.001
"""A frame repeats the frame before it if luma differs by less than 0.4 in the mean, and if the 99.9th
percentile of the differences (the smallest value that 99.9 % of the pixels do not exceed) is less than 4."""
_SURELY_DIFFERENT = 0.5  # block means never differ by more than the pixels
_BAND_ROWS = 64
_ROWS_AT_ONCE = 32

Luma = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class LumaPlane:
    """The filter with which ffmpeg extracts a film's luma, and the format of its samples."""

    filter: str
    bit_depth: int

    @property
    def dtype(self) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
        """The type of one sample."""
        return np.dtype(np.uint8) if self.bit_depth <= 8 else np.dtype("<u2")  # noqa: PLR2004 - bits of a byte


def luma_plane(colour: ColourFacts) -> LumaPlane:
    """Return the way to extract luma; a picture without a luma plane (RGB, palette) is converted."""
    name = colour.pixel_format
    if name.startswith("yuv"):
        return LumaPlane("extractplanes=y", bit_depth(name))
    if name.startswith("gray"):
        return LumaPlane("null", bit_depth(name))
    return LumaPlane("format=gray", 8)


@dataclass(frozen=True, slots=True)
class ClipMeasures:
    """The measures of a clip. A difference is the mean absolute difference of block means, 0..255."""

    scene_difference: float  # of the first frame and the last frame
    pair_differences: tuple[float, ...]  # of neighbouring frames
    is_blank: bool
    luma_change: float  # of the mean, from the first frame to the last; negative if it gets darker


def block_means(frames: Luma, *, depth: int) -> NDArray[np.float64]:
    """Return the means of whole 8x8 blocks, (frames, rows, columns), scaled to 0..255.

    `frames` are (frames, height, width) of `depth` bits. A picture smaller than a block is one block.
    """
    count, height, width = frames.shape
    tall, wide = min(BLOCK, height), min(BLOCK, width)
    rows, columns = height // tall, width // wide
    whole = frames[:, : rows * tall, : columns * wide].reshape(count, rows, tall, columns * wide)
    sums = np.empty((count, rows, columns), np.uint32)
    for frame in range(count):
        _add_up(whole[frame], sums[frame], wide=wide, depth=depth)
    means: NDArray[np.float64] = sums / (tall * wide * 2.0 ** (depth - 8))
    return means


def _add_up(blocks: Luma, sums: NDArray[np.uint32], *, wide: int, depth: int) -> None:
    """Add up the samples of blocks, (rows, lines of a block, width), into sums, (rows, columns)."""
    rows, tall, width = blocks.shape
    # Eight samples of up to 13 bits fit into 16 bits; wider sums take twice the time.
    wide_enough = np.uint16 if depth <= 13 else np.uint32  # noqa: PLR2004 - 16 bits less those of eight
    memory = np.empty((min(rows, _ROWS_AT_ONCE), width), wide_enough)
    # Rows whose sums stay in the cache. Vertically first, and then sample by sample of all blocks: numpy adds
    # long lines several times faster than eight neighbours.
    for top in range(0, rows, _ROWS_AT_ONCE):
        band, found = blocks[top : top + _ROWS_AT_ONCE], sums[top : top + _ROWS_AT_ONCE]
        down = memory[: len(band)]
        np.copyto(down, band[:, 0])
        for line in range(1, tall):
            np.add(down, band[:, line], out=down)
        across = down.reshape(len(band), -1, wide)
        np.copyto(found, across[..., 0])
        for column in range(1, wide):
            np.add(found, across[..., column], out=found)


@dataclass(slots=True)
class ClipMeter:
    """Measures a clip frame by frame; keeps one frame at most, if repeats are measured."""

    middle: int  # the position of the middle frame
    depth: int
    wants_repeats: bool = False
    is_blank: bool = False  # the middle frame
    repeated: list[bool] = field(default_factory=list)  # for each frame but the first
    _differences: list[float] = field(default_factory=list)
    _first: NDArray[np.float64] | None = None  # block means
    _last: NDArray[np.float64] | None = None
    _last_luma: Luma | None = None
    _count: int = 0

    def take(self, luma: Luma) -> None:
        """Process the next frame, (height, width) of `depth` bits; the array may be changed afterwards."""
        means = block_means(luma[np.newaxis], depth=self.depth)[0]
        if self._count == self.middle:
            self.is_blank = is_blank(means, luma, depth=self.depth)
        if self._first is None:
            self._first = means
        if self._last is not None:
            self._differences.append(float(np.abs(means - self._last).mean()))
        if self.wants_repeats:
            self._compare(luma)
        self._last, self._count = means, self._count + 1

    def _compare(self, luma: Luma) -> None:
        last = self._last_luma
        if last is None:
            self._last_luma = luma.copy()
            return
        difference = self._differences[-1]
        self.repeated.append(repeats(last, luma, depth=self.depth, block_difference=difference))
        np.copyto(last, luma)

    def measures(self) -> ClipMeasures:
        """Return the measures of the frames so far. Raises ValueError before the first."""
        if self._first is None or self._last is None:
            message = "no frame was measured"
            raise ValueError(message)
        return ClipMeasures(
            scene_difference=float(np.abs(self._last - self._first).mean()),
            pair_differences=tuple(self._differences),
            is_blank=self.is_blank,
            luma_change=float(self._last.mean() - self._first.mean()),
        )


def is_blank(means: NDArray[np.float64], luma: Luma, *, depth: int) -> bool:
    """Return whether a frame, (height, width), has no content, by its block means and by its pixels."""
    if means.std() >= BLANK_DEVIATION:
        return False
    return bool(luma.std() / 2.0 ** (depth - 8) < BLANK_PIXEL_DEVIATION)


def repeats(before: Luma, after: Luma, *, depth: int, block_difference: float) -> bool:
    """Return whether a frame repeats the frame before it; frames are (height, width), whole blocks only.

    `block_difference` is that of their block means; it usually decides without further cost.
    """
    if block_difference >= _SURELY_DIFFERENT:
        return False
    height, width = before.shape
    rows = height // min(BLOCK, height) * min(BLOCK, height)
    columns = width // min(BLOCK, width) * min(BLOCK, width)
    unit, pixels = 2.0 ** (depth - 8), rows * columns
    total = steps = 0
    # Band by band: the differences stay in the cache, and most frames differ in the first band.
    for top in range(0, rows, _BAND_ROWS):
        band = np.s_[top : min(top + _BAND_ROWS, rows), :columns]
        one, other = before[band], after[band]
        difference = np.maximum(one, other) - np.minimum(one, other)
        total += int(difference.sum(dtype=np.uint64))
        steps += int(np.count_nonzero(difference >= REPEAT_STEP * unit))
        if total >= REPEAT_DIFFERENCE * unit * pixels or steps > REPEAT_STEPS_SHARE * pixels:
            return False
    return True
