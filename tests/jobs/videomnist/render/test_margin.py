"""No ink is ever in the margin: for any size, length, margin, rotation, scale and motion.

Digits are sampled here with what is around them, even outside the frame, so that neither the windows nor
the checks of the renderer can hide anything.
"""

import math
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import MOTIONS, RenderedVideo, Split, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.motion.poses import tile_side
from tui_gen.jobs.videomnist.render.frame_size import least_size
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.render.sampler import Windows, inverse_matrices, sample
from tui_gen.jobs.videomnist.render.sprites import NO_INK, NO_ROOM, draw_sprites
from tui_gen.jobs.videomnist.render.tiles import packed, shrunk

AROUND = 3
"""As many pixels beyond the reach of the ink are looked at."""


@dataclass(frozen=True)
class OneImage:
    """A pool of a single image."""

    pixels: NDArray[np.uint8]
    description: str = "one"
    sha256: str = ""
    notes: tuple[str, ...] = ()

    def count(self, split: Split, digit: int) -> int:  # noqa: ARG002 - there is one
        return 1

    def image(self, split: Split, digit: int, number: int) -> NDArray[np.uint8]:  # noqa: ARG002
        return self.pixels

    def outermost(self, split: Split, digit: int) -> NDArray[np.uint8]:  # noqa: ARG002
        return self.pixels[None]


DRAWN = [DrawnDigits(5).image("train", number % 10, number) for number in range(60)]


def scattered(seed: int) -> NDArray[np.uint8]:
    """Return an image with a few pixels of ink anywhere, or with ink everywhere."""
    chance = Random(seed)
    pixels = np.zeros((28, 28), np.uint8)
    for _ in range(int(chance.random() * 5)):
        pixels[int(28 * chance.random()), int(28 * chance.random())] = 1 + int(255 * chance.random())
    return pixels if pixels.any() else pixels + 255


IMAGES = st.one_of(st.sampled_from(DRAWN), st.integers(0, 2**32).map(scattered))
VIDEOS = st.builds(
    VideoSettings,
    seed=st.integers(0, 2**32),
    image_size=st.integers(28, 199),
    digit_size=st.one_of(st.just(28), st.integers(8, 44)),
    frames=st.integers(1, 41),
    motion_types=st.sampled_from(MOTIONS).map(lambda motion: (motion,)),
    margin=st.one_of(st.integers(0, 10).map(float), st.floats(0, 10)),
    rotation=st.floats(0, 180),
    scaling=st.floats(0, 0.3),
    jitter=st.floats(0, 5),
)


def surroundings(video: VideoSettings, pixels: NDArray[np.uint8], index: int) -> NDArray[np.int64] | None:
    """Return frame, row, column and value of each sample above zero near the digit, [4, n], wherever it is.

    None: the digit has no room.
    """
    sprites = draw_sprites(video, OneImage(pixels), VideoKey("train", 1, index))
    if isinstance(sprites, str):
        assert sprites == (NO_ROOM if shrunk(pixels, tile_side(video)).any() else NO_INK)
        return None
    (sprite,) = sprites
    half = int(sprite.reached.max()) + AROUND
    corners = sprite.centres // 256 - half
    windows = sample(
        Windows(
            packed(sprite.tile)[None],
            np.zeros(video.frames, np.int64),
            inverse_matrices(sprite.pose),
            sprite.centres,
            corners,
            2 * half + 1,
            2 * half + 1,
        )
    )
    number, row, column = np.nonzero(windows)
    return np.stack(
        [number, row + corners[number, 1], column + corners[number, 0], windows[number, row, column]]
    )


def holds_its_margin(video: VideoSettings, pixels: NDArray[np.uint8], index: int) -> None:
    ink = surroundings(video, pixels, index)
    if ink is None:
        has_ink = bool(shrunk(pixels, tile_side(video)).any())
        assert not has_ink or video.image_size < least_size(video, OneImage(pixels))
        return
    number, row, column, value = ink
    border = math.ceil(video.margin)
    for place in (row, column):
        assert border <= place.min(initial=border)
        assert place.max(initial=border) < video.image_size - border
    made = dict(Renderer(video, OneImage(pixels)).render("train", 1, [index]))[index]
    if isinstance(made, RenderedVideo):
        assert np.array_equal(made.frames[number, row, column], value)
        assert np.count_nonzero(made.frames) == len(value)
    else:
        assert made == "ink was lost"  # of single pixels, which fall between samples
        assert np.count_nonzero(pixels) < 10


@pytest.mark.soak
@settings(max_examples=2000)
@given(VIDEOS, IMAGES, st.integers(0, 1000))
def test_no_ink_is_in_the_margin(video: VideoSettings, pixels: NDArray[np.uint8], index: int) -> None:
    holds_its_margin(video, pixels, index)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=100_000)
@given(VIDEOS, IMAGES, st.integers(0, 1000))
def test_no_ink_is_in_the_margin_of_a_hundred_thousand_videos(
    video: VideoSettings, pixels: NDArray[np.uint8], index: int
) -> None:
    holds_its_margin(video, pixels, index)


def test_a_digit_too_faint_to_be_shrunk_is_rejected() -> None:
    faint = np.zeros((28, 28), np.uint8)
    faint[14, 14] = 1
    made = Renderer(VideoSettings(digit_size=10), OneImage(faint)).render("train", 1, [0])
    assert list(made) == [(0, NO_INK)]


def test_ink_does_reach_the_margin() -> None:
    """Room is not wasted: some of the videos touch the first pixels that they may."""
    video = VideoSettings(motion_types=MOTIONS)
    touched = 0
    for index in range(80):
        ink = surroundings(video, DRAWN[index % len(DRAWN)], index)
        assert ink is not None
        touched += bool(np.isin(ink[1:3], (5, 58)).any())
    assert touched >= 4
