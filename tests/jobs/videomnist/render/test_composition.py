"""Digits are put together as the configuration says, and each is measured by itself."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from tui_gen.jobs.videomnist.model import VideoSettings
from tui_gen.jobs.videomnist.render.composition import Placed, boxes, compose

SETTINGS = VideoSettings(frames=1, image_size=5, digits_per_video=(2,))
FIRST = Placed(np.array([[[0, 100], [200, 255]]], np.uint8), np.array([[1, 1]]))
SECOND = Placed(np.array([[[100, 100], [0, 255]]], np.uint8), np.array([[1, 1]]))


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        ("max", [[100, 100], [200, 255]]),
        ("add", [[100, 200], [200, 255]]),
        ("over", [[100, 100 + (100 * 155 + 127) // 255], [200, 255]]),
    ],
)
def test_two_digits_are_mixed(mix: Literal["max", "add", "over"], expected: list[list[int]]) -> None:
    frames, masks = compose(replace(SETTINGS, compose=mix), [FIRST, SECOND])
    assert frames[0, 1:3, 1:3].tolist() == expected
    assert frames.sum() == np.sum(expected)
    assert masks is None


def test_a_mask_has_a_bit_for_each_digit() -> None:
    _, masks = compose(replace(SETTINGS, masks=True), [FIRST, SECOND])
    assert masks is not None
    assert masks[0, 1:3, 1:3].tolist() == [[2, 3], [1, 3]]
    assert masks.sum() == 9


def test_boxes_are_half_open_and_of_pixels_above_zero() -> None:
    pixels = np.zeros((3, 4, 6), np.uint8)
    pixels[0, 1:3, 2:5] = 1
    pixels[1] = 9
    digit = Placed(pixels, np.array([[10, 20], [0, 0], [5, 5]]))
    assert boxes(digit).tolist() == [[12, 21, 15, 23], [0, 0, 6, 4], [0, 0, 0, 0]]
