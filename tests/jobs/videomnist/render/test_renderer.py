"""A video holds what its truth says of it, and nothing else."""

from dataclasses import replace

import numpy as np

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import MOTIONS, RenderedVideo, VideoSettings
from tui_gen.jobs.videomnist.render.renderer import Renderer

DEFAULT = VideoSettings()


def rendered(settings: VideoSettings, count: int = 4, digit: int = 3) -> list[RenderedVideo]:
    found = Renderer(settings, DrawnDigits(1)).render("train", digit, range(count))
    videos = [video for _, video in found if isinstance(video, RenderedVideo)]
    assert len(videos) == count
    return videos


def test_the_boxes_of_a_digit_are_those_of_its_pixels() -> None:
    for video in rendered(replace(DEFAULT, motion_types=MOTIONS), 16):
        for frame, (left, top, right, bottom) in zip(video.frames, video.boxes[:, 0].tolist(), strict=True):
            rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
            assert (left, top) == (columns[0], rows[0])
            assert (right, bottom) == (columns[-1] + 1, rows[-1] + 1)


def test_a_video_does_not_depend_on_those_that_are_asked_for_with_it() -> None:
    renderer = Renderer(replace(DEFAULT, digits_per_video=(1, 2, 3)), DrawnDigits(1))
    together = dict(renderer.render("test", 5, range(11)))
    for index, alone in renderer.render("test", 5, [7, 2]):
        other = together[index]
        assert isinstance(alone, RenderedVideo)
        assert isinstance(other, RenderedVideo)
        assert np.array_equal(alone.frames, other.frames)
        assert np.array_equal(alone.boxes, other.boxes)
        assert alone.caption == other.caption
