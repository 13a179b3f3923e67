"""Renders the videos of a unit into a shard. Runs in a child process."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tui_gen.jobs.videomnist.dataset.shard import writing_shard
from tui_gen.jobs.videomnist.dataset.stored_video import StoredVideo, store
from tui_gen.jobs.videomnist.model import RenderedVideo
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.work.formats import format_of
from tui_gen.jobs.videomnist.work.orders import Context, RenderOrder


def rendered(context: Context, order: RenderOrder) -> list[list[Any]]:
    """Write the shard; return [index, size, hash, CRC of pixels, CRC of truth, pixels a frame] of each video.

    A video that cannot be made is [index, reason]. Raises ObstructedError, OSError.
    """
    form = format_of(context.settings)
    renderer = Renderer(context.settings.video, context.pool)
    told: list[list[Any]] = []
    with writing_shard(order.shard, context.recipe, token=f".{os.getpid()}") as shard:
        for index, video in renderer.render(order.split, order.digit, order.indexes):
            if isinstance(video, str):
                told.append([index, video])
                continue
            stored = store(video, form)
            shard.add(index, stored)
            told.append([index, *_told(video, stored)])
    return told


def _told(video: RenderedVideo, stored: StoredVideo) -> list[Any]:
    sums = stored.checksums
    pixels = round(np.count_nonzero(video.frames) / len(video.frames), 2)
    return [stored.size_bytes, sums.frames.hex(), sums.pixels, sums.truth, pixels]
