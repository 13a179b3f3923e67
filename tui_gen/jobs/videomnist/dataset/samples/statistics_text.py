"""Formats the statistics of a file as text and JSON: the lines of the first VideoMNIST scripts, and more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from tui_gen.jobs.videomnist.dataset.samples.statistics import (
    DatasetStatistics,
    InkCounts,
    SplitStatistics,
)
from tui_gen.jobs.videomnist.model import CLASSES

_TITLE = "VideoMNIST Dataset Statistics"


def statistics_text(found: DatasetStatistics, *, fps: float, samples: int, formats: Sequence[str]) -> str:
    """Return the text of dataset_stats.txt."""
    return (
        "\n".join([*_seed_lines(found, fps), *_split_lines(found), *_sample_lines(samples, formats)]) + "\n"
    )


def statistics_json(
    found: DatasetStatistics, *, fps: float, samples: int, formats: Sequence[str]
) -> dict[str, object]:
    """Return the values of dataset_stats.json; what is not known is null."""
    return {
        "attributes": found.attributes,
        "fps": fps,
        "samples": samples,
        "formats": list(formats),
        "splits": {split: _without_nan(asdict(each)) for split, each in found.splits.items()},
    }


def _seed_lines(found: DatasetStatistics, fps: float) -> Iterator[str]:
    splits, attributes = found.splits, found.attributes
    length, side = int(str(attributes["sequence_length"])), attributes["resolution"]
    yield from (_TITLE, "=" * 30, "")
    yield f"Total videos: {sum(each.videos for each in splits.values())}"
    yield from (f"  {split}: {each.videos}" for split, each in splits.items())
    yield f"Sequence length: {length} frames"
    yield f"Frames per video: {attributes['frames_per_video']}"
    yield f"Resolution: {side}x{side}"
    yield f"Frames per second: {fps:g}"
    yield f"Video duration: {length / fps:.1f} seconds"
    yield f"Digits: {attributes['digits']}"
    yield f"Content SHA-256: {attributes['content_sha256']}"
    yield from ("", "Videos per digit class:")
    for digit in range(CLASSES):
        parts = ", ".join(f"{each.of_digit[digit]} {split}" for split, each in splits.items())
        yield f"  Digit {digit}: {sum(each.of_digit[digit] for each in splits.values())} videos ({parts})"


def _split_lines(found: DatasetStatistics) -> Iterator[str]:
    for split, each in found.splits.items():
        yield from ("", f"{split.capitalize()} videos", "-" * 12)
        yield from _motion_lines(each)
        yield from _ink_lines(each.ink, each.videos)
        if each.boxes_outside is not None:
            yield f"Digits that reach into the margin: {each.boxes_outside} in all {each.videos} videos"
        if each.uses is not None:
            yield f"Images used: {each.uses.images}, each {_times(each.uses.least, each.uses.most)}"


def _motion_lines(split: SplitStatistics) -> Iterator[str]:
    if not split.of_motion:
        return
    width = max(map(len, split.of_motion)) + 2
    yield "Videos per motion and digit:"
    yield " " * width + "".join(f"{digit:>7}" for digit in range(CLASSES)) + f"{'all':>8}"
    for motion, counts in split.of_motion.items():
        yield f"  {motion:<{width - 2}}" + "".join(f"{count:>7}" for count in counts) + f"{sum(counts):>8}"


def _ink_lines(ink: InkCounts, videos: int) -> Iterator[str]:
    measured = "all" if ink.videos == videos else f"{ink.videos} of"
    yield f"Non-zero pixels per frame (measured on {measured} {videos} videos):"
    yield f"  min {ink.least}, mean {ink.mean:.1f}, max {ink.most}"
    yield f"  under 100: {ink.share_under_100:.1%} of frames"
    means = (f"{digit}: {mean:.0f}" for digit, mean in enumerate(ink.mean_of_digit) if not math.isnan(mean))
    yield f"  mean by digit: {', '.join(means)}"
    yield f"  frames with ink in the margin: {ink.frames_outside}"


def _sample_lines(samples: int, formats: Sequence[str]) -> Iterator[str]:
    yield from ("", f"Generated {samples} sample videos", f"Output formats: {', '.join(formats)}")


def _times(least: int, most: int) -> str:
    """Return "once", "3 times" or "1 to 2 times"."""
    if most == 1:
        return "once"
    return f"{most} times" if least == most else f"{least} to {most} times"


def _without_nan(value: object) -> object:
    """Return values for JSON, which has no NaN."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
