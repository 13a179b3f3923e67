"""Measures a file: videos by class and motion, ink in the frames, ink outside the margin, uses of images.

Counts and the margin by boxes are of all videos. Pixels are counted in the frames of at most 2,000 videos
of a split, evenly spread, and the result says of how many: decoding a million videos takes minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.model import CLASSES, MOTIONS, SPLITS, Split

MOST_VIDEOS_DECODED = 2000
FEW_PIXELS = 100
"""The seed promises "100-200+ non-zero pixels per frame"."""
_VIDEOS_READ = 4096


@dataclass(frozen=True, slots=True)
class InkCounts:
    """Non-zero pixels of the frames that were decoded."""

    videos: int  # decoded
    least: int
    mean: float
    most: int
    share_under_100: float  # of the frames, 0 to 1
    mean_of_digit: tuple[float, ...]  # by class; NaN for a class without a decoded video
    frames_outside: int  # frames with ink in the margin


@dataclass(frozen=True, slots=True)
class ImageUses:
    """How often the images of a split are used."""

    images: int  # used at least once
    least: int  # uses of the least used among them
    most: int


@dataclass(frozen=True, slots=True)
class SplitStatistics:
    """The measurements of one split."""

    videos: int
    of_digit: tuple[int, ...]
    of_motion: dict[str, tuple[int, ...]]  # by class, of the first digit of a video; {} without truth
    ink: InkCounts
    boxes_outside: int | None  # boxes of digits that reach into the margin, of all videos; None: no truth
    uses: ImageUses | None  # None: no truth


@dataclass(frozen=True, slots=True)
class DatasetStatistics:
    """The measurements of a file."""

    attributes: dict[str, object]
    splits: dict[Split, SplitStatistics]


def statistics_of(dataset: VideoDataset, *, most_decoded: int = MOST_VIDEOS_DECODED) -> DatasetStatistics:
    """Measure a file. Raises DamagedVideoError."""
    splits = {split: _split(dataset, split, most_decoded) for split in SPLITS}
    return DatasetStatistics(_plain(dataset.attributes), splits)


def _split(dataset: VideoDataset, split: Split, most_decoded: int) -> SplitStatistics:
    labels = dataset.labels(split)
    ink = _ink(dataset, split, labels, most_decoded)
    has_truth = dataset.form.has_truth
    return SplitStatistics(
        len(labels),
        tuple(np.bincount(labels, minlength=CLASSES).tolist()),
        _motions(dataset, split, labels) if has_truth else {},
        ink,
        _boxes_outside(dataset, split) if has_truth else None,
        _uses(dataset, split) if has_truth else None,
    )


def _ink(dataset: VideoDataset, split: Split, labels: NDArray[np.int64], most_decoded: int) -> InkCounts:
    number = min(len(labels), most_decoded)
    places = np.linspace(0, len(labels) - 1, number).round().astype(int)
    counts = np.zeros((number, dataset.form.frames), np.int64)
    outside = 0
    inner = _inside(dataset)
    for row, place in enumerate(places.tolist()):
        frames = dataset.frames(split, place) != 0
        counts[row] = frames.sum(axis=(1, 2))
        outside += int((counts[row] != frames[:, inner, inner].sum(axis=(1, 2))).sum())
    means = [_mean(counts[labels[places] == digit]) for digit in range(CLASSES)]
    return InkCounts(
        number,
        int(counts.min()),
        float(counts.mean()),
        int(counts.max()),
        float((counts < FEW_PIXELS).mean()),
        tuple(means),
        outside,
    )


def _mean(counts: NDArray[np.int64]) -> float:
    return float(counts.mean()) if counts.size else math.nan


def _inside(dataset: VideoDataset) -> slice:
    """Return the pixels p with margin <= p < S - margin."""
    margin, side = float(dataset.attributes["margin"]), dataset.form.image_size
    return slice(math.ceil(margin), math.ceil(side - margin))


def _motions(dataset: VideoDataset, split: Split, labels: NDArray[np.int64]) -> dict[str, tuple[int, ...]]:
    motions = dataset.field(split, "motion", 0, len(labels))[:, 0]
    return {
        MOTIONS[motion]: tuple(np.bincount(labels[motions == motion], minlength=CLASSES).tolist())
        for motion in np.unique(motions[motions < len(MOTIONS)]).tolist()
    }


def _boxes_outside(dataset: VideoDataset, split: Split) -> int:
    inner = _inside(dataset)
    outside = 0
    for start, stop in _slices(dataset.videos(split)):
        boxes = dataset.field(split, "boxes", start, stop)
        left, top, right, bottom = (boxes[..., side] for side in range(4))
        has_pixels = (right > left) & (bottom > top)
        reaches = (left < inner.start) | (top < inner.start) | (right > inner.stop) | (bottom > inner.stop)
        outside += int((has_pixels & reaches).sum())
    return outside


def _uses(dataset: VideoDataset, split: Split) -> ImageUses:
    uses = np.zeros(0, np.int64)  # place: number of the image, times ten, and its class
    for start, stop in _slices(dataset.videos(split)):
        digits = dataset.field(split, "digits", start, stop)
        sources = dataset.field(split, "sources", start, stop).astype(np.int64)
        places = (sources * CLASSES + digits)[digits >= 0]
        found = np.bincount(places, minlength=len(uses))
        found[: len(uses)] += uses
        uses = found
    used = uses[uses > 0]
    return ImageUses(len(used), int(used.min()), int(used.max()))


def _slices(videos: int) -> Iterator[tuple[int, int]]:
    for start in range(0, videos, _VIDEOS_READ):
        yield start, min(start + _VIDEOS_READ, videos)


def _plain(attributes: dict[str, object]) -> dict[str, object]:
    """Return the attributes as plain Python values."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in attributes.items()
    }
