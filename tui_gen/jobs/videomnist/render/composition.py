"""Puts the windows of a video's digits into its frames, and measures each digit where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import VideoSettings

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """The pixels of one digit: a window of each of F frames."""

    pixels: Pixels  # [F, h, w]
    corners: NDArray[np.int64]  # [F, 2], x and y of the window's first pixel in the frame


def compose(settings: VideoSettings, digits: Sequence[Placed]) -> tuple[Pixels, Pixels | None]:
    """Return the frames [F, S, S] and, where wanted, the masks [F, S, S] with a bit for each digit.

    Digits are put in one after the other: a later one is above an earlier one.
    """
    shape = (settings.frames, settings.image_size, settings.image_size)
    frames, masks = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8) if settings.masks else None
    mix = MIXES[settings.compose]
    for slot, digit in enumerate(digits):
        height, width = digit.pixels.shape[1:]
        for number, (x, y) in enumerate(digit.corners.tolist()):
            place = (number, slice(y, y + height), slice(x, x + width))
            drawn = digit.pixels[number]
            frames[place] = drawn if slot == 0 else mix(frames[place], drawn)
            if masks is not None:
                masks[place] |= (drawn > 0).astype(np.uint8) << slot
    return frames, masks


def boxes(digit: Placed) -> NDArray[np.int16]:
    """Return left, top, right and bottom of the pixels above zero, half-open, [F, 4]; 0s where none is."""
    ink = digit.pixels > 0
    found = np.zeros((len(ink), 4), np.int64)
    for axis in (0, 1):
        along = np.any(ink, axis=1 + axis)
        found[:, axis] = along.argmax(axis=1) + digit.corners[:, axis]
        found[:, axis + 2] = along.shape[1] - along[:, ::-1].argmax(axis=1) + digit.corners[:, axis]
    found[~ink.any(axis=(1, 2))] = 0
    return found.astype(np.int16)


def _brightest(under: Pixels, above: Pixels) -> Pixels:
    result: Pixels = np.maximum(under, above)
    return result


def _over(under: Pixels, above: Pixels) -> Pixels:
    """Put white ink on top; the value of a pixel is its opacity. Rounded half up."""
    shining = under.astype(np.uint32) * (255 - above.astype(np.uint32))
    result: Pixels = (above + (shining + 127) // 255).astype(np.uint8)
    return result


def _added(under: Pixels, above: Pixels) -> Pixels:
    """Add, at most 255."""
    result: Pixels = np.minimum(under.astype(np.uint16) + above, 255).astype(np.uint8)
    return result


MIXES: Mapping[str, Callable[[Pixels, Pixels], Pixels]] = MappingProxyType(
    {"max": _brightest, "over": _over, "add": _added}
)
