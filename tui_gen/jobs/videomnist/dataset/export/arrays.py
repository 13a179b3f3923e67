"""The layouts of one array a split: Moving MNIST's .npy and PredRNN's .npz."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.dataset.export.npz import Header, NpzWriter
from tui_gen.jobs.videomnist.dataset.export.source import ExportSource
from tui_gen.jobs.videomnist.dataset.output import whole_file, writing
from tui_gen.jobs.videomnist.model import Split

_VIDEOS_AT_ONCE = 256
OPENSTL_FRAMES = 20
OPENSTL_SIDE = 64


def write_moving_mnist(source: ExportSource, split: Split, folder: Path) -> None:
    """Write `mnist_<split>_seq.npy`, u8 [T, N, S, S]: the layout of Moving MNIST's test set.

    OpenSTL's loader (openstl/datasets/dataloader_moving_mnist.py) reads `mnist_test_seq.npy` of this layout.
    Raises DamagedVideoError, ObstructedError, OSError.
    """
    target = folder / f"mnist_{split}_seq.npy"
    videos, side = source.dataset.videos(split), source.dataset.form.image_size
    with whole_file(target) as part, writing(target), part.open("wb") as file:
        Header((source.frames, videos, side, side), "|u1").write(file)
        start = file.tell()
        for first, batch in _batches(source, split):
            for frame in range(source.frames):
                file.seek(start + (frame * videos + first) * side * side)
                file.write(np.ascontiguousarray(batch[:, frame]).data)


def notes_on_moving_mnist(source: ExportSource) -> tuple[str, ...]:
    """Return what a user of the layout has to know."""
    notes = ["these are not the videos of the official Moving MNIST test set"]
    side = source.dataset.form.image_size
    if (source.frames, side) != (OPENSTL_FRAMES, OPENSTL_SIDE):
        notes.append(
            f"OpenSTL reads {OPENSTL_FRAMES} frames of {OPENSTL_SIDE}x{OPENSTL_SIDE} pixels;"
            f" these have {source.frames} of {side}x{side}"
        )
    return tuple(notes)


def write_predrnn(source: ExportSource, split: Split, folder: Path) -> None:
    """Write `moving-mnist-<split>.npz` as PredRNN's loader (core/data_provider/mnist.py) reads it.

    clips i32 [2, N, 2]: first frame and number of frames of the input (the first half of a video) and of
    the output; dims i32 [1, 3]: 1, S, S; input_raw_data f32 [N T, 1, S, S], 0 to 1.
    Raises DamagedVideoError, ObstructedError, OSError.
    """
    target = folder / f"moving-mnist-{split}.npz"
    videos, side, frames = source.dataset.videos(split), source.dataset.form.image_size, source.frames
    inputs = frames // 2
    starts = np.arange(videos, dtype=np.int32) * frames
    clips = np.stack(
        [
            np.stack([starts, np.full_like(starts, inputs)], axis=1),
            np.stack([starts + inputs, np.full_like(starts, frames - inputs)], axis=1),
        ]
    )
    with whole_file(target) as part, writing(target), part.open("wb") as file, NpzWriter(file) as archive:
        archive.add("clips", clips)
        archive.add("dims", np.array([[1, side, side]], np.int32))
        header = Header((videos * frames, 1, side, side), "<f4")
        archive.add_parts("input_raw_data", header, _scaled(source, split))


def _scaled(source: ExportSource, split: Split) -> Iterator[NDArray[np.float32]]:
    for _, batch in _batches(source, split):
        yield batch.astype(np.float32) / np.float32(255)


def _batches(source: ExportSource, split: Split) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield videos [n, T, S, S] and the number of the first of them."""
    videos = source.dataset.videos(split)
    for first in range(0, videos, _VIDEOS_AT_ONCE):
        last = min(first + _VIDEOS_AT_ONCE, videos)
        yield first, np.stack([source.video(split, k) for k in range(first, last)])
