"""Videos and files for the tests of this folder: rendered ones, and made-up ones of any shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from tui_gen.jobs.videomnist.dataset.assemble import Assembled, assemble
from tui_gen.jobs.videomnist.dataset.h5_layout import DatasetFacts, H5Layout
from tui_gen.jobs.videomnist.dataset.stored_video import StoredVideo, store
from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat
from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import CLASSES, RenderedVideo, Split, VideoKey, VideoSettings
from tui_gen.jobs.videomnist.render.renderer import Renderer

RECIPE = bytes(range(16))
SETTINGS = VideoSettings()
FORM = VideoFormat.of(SETTINGS)
FACTS = DatasetFacts(
    sequence_length=16,
    fps=10,
    margin=5.0,
    seed=42,
    motion_types=SETTINGS.motion_types,
    digits="drawn",
    digits_sha256="0" * 64,
    recipe=RECIPE.hex(),
)
Store = Callable[[VideoKey], StoredVideo]


@cache
def rendered(key: VideoKey, settings: VideoSettings = SETTINGS) -> RenderedVideo:
    """Return a video as the program renders it, with drawn digits."""
    ((_, video),) = Renderer(settings, DrawnDigits(settings.seed)).render(key.split, key.digit, [key.index])
    assert isinstance(video, RenderedVideo), video
    return video


def rendering(form: VideoFormat = FORM, settings: VideoSettings = SETTINGS) -> Store:
    """Return what stores rendered videos."""
    return lambda key: store(rendered(key, settings), form)


def made_up(key: VideoKey, form: VideoFormat) -> RenderedVideo:
    """Return a video of any shape: the values tell the video, and no two arrays are alike."""
    random = np.random.default_rng([ord(key.split[1]), key.digit, key.index])
    frames, side, slots = form.frames, form.image_size, form.slots
    return RenderedVideo(
        frames=random.integers(0, 256, (frames, side, side), np.uint8) // 64 * 64,
        label=key.digit,
        digits=np.array([key.digit, *[-1] * (slots - 1)], np.int64),
        motion=np.array([key.index % 3, *[255] * (slots - 1)], np.uint8),
        sources=np.array([key.index // 2, *[-1] * (slots - 1)], np.int32),
        positions=random.random((frames, slots, 2), np.float32),
        angles=random.random((frames, slots), np.float32),
        scales=random.random((frames, slots), np.float32),
        boxes=random.integers(0, side, (frames, slots, 4), np.int16),
        params=random.random((slots, 8), np.float32),
        caption=f"digit {key.digit} is moving" + " über" * (key.index % 2),
        masks=random.integers(0, 1 << slots, (frames, side, side), np.uint8) if form.has_masks else None,
    )


def making_up(form: VideoFormat) -> Store:
    """Return what stores made-up videos."""
    return lambda key: store(made_up(key, form), form)


def layout_of(
    videos_per_digit: int = 2,
    *,
    form: VideoFormat = FORM,
    left_out: frozenset[VideoKey] = frozenset(),
    facts: DatasetFacts = FACTS,
) -> H5Layout:
    """Return the layout of a file with so many training videos of a digit, and one test video."""
    counts: Mapping[Split, int] = {"train": videos_per_digit, "test": 1}
    frames = min(form.frames, facts.sequence_length)
    return H5Layout(form, replace(facts, sequence_length=frames), counts, left_out)


def write_file(path: Path, videos_per_digit: int = 2) -> Assembled:
    """Write a file of rendered videos."""
    return assemble(path, layout_of(videos_per_digit), rendering())


def all_digits(split: Split, index: int) -> list[VideoKey]:
    """Return the ten videos of one index."""
    return [VideoKey(split, digit, index) for digit in range(CLASSES)]
