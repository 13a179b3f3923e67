"""The least size is large enough for every digit, and is what a refusal names."""

from dataclasses import replace

import numpy as np
import pytest

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import RenderedVideo, VideoSettings
from tui_gen.jobs.videomnist.motion.box import ink_outline, reach
from tui_gen.jobs.videomnist.motion.poses import Pose
from tui_gen.jobs.videomnist.motion.sine import sine
from tui_gen.jobs.videomnist.render.frame_size import least_size, no_room
from tui_gen.jobs.videomnist.render.renderer import Renderer

DEFAULT, POOL = VideoSettings(), DrawnDigits(1)


def test_the_least_sizes_of_digits_as_large_as_those_of_mnist() -> None:
    assert least_size(DEFAULT, POOL) == 38
    assert least_size(replace(DEFAULT, rotation=0.0, scaling=0.0), POOL) == 32
    assert least_size(replace(DEFAULT, margin=0.0), POOL) == 28


@pytest.mark.parametrize(("rotation", "scaling", "size"), [(0.0, 0.2, 28), (25.0, 0.0, 28), (180.0, 0.1, 56)])
def test_the_least_size_is_that_of_the_widest_poses(rotation: float, scaling: float, size: int) -> None:
    settings = replace(DEFAULT, rotation=rotation, scaling=scaling, digit_size=size)
    angles = np.linspace(-rotation, rotation, 5001) / 360
    scales = np.full(5001, size / 28 * (1 + scaling))
    pose = Pose(360 * angles, scales, scales, sine(angles + 0.25), sine(angles))
    widest = 0.0
    for image in POOL.outermost("train", 0):
        left, up, right, down = reach(ink_outline(image), pose).max(axis=1)
        widest = max(widest, left + right, up + down)
    assert 0 <= least_size(settings, POOL) - (widest + 2 * (5 + 1 / 64)) < 1


def test_a_refusal_names_the_least_size() -> None:
    assert no_room(replace(DEFAULT, image_size=38), POOL) is None
    words = no_room(replace(DEFAULT, image_size=37), POOL)
    assert words is not None
    assert "frames of 37 pixels" in words
    assert words.endswith("image_size must be at least 38")


@pytest.mark.parametrize(
    "settings",
    [
        DEFAULT,
        replace(DEFAULT, rotation=180.0, scaling=0.3),
        replace(DEFAULT, digit_size=14, margin=2.5),
        replace(DEFAULT, digit_size=50, rotation=45.0),
    ],
)
def test_a_frame_of_the_least_size_has_room_for_every_video(settings: VideoSettings) -> None:
    least = replace(settings, image_size=least_size(settings, POOL))
    for digit in range(10):
        for _, video in Renderer(least, POOL).render("train", digit, range(6)):
            assert isinstance(video, RenderedVideo)
