"""Drawn digits look like those of MNIST in what matters here: size, ink, place."""

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import RenderedVideo, VideoSettings
from tui_gen.jobs.videomnist.render.renderer import Renderer

POOL = DrawnDigits(42)


def images(digit: int, count: int = 40) -> NDArray[np.uint8]:
    return np.stack([POOL.image("train", digit, number) for number in range(count)])


@pytest.mark.parametrize("digit", range(10))
def test_videos_have_as_many_visible_pixels_as_is_promised(digit: int) -> None:
    found = [video for _, video in Renderer(VideoSettings(), POOL).render("train", digit, range(40))]
    visible = [np.count_nonzero(video.frames) / 17 for video in found if isinstance(video, RenderedVideo)]
    assert len(visible) == 40
    assert 110 <= np.mean(visible) <= 270


def test_images_have_as_much_ink_as_those_of_mnist() -> None:
    """In MNIST's training set 149 of the 784 pixels are not black, and the mean is 33."""
    every = np.concatenate([images(digit) for digit in range(10)])
    assert 135 < np.count_nonzero(every) / len(every) < 160
    assert 28 < every.mean() < 38


@pytest.mark.parametrize("digit", range(10))
def test_the_ink_is_centred_by_its_mass(digit: int) -> None:
    for image in images(digit):
        total = image.sum(dtype=np.int64)
        for axis in (0, 1):
            centre = (image.sum(axis=axis, dtype=np.int64) * (np.arange(28) + 0.5)).sum() / total
            assert abs(centre - 14) <= 0.5


@pytest.mark.parametrize("digit", range(10))
def test_the_ink_is_twenty_pixels_long(digit: int) -> None:
    for image in images(digit):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20


@pytest.mark.parametrize("digit", range(10))
def test_no_ink_lies_beyond_the_outermost_images(digit: int) -> None:
    bounds = POOL.outermost("train", digit).any(axis=0)
    assert not images(digit, 100)[:, ~bounds].any()


def test_no_two_images_are_alike() -> None:
    every = [images(digit).tobytes() for digit in range(10)]
    every += [POOL.image("test", 3, number).tobytes() for number in range(40)]
    every += [DrawnDigits(43).image("train", 3, number).tobytes() for number in range(40)]
    assert len(set(every)) == len(every)
    singles = {image.tobytes() for image in images(3)}
    assert len(singles) == 40
    assert not singles & {POOL.image("test", 3, number).tobytes() for number in range(40)}


def test_the_hash_belongs_to_the_seed() -> None:
    assert DrawnDigits(42).sha256 == POOL.sha256 != DrawnDigits(43).sha256


def test_it_is_small_to_send() -> None:
    assert pickle.loads(pickle.dumps(POOL)) == POOL  # noqa: S301 - made a line above
