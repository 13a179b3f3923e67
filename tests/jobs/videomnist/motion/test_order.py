"""Images, motions and numbers of digits are used evenly, in every prefix of the videos of a class."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import MOTIONS, SPLITS, Split, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.motion.order import Choice, choices

SETTINGS = VideoSettings(motion_types=MOTIONS[:5], digits_per_video=(1, 2, 3))


@dataclass(frozen=True)
class FewDigits:
    """A pool with a number of images that differs by class."""

    description: str = "few"
    sha256: str = ""
    notes: tuple[str, ...] = ()

    def count(self, split: Split, digit: int) -> int:
        return (12 if split == "train" else 7) + digit

    def image(self, split: Split, digit: int, number: int) -> NDArray[np.uint8]:
        raise NotImplementedError

    def outermost(self, split: Split, digit: int) -> NDArray[np.uint8]:
        raise NotImplementedError


def chosen(count: int, settings: VideoSettings = SETTINGS, digit: int = 3) -> list[list[Choice]]:
    return [choices(settings, FewDigits(), VideoKey("train", digit, index)) for index in range(count)]


def spread(counts: Mapping[int, int] | Mapping[str, int], kinds: int) -> int:
    """Return by how much uses differ, where there are as many kinds."""
    every: list[int] = [*counts.values(), *[0] * (kinds - len(counts))]
    return max(every) - min(every)


@pytest.mark.parametrize("count", [1, 4, 15, 16, 77, 151])
def test_uses_differ_by_one_at_most(count: int) -> None:
    made = chosen(count)
    assert spread(Counter(digits[0].image for digits in made), FewDigits().count("train", 3)) <= 1
    assert spread(Counter(digits[0].motion for digits in made), 5) <= 1
    assert spread(Counter(len(digits) for digits in made), 3) <= 1


def test_the_first_digit_is_of_the_class_and_the_others_of_any() -> None:
    made = chosen(600)
    assert {digits[0].digit for digits in made} == {3}
    others = Counter(digit.digit for digits in made for digit in digits[1:])
    assert set(others) == set(range(10))
    assert max(others.values()) < 2 * min(others.values())


def test_every_image_exists_in_its_split_and_class() -> None:
    for split in SPLITS:
        for index in range(200):
            for digit in choices(SETTINGS, FewDigits(), VideoKey(split, 9, index)):
                assert 0 <= digit.image < FewDigits().count(split, digit.digit)


def test_the_order_is_another_in_each_class_split_and_seed() -> None:
    def images(seed: int, split: Split, digit: int) -> tuple[int, ...]:
        settings = replace(SETTINGS, seed=seed)
        keys = (VideoKey(split, digit, index) for index in range(7))
        return tuple(choices(settings, FewDigits(), key)[0].image for key in keys)

    orders = {images(1, "train", 0), images(1, "train", 1), images(1, "test", 0), images(2, "train", 0)}
    assert len(orders) == 4


def test_a_pool_without_end_gives_each_video_its_own_image() -> None:
    keys = (VideoKey("test", 4, index) for index in range(50))
    assert [choices(SETTINGS, DrawnDigits(1), key)[0].image for key in keys] == list(range(50))
