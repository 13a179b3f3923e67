"""Opens the job: finds the digits and decides whether a run may begin.

Nothing is written before `prepare`. An obstacle is a RefusedError that says what to change.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tui_gen.base.errors import RefusedError
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.videomnist.config.load import opened_pool
from tui_gen.jobs.videomnist.config.recipe import recipe_hash, recipe_of
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.config_capabilities import capabilities_of
from tui_gen.jobs.videomnist.dataset.hdf5 import h5py
from tui_gen.jobs.videomnist.opened import OpenedMovingDigits
from tui_gen.jobs.videomnist.other_recipe import made_by_another_recipe
from tui_gen.jobs.videomnist.stages import MovingDigits
from tui_gen.jobs.videomnist.units import all_sources
from tui_gen.jobs.videomnist.work.orders import Context
from tui_gen.processes.orders.child_process import Children

NOUNS = Nouns(
    source=Noun("digit", "digits"),
    clip=Noun("video", "videos"),
    patch=Noun("video", "videos"),
    image=Noun("video", "videos"),
    has_attempts=False,
)

WORKER_BYTES = 100_000_000
"""The memory of one worker: 20 MB were measured with frames of 64x64, and larger frames take more."""


@dataclass(frozen=True, slots=True)
class MovingDigitsConfig:
    """A configuration of this job that was read and is valid."""

    settings: Settings

    @property
    def run(self) -> RunConfig:
        """What the configurations of all jobs say about a run."""
        settings = self.settings
        return RunConfig(
            job="videomnist",
            path=settings.config_path,
            output=settings.output,
            source_count=sum(1 for _ in all_sources()),
            category_folders=(settings.h5_path, settings.samples_folder, settings.shards),
            status_file=settings.status_file,
            workers=settings.max_workers,
            schedule=settings.schedule,
            cluster=settings.cluster,
            worker_bytes=WORKER_BYTES,
            min_free_bytes=int(settings.min_free_gb * 1e9),
            output_key="output_dir",
            seed=settings.video.seed,
            notices=settings.notices,
            keymap=settings.keymap,
            hooks=settings.hooks,
        )

    @property
    def nouns(self) -> Nouns:
        """Digits and videos."""
        return NOUNS

    @property
    def capabilities(self) -> Capabilities:
        """What the configuration offers besides a run."""
        return capabilities_of(self.settings)

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        """Return nothing: no line of the ledger repeats a fact of another line."""
        del records, at
        return ()

    def open(
        self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False
    ) -> OpenedMovingDigits:
        """Find the digits. Raises RefusedError; writes nothing."""
        del may_write_beside  # the names in the output folder are the job's own
        return opened_job(self.settings, records)


def opened_job(settings: Settings, records: Mapping[str, SourceRecord]) -> OpenedMovingDigits:
    """Return the job, ready to run. Raises RefusedError without h5py, without digits and without room."""
    refuse_without_h5py()
    pool = opened_pool(settings)
    recipe = recipe_of(settings, pool.sha256)
    children = Children(
        Context(settings, pool, recipe_hash(recipe)), settings.max_workers, settings.nice, "rendering"
    )
    try:
        found = tuple(made_by_another_recipe(settings, records, children.context.recipe, at=time.time()))
    except OSError as error:
        message = f"{error.filename or settings.shards}: cannot be read ({error.strerror})"
        raise RefusedError(message) from error
    tools = (f"digits: {pool.description}",)
    return OpenedMovingDigits(MovingDigits(recipe, children), found, tools, records)


def refuse_without_h5py() -> None:
    """Raise RefusedError where the package is not installed; it is not imported here."""
    if importlib.util.find_spec("h5py") is None:
        h5py()
