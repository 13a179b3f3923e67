"""A video with a fault is not made."""

from dataclasses import replace

import numpy as np
import pytest

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import RenderedVideo, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.render import renderer
from tui_gen.jobs.videomnist.render.checks import margin_is_empty, rejection
from tui_gen.jobs.videomnist.render.composition import Placed
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.render.sprites import draw_sprites

SETTINGS = VideoSettings()
POOL = DrawnDigits(1)


@pytest.mark.parametrize("place", [(0, 4, 30), (3, 59, 30), (1, 30, 4), (2, 30, 59)])
def test_one_pixel_in_the_margin_is_found(place: tuple[int, int, int]) -> None:
    frames = np.zeros((4, 64, 64), np.uint8)
    frames[:, 5:59, 5:59] = 200
    assert margin_is_empty(frames, 5)
    frames[place] = 1
    assert not margin_is_empty(frames, 5)
    assert rejection(SETTINGS, frames, []) == "ink in the margin"


def test_a_margin_of_nothing_is_empty() -> None:
    assert margin_is_empty(np.ones((1, 8, 8), np.uint8), 0)


@pytest.mark.parametrize(("share", "reason"), [(0.7, "ink was lost"), (1.3, "ink was lost"), (1.0, None)])
def test_ink_that_is_lost_or_gained_is_found(share: float, reason: str | None) -> None:
    sprites = draw_sprites(SETTINGS, POOL, VideoKey("train", 0, 0))
    assert not isinstance(sprites, str)
    due = sprites[0].pose.scales ** 2 * sprites[0].tile.sum(dtype=np.int64)
    pixels = np.zeros((17, 40, 40), np.uint8)
    pixels.reshape(17, -1)[:] = np.rint(share * due / 1600)[:, None]
    placed = Placed(pixels, np.zeros((17, 2), np.int64))
    assert rejection(SETTINGS, np.zeros((17, 64, 64), np.uint8), [(sprites[0], placed)]) == reason


def test_a_rejected_video_leaves_the_others_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dict(Renderer(SETTINGS, POOL).render("train", 2, range(10)))
    reasons = iter([None, "a fault", None] + [None] * 7)
    monkeypatch.setattr(renderer, "rejection", lambda *_: next(reasons))
    made = dict(Renderer(SETTINGS, POOL).render("train", 2, range(10)))
    assert made.pop(1) == "a fault"
    for index, video in made.items():
        other = whole[index]
        assert isinstance(video, RenderedVideo)
        assert isinstance(other, RenderedVideo)
        assert np.array_equal(video.frames, other.frames)


def test_videos_without_room_are_told(caplog: pytest.LogCaptureFixture) -> None:
    small = replace(SETTINGS, image_size=30)
    made = dict(Renderer(small, POOL).render("train", 2, range(3)))
    assert set(made.values()) == {"the frame is too small for the digit"}
    assert not caplog.records
