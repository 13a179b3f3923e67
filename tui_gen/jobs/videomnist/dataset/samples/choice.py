"""Chooses the videos that are shown: classes evenly, and the motions of each class in turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.model import CLASSES, MOTIONS, Split


@dataclass(frozen=True, slots=True)
class Chosen:
    """One video of a split."""

    split: Split
    k: int
    digit: int


def chosen_samples(dataset: VideoDataset, number: int) -> list[Chosen]:
    """Return `number` training videos, digits 0 to 9 in turn; fewer only if the file has fewer."""
    by_digit = {digit: motions_in_turn(dataset, digit) for digit in range(CLASSES)}
    chosen: list[Chosen] = []
    while by_digit and len(chosen) < number:
        for digit in sorted(by_digit):
            found = next(by_digit[digit], None)
            if found is None:
                del by_digit[digit]
            elif len(chosen) < number:
                chosen.append(found)
    return chosen


def motions_in_turn(dataset: VideoDataset, digit: int, split: Split = "train") -> Iterator[Chosen]:
    """Yield the videos of a class, one of each motion in turn; in the order of the file without truth.

    The first motion differs from class to class, so few samples of ten classes show all motions.
    """
    waiting = _by_motion(dataset, digit, split)
    names = list(waiting)
    names = names[digit % len(names) :] + names[: digit % len(names)] if names else []
    while names:
        for name in tuple(names):
            if waiting[name]:
                yield Chosen(split, waiting[name].pop(), digit)
            else:
                names.remove(name)


def _by_motion(dataset: VideoDataset, digit: int, split: Split) -> dict[int, list[int]]:
    """Return the videos of a class by the number of their first digit's motion, each list descending."""
    places = np.flatnonzero(dataset.labels(split) == digit)
    if not dataset.form.has_truth:
        return {0: places[::-1].tolist()} if len(places) else {}
    motions = dataset.field(split, "motion", 0, dataset.videos(split))[:, 0]
    by_motion = defaultdict[int, list[int]](list)
    for place in places[::-1].tolist():
        by_motion[int(motions[place])].append(place)
    return {motion: by_motion[motion] for motion in _in_order(dataset) if motion in by_motion}


def _in_order(dataset: VideoDataset) -> Sequence[int]:
    return [MOTIONS.index(str(name)) for name in dataset.attributes["motion_types"]]
