"""Draws a video in terminal cells: its first, middle and last frame side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_gen.contract.preview import RGB, Picture
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.shard import MAGIC, RECIPE_BYTES, read_shard
from tui_gen.jobs.videomnist.dataset.stored_video import DamagedVideoError, grey_frames
from tui_gen.jobs.videomnist.model import VideoKey
from tui_gen.jobs.videomnist.units import split_and_digit
from tui_gen.jobs.videomnist.work.formats import format_of

_GAP = 1
_SHOWN = 3


def draw_video(settings: Settings, patch: JsonObject, *, columns: int, rows: int) -> Picture:
    """Draw a video by its ledger entry. Raises OSError, ValueError where it is in no shard and no file."""
    key = _key_of(patch)
    try:
        frames = _of_shard(settings, key, str(patch["shard"])) if "shard" in patch else None
        found = _of_file(settings, key) if frames is None else frames
    except (DamagedVideoError, DamagedFileError) as error:
        raise ValueError(str(error)) from error
    caption = f"{key.split}, digit {key.digit}, video {key.index}: the first, middle and last frame"
    return Picture(_cells(_side_by_side(found, columns, rows * 2)), caption)


def _key_of(patch: JsonObject) -> VideoKey:
    """Return the video of an entry; the first one where the entry is of the whole file."""
    if patch.get("format") != "video":
        return VideoKey("train", 0, 0)
    split, digit = split_and_digit(str(patch["source"]))
    return VideoKey(split, digit, int(patch["clip"]))


def _of_shard(settings: Settings, key: VideoKey, name: str) -> NDArray[np.uint8] | None:
    path = settings.shards / name
    try:
        with path.open("rb") as file:
            recipe = file.read(len(MAGIC) + RECIPE_BYTES)[len(MAGIC) :]
    except FileNotFoundError:
        return None
    for index, video in read_shard(path, recipe):
        if index == key.index:
            return grey_frames(video.pixels, format_of(settings))
    return None


def _of_file(settings: Settings, key: VideoKey) -> NDArray[np.uint8]:
    with VideoDataset(settings.h5_path) as dataset:
        position = dataset.position(key)
        if position is None:
            message = f"{settings.h5_path} does not hold the video"
            raise ValueError(message)
        return dataset.frames(key.split, position)


def _side_by_side(frames: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Lay three frames side by side, each as large as there is room for, without rounding of pixels."""
    side = max(1, min((width - (_SHOWN - 1) * _GAP) // _SHOWN, height))
    canvas = np.zeros((height, width), np.uint8)
    places = np.arange(side) * frames.shape[1] // side
    for place, number in enumerate((0, len(frames) // 2, len(frames) - 1)):
        left = place * (side + _GAP)
        shrunk = frames[number][places][:, places][:, : width - left]
        canvas[:side, left : left + shrunk.shape[1]] = shrunk
    return canvas


def _cells(canvas: NDArray[np.uint8]) -> list[list[tuple[RGB, RGB]]]:
    grey = canvas.tolist()
    return [
        [((up, up, up), (down, down, down)) for up, down in zip(grey[y], grey[y + 1], strict=True)]
        for y in range(0, len(grey) - 1, 2)
    ]
