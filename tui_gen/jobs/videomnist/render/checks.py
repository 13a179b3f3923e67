"""What a video must hold before it counts as made; anything else would be a fault of this program."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import VideoSettings
from tui_gen.jobs.videomnist.motion.box import margin_pixels
from tui_gen.jobs.videomnist.render.composition import Placed
from tui_gen.jobs.videomnist.render.sprites import Sprite

INK_SHARE = 0.2
"""Bilinear samples of a turned and scaled tile sum to scale squared times its ink, nearly."""


def rejection(
    settings: VideoSettings, frames: NDArray[np.uint8], digits: Iterable[tuple[Sprite, Placed]]
) -> str | None:
    """Return why the video with these frames [F, S, S] is not made, or None."""
    if not margin_is_empty(frames, margin_pixels(settings)):
        return "ink in the margin"
    if not all(_keeps_its_ink(sprite, placed) for sprite, placed in digits):
        return "ink was lost"
    return None


def margin_is_empty(frames: NDArray[np.uint8], margin: int) -> bool:
    """Whether all pixels in the outer `margin` rows and columns of frames [F, S, S] are 0."""
    last = frames.shape[1] - margin
    sides = (frames[:, :margin], frames[:, last:], frames[:, :, :margin], frames[:, :, last:])
    return not any(side.any() for side in sides)


def _keeps_its_ink(sprite: Sprite, placed: Placed) -> bool:
    due = sprite.pose.scales**2 * int(sprite.tile.sum(dtype=np.int64))
    there = placed.pixels.sum(axis=(1, 2), dtype=np.int64)
    return bool((np.abs(there - due) <= INK_SHARE * due).all())
