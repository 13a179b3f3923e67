"""Videos have the same bytes on every machine, with every version of Python and numpy.

Whoever changes a hash changes the videos of everybody's seeds: then `draws.RULES` changes with it.
"""

import hashlib
from dataclasses import fields, replace

import numpy as np
import pytest

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import MOTIONS, RenderedVideo, Split, VideoSettings
from tui_gen.jobs.videomnist.render.renderer import Renderer

DEFAULT = VideoSettings()
CASES = {
    "default": DEFAULT,
    **{motion: replace(DEFAULT, motion_types=(motion,), frames=9) for motion in MOTIONS},
    "small digits": replace(DEFAULT, digit_size=15, image_size=33),
    "large digits": replace(DEFAULT, digit_size=61, image_size=131, rotation=180.0, scaling=0.3, frames=3),
    "over": replace(DEFAULT, digits_per_video=(3,), compose="over", margin=0.5),
    "add": replace(DEFAULT, digits_per_video=(2, 5), compose="add", masks=True),
    "avoid": replace(DEFAULT, digits_per_video=(2,), overlap="avoid", image_size=96, motion_types=MOTIONS),
    "one frame": replace(DEFAULT, frames=1, seed=2**40),
}
HASHES: dict[str, str] = {
    "default": "8429611419fb8b9e11a20a30b7093ef3",
    "bounce": "5135cd94adb14826aa673840422109b7",
    "circular": "a4daa55d4ca455235efbf4bfa9546c5e",
    "linear": "39e4f2735f211be9609ba41effb460d4",
    "spiral": "c8969be99b8a2631ef9f3dd7d92da47e",
    "reflect": "bec59248e754d60599ebb761e33ec960",
    "stochastic": "6934d8a899a96072b33ee8677355ce87",
    "vertical": "d7b9000d0dcd178a807957e768dabd16",
    "horizontal": "b49251c6d8f760991ae28cdee4bb1580",
    "small digits": "53aed6ae7a38aa5d7a3246c13ca187f1",
    "large digits": "51e53618dbf787c78af6a2b901c92095",
    "over": "0c7a006ab652fff9049772b00d7d6aa7",
    "add": "7e5efb7d81a856693a3d4750ebe1be46",
    "avoid": "e0bb6e99c69876946a37b1692e91651d",
    "one frame": "1faad9933ae8dfe1f86a726ed7306376",
}


def hash_of(video: RenderedVideo) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for field in fields(video):
        value = getattr(video, field.name)
        if isinstance(value, np.ndarray):
            value = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<")))
            found.update(f"{field.name} {value.dtype.str} {value.shape}\n".encode())
            found.update(value.data)
        else:
            found.update(f"{field.name} {value}\n".encode())
    return found.digest()


def hash_of_case(settings: VideoSettings) -> str:
    found = hashlib.blake2b(digest_size=16)
    of_both: tuple[tuple[Split, int], ...] = (("train", 3), ("test", 8))
    for split, digit in of_both:
        for index, video in Renderer(settings, DrawnDigits(42)).render(split, digit, [0, 1, 2, 3, 500]):
            found.update(f"{split} {digit} {index} ".encode())
            found.update(hash_of(video) if isinstance(video, RenderedVideo) else video.encode())
    return found.hexdigest()


@pytest.mark.parametrize("case", CASES)
def test_videos_are_those_of_every_machine(case: str) -> None:
    assert hash_of_case(CASES[case]) == HASHES[case]


def test_the_drawn_images_are_those_of_every_machine() -> None:
    found = hashlib.blake2b(digest_size=16)
    for digit in range(10):
        for number in range(20):
            found.update(DrawnDigits(42).image("train", digit, number).data)
    assert found.hexdigest() == "98b86c37387f96eecfd5d92f6a628e2a"
