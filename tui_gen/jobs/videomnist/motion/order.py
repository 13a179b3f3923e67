"""Chooses the digits, images and motions of a video, evenly for any number of videos.

Invariant: in the first n videos of a class, the uses of any two motions, of any two numbers of digits and
of any two images differ by one at most. More videos never change those that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.pool import DigitPool
from tui_gen.jobs.videomnist.model import CLASSES, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.motion.draws import below, draws, shuffled

T = TypeVar("T")

UNLIMITED = 1 << 31
"""Images are numbered below it where a pool makes as many as one asks for: the file's numbers are int32."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One digit of a video, before anything of its motion is drawn."""

    slot: int
    digit: int
    image: int  # its number in the split and class
    motion: str


def choices(settings: VideoSettings, pool: DigitPool, key: VideoKey) -> list[Choice]:
    """Return the digits of a video. The first is of the video's class, the others of any."""
    count = _in_turn(settings.seed, key, "digits", settings.digits_per_video)
    return [_choice(settings, pool, key, slot) for slot in range(count)]


def _choice(settings: VideoSettings, pool: DigitPool, key: VideoKey, slot: int) -> Choice:
    motion = _in_turn(settings.seed, key, f"{slot}/motion", settings.motion_types)
    if slot == 0:
        return Choice(0, key.digit, _image_in_turn(settings.seed, pool, key), motion)
    chance = draws(settings.seed, key.split, key.digit, key.index, slot, "image")
    digit = below(chance, CLASSES)
    images = pool.count(key.split, digit)
    return Choice(slot, digit, below(chance, UNLIMITED if images is None else images), motion)


def _in_turn(seed: int, key: VideoKey, what: str, values: Sequence[T]) -> T:
    """Take the `key.index`-th of shuffles of `values` laid end to end."""
    if len(values) == 1:
        return values[0]
    whole, part = divmod(key.index, len(values))
    return shuffled(draws(seed, key.split, key.digit, what, whole), values)[part]


def _image_in_turn(seed: int, pool: DigitPool, key: VideoKey) -> int:
    images = pool.count(key.split, key.digit)
    if images is None:
        return key.index
    return int(_image_order(seed, key.split, key.digit, images)[key.index % images])


@lru_cache(maxsize=2 * CLASSES)
def _image_order(seed: int, split: str, digit: int, images: int) -> NDArray[np.int32]:
    return np.array(shuffled(draws(seed, split, digit, "images"), range(images)), np.int32)
