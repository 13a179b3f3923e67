"""Looks at what a run needs: the package for HDF5, and the images of each digit."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_gen.base.formatting import count
from tui_gen.config.faults import ConfigProblem, ConfigurationError
from tui_gen.contract.inspect import Column, Condition, Inspected
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.videomnist.config.load import opened_pool
from tui_gen.jobs.videomnist.config.recipe import LEGACY_RECIPE, recipe_of
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.planning import plan_videos
from tui_gen.jobs.videomnist.units import RENDER, all_sources, split_and_digit

if TYPE_CHECKING:
    from tui_gen.jobs.videomnist.digits.pool import DigitPool

IMAGES, VIDEOS, USES = "images", "videos", "uses"
COLUMNS = (
    Column(IMAGES, is_number=True),
    Column(VIDEOS, is_number=True),
    Column(USES, is_number=True, note="uses: in how many videos an image is the digit, at most"),
)
SECONDS_PER_PIXEL = 1.6e-8
"""Processor time of a pixel of a frame, rendered and compressed: 1.1 ms for 17 frames of 64x64."""


def h5py_condition() -> Condition:
    """Return whether the package for HDF5 is installed."""
    if importlib.util.find_spec("h5py") is None:
        return Condition("h5py", "wrong", 'is not installed: pip install ".[videomnist]"')
    return Condition("h5py", "good", importlib.metadata.version("h5py"))


def inspection_of(settings: Settings) -> DigitInspection:
    """Prepare to inspect the digits. Writes nothing."""
    try:
        pool = opened_pool(settings)
    except ConfigurationError as error:
        says = Condition("digits", "wrong", "; ".join(map(_says, error.problems)))
        return DigitInspection(settings, None, (h5py_condition(), says))
    says = Condition("digits", "good", pool.description)
    return DigitInspection(settings, pool, (h5py_condition(), says))


def _says(problem: ConfigProblem) -> str:
    remedy = "tui-gen plan says how to get some" if problem.details else problem.remedy
    return f"{problem.key}: {problem.wrong}; {remedy}"


@dataclass(frozen=True, slots=True)
class DigitInspection:
    """The digits of a configuration."""

    settings: Settings
    pool: DigitPool | None  # None: they cannot be used
    conditions: Sequence[Condition]
    columns: Sequence[Column] = COLUMNS
    found: Sequence[ev.Event] = ()
    sources: Sequence[str] = field(default_factory=lambda: tuple(source for source, _, _ in all_sources()))

    @property
    def recipe(self) -> JsonObject | None:
        """What decides bytes, or None without digits."""
        return None if self.pool is None else recipe_of(self.settings, self.pool.sha256)

    @property
    def legacy_recipe(self) -> JsonObject:
        """What run folders have whose recipe lacks a key."""
        return LEGACY_RECIPE

    def planned(self, records: Mapping[str, SourceRecord], at: float) -> ev.StagePlanned:
        """Plan what a run would make."""
        return ev.StagePlanned(at, RENDER, plan_videos(self.settings, records, self.pool))

    async def look(self, source: str) -> Inspected:
        """Look at the first image of a digit, and count how often images are used."""
        split, digit = split_and_digit(source)
        name, path = source.replace("-", " "), str(self.settings.digits)
        if self.pool is None:
            reason = "there are no digits that can be used"
            return Inspected(source, name, path, "unusable", reason, group=split)
        began = time.perf_counter()
        self.pool.image(split, digit, 0)
        images, videos = self.pool.count(split, digit), self.settings.videos(split)
        uses = 1 if images is None else -(-videos // images)
        video = self.settings.video
        return Inspected(
            source,
            name,
            path,
            "good",
            cells={
                IMAGES: "any number" if images is None else count(images),
                VIDEOS: count(videos),
                USES: count(uses),
            },
            record={"images": images, "videos": videos, "uses": uses, "seconds": time.perf_counter() - began},
            seconds_per_clip=SECONDS_PER_PIXEL * video.frames * video.image_size**2 * video.slots,
            group=split,
        )
