"""What the settings of a run are in the words of the files: formats and layouts.

Every child that renders loads this: the samples and their encoders are not loaded here.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_gen.engine.model.clip_sets import members
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_layout import DatasetFacts, H5Layout
from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat
from tui_gen.jobs.videomnist.model import SPLITS, VideoKey
from tui_gen.jobs.videomnist.units import all_sources
from tui_gen.jobs.videomnist.work.orders import Context


def format_of(settings: Settings) -> VideoFormat:
    """Return the format of the videos of a configuration."""
    return VideoFormat.of(
        settings.video,
        channels=settings.channels,
        is_compressed=settings.is_compressed,
        has_truth=settings.has_truth,
        has_captions=settings.has_captions,
    )


def layout_of(context: Context, made: Mapping[str, int]) -> H5Layout:
    """Return the layout of a file with the videos that are made; the others are left out."""
    settings = context.settings
    missing = {
        VideoKey(split, digit, index)
        for source, split, digit in all_sources()
        for index in members(((1 << settings.videos(split)) - 1) & ~made[source])
    }
    facts = DatasetFacts(
        sequence_length=settings.sequence_length,
        fps=settings.fps,
        margin=settings.video.margin,
        seed=settings.video.seed,
        motion_types=settings.video.motion_types,
        digits=context.pool.description,
        digits_sha256=context.pool.sha256,
        recipe=context.recipe.hex(),
    )
    videos = {split: settings.videos(split) for split in SPLITS}
    return H5Layout(format_of(settings), facts, videos, frozenset(missing))
