"""Makes videos: draws them, samples a few together, puts them together, measures and checks them.

Invariant: a video depends on the settings, its key and the images of the digits alone, not on the videos
that are asked for with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.pool import DigitPool
from tui_gen.jobs.videomnist.model import MOTIONS, PARAMETERS, RenderedVideo, Split, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.motion.captions import caption
from tui_gen.jobs.videomnist.render.checks import rejection
from tui_gen.jobs.videomnist.render.composition import Placed, boxes, compose
from tui_gen.jobs.videomnist.render.sampler import POSITION, Windows, inverse_matrices, sample
from tui_gen.jobs.videomnist.render.sprites import Sprite, draw_sprites
from tui_gen.jobs.videomnist.render.tiles import packed

TOGETHER = 8
"""So many videos are sampled in one go, which saves most of numpy's cost of a call."""
PIXELS_TOGETHER = 1 << 21
"""Fewer where their frames would have more pixels."""
NO_MOTION = 255


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders the videos of one set of settings with one pool of digits."""

    settings: VideoSettings
    pool: DigitPool

    def render(
        self, split: Split, digit: int, indexes: Sequence[int]
    ) -> Iterator[tuple[int, RenderedVideo | str]]:
        """Yield each index, in this order, with its video or with the reason why there is none."""
        pixels = self.settings.frames * self.settings.image_size**2 * self.settings.slots
        together = max(1, min(TOGETHER, PIXELS_TOGETHER // pixels))
        for first in range(0, len(indexes), together):
            part = indexes[first : first + together]
            drawn = [draw_sprites(self.settings, self.pool, VideoKey(split, digit, index)) for index in part]
            every = [sprite for sprites in drawn if not isinstance(sprites, str) for sprite in sprites]
            placed = iter(_placed(self.settings, every))
            for index, sprites in zip(part, drawn, strict=True):
                if isinstance(sprites, str):
                    yield index, sprites
                else:
                    yield index, self._video(digit, [(sprite, next(placed)) for sprite in sprites])

    def _video(self, label: int, digits: Sequence[tuple[Sprite, Placed]]) -> RenderedVideo | str:
        frames, masks = compose(self.settings, [placed for _, placed in digits])
        reason = rejection(self.settings, frames, digits)
        if reason is not None:
            return reason
        video = _without_digits(self.settings, label, frames, masks, _caption(digits))
        for slot, (sprite, placed) in enumerate(digits):
            _enter(video, slot, sprite, boxes(placed))
        return video


def _placed(settings: VideoSettings, sprites: Sequence[Sprite]) -> list[Placed]:
    """Sample all digits, in windows of the size of the largest that stay inside the frame."""
    if not sprites:
        return []
    extents = [sprite.extent() for sprite in sprites]
    width = min(settings.image_size, max(wide for wide, _ in extents))
    height = min(settings.image_size, max(high for _, high in extents))
    inside = settings.image_size - np.array([width, height])
    corners = [np.clip(sprite.corners(), 0, inside) for sprite in sprites]
    pixels = sample(
        Windows(
            np.stack([packed(sprite.tile) for sprite in sprites]),
            np.repeat(np.arange(len(sprites)), settings.frames),
            np.concatenate([inverse_matrices(sprite.pose) for sprite in sprites]),
            np.concatenate([sprite.centres for sprite in sprites]),
            np.concatenate(corners),
            height,
            width,
        )
    )
    every = pixels.reshape(len(sprites), settings.frames, height, width)
    return [Placed(*both) for both in zip(every, corners, strict=True)]


def _caption(digits: Sequence[tuple[Sprite, Placed]]) -> str:
    return caption((sprite.choice.digit, sprite.choice.motion, sprite.track) for sprite, _ in digits)


def _without_digits(
    settings: VideoSettings,
    label: int,
    frames: NDArray[np.uint8],
    masks: NDArray[np.uint8] | None,
    words: str,
) -> RenderedVideo:
    """Return a video whose slots are all empty as yet."""
    count, slots = settings.frames, settings.slots
    return RenderedVideo(
        frames=frames,
        label=label,
        digits=np.full(slots, -1, np.int64),
        motion=np.full(slots, NO_MOTION, np.uint8),
        sources=np.full(slots, -1, np.int32),
        positions=np.full((count, slots, 2), np.nan, np.float32),
        angles=np.full((count, slots), np.nan, np.float32),
        scales=np.full((count, slots), np.nan, np.float32),
        boxes=np.zeros((count, slots, 4), np.int16),
        params=np.zeros((slots, PARAMETERS), np.float32),
        caption=words,
        masks=masks,
    )


def _enter(video: RenderedVideo, slot: int, sprite: Sprite, measured: NDArray[np.int16]) -> None:
    """Write what is known of a digit into its slot."""
    video.digits[slot] = sprite.choice.digit
    video.motion[slot] = MOTIONS.index(sprite.choice.motion)
    video.sources[slot] = sprite.choice.image
    video.positions[:, slot] = sprite.centres / POSITION
    video.angles[:, slot] = sprite.pose.angles
    video.scales[:, slot] = sprite.pose.sizes
    video.boxes[:, slot] = measured
    video.params[slot, : len(sprite.track.params)] = sprite.track.params
