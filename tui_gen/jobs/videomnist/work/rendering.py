"""Renders the videos of a unit into a shard. Runs in a child process.

Videos that an earlier shard holds whole are not rendered again: they are told as they are there.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.base.writer_token import new_token
from tui_gen.jobs.videomnist.dataset.shard import read_shard, shard_name, writing_shard
from tui_gen.jobs.videomnist.dataset.stored_video import (
    DamagedVideoError,
    StoredVideo,
    checked,
    grey_frames,
    store,
)
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.units import source_of
from tui_gen.jobs.videomnist.work.formats import format_of
from tui_gen.jobs.videomnist.work.orders import Context, RenderOrder


def rendered(context: Context, order: RenderOrder) -> list[list[Any]]:
    """Write the shard; return what is told of each video, in the order of the indexes.

    That is [index, name of the shard, size, hash, CRC of pixels, CRC of truth, pixels a frame], or
    [index, reason] if the video cannot be made. Raises ObstructedError, OSError.
    """
    told = _told_of_earlier(context, order)
    left = tuple(index for index in order.indexes if index not in told)
    if left:
        told |= _rendered(context, order, left)
    return [told[index] for index in order.indexes]


def _told_of_earlier(context: Context, order: RenderOrder) -> dict[int, list[Any]]:
    """Return what is told of the videos that earlier shards hold whole. Raises OSError."""
    form = format_of(context.settings)
    told: dict[int, list[Any]] = {}
    for path in order.earlier:
        with suppress(FileNotFoundError, DamagedVideoError):  # a damaged video ends the shard
            for index, stored in read_shard(path, context.recipe):
                if index in order.indexes:
                    frames = grey_frames(checked(stored, form).pixels, form)
                    told[index] = _told(index, path, stored, frames)
    return told


def _rendered(context: Context, order: RenderOrder, indexes: tuple[int, ...]) -> dict[int, list[Any]]:
    form = format_of(context.settings)
    renderer = Renderer(context.settings.video, context.pool)
    path = order.folder / shard_name(source_of(order.split, order.digit), indexes)
    told: dict[int, list[Any]] = {}
    with writing_shard(path, context.recipe, token=f".{new_token()}") as shard:
        for index, video in renderer.render(order.split, order.digit, indexes):
            if isinstance(video, str):
                told[index] = [index, video]
                continue
            stored = store(video, form)
            shard.add(index, stored)
            told[index] = _told(index, path, stored, video.frames)
    return told


def _told(index: int, shard: Path, stored: StoredVideo, frames: NDArray[np.uint8]) -> list[Any]:
    sums = stored.checksums
    pixels = round(np.count_nonzero(frames) / len(frames), 2)
    return [index, shard.name, stored.size_bytes, sums.frames.hex(), sums.pixels, sums.truth, pixels]
