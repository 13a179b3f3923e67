"""The least size is large enough for every digit, and is what a refusal names."""

from dataclasses import replace

import pytest

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import RenderedVideo, VideoSettings
from tui_gen.jobs.videomnist.render.frame_size import least_size, no_room
from tui_gen.jobs.videomnist.render.renderer import Renderer

DEFAULT, POOL = VideoSettings(), DrawnDigits(1)


def test_the_least_sizes_of_digits_as_large_as_those_of_mnist() -> None:
    assert least_size(DEFAULT, POOL) == 38
    assert least_size(replace(DEFAULT, rotation=0.0, scaling=0.0), POOL) == 32
    assert least_size(replace(DEFAULT, margin=0.0), POOL) == 28


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
