"""A configuration of this job, as the commands see it.

Opening the job imports the modules that it needs: commands that only read or steer a run start without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.config_capabilities import capabilities_of
from tui_gen.jobs.superres.planning.worker_memory import worker_bytes

if TYPE_CHECKING:
    from tui_gen.jobs.superres.opened import OpenedSuperResolution


@dataclass(frozen=True, slots=True)
class SuperResolutionConfig:
    """A configuration of this job that was read and is valid."""

    settings: Settings

    @property
    def run(self) -> RunConfig:
        """The settings that the configurations of all jobs have."""
        settings = self.settings
        return RunConfig(
            job=settings.job,
            path=settings.config_path,
            output=settings.output,
            source_count=len(settings.videos),
            category_folders=tuple(settings.output / each.folder for each in settings.whole_categories),
            status_file=settings.status_file,
            workers=settings.max_workers,
            open_sources=settings.open_sources,
            schedule=settings.schedule,
            cluster=settings.cluster,
            worker_bytes=worker_bytes(settings),
            min_free_bytes=int(settings.min_free_gb * 1e9),
            output_key="output_base_dir",
            min_free_key="base_settings.min_free_gb",
            seed=settings.seed,
            notices=settings.notices,
            keymap=settings.keymap,
            hooks=settings.hooks,
        )

    @property
    def nouns(self) -> Nouns:
        """Videos, clips, patches and images."""
        return USUAL_NOUNS

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of the configuration besides a run."""
        return capabilities_of(self.settings)

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        """Return the names of files that a damaged ledger lost, derived from the patches with these names."""
        from tui_gen.jobs.superres.dataset.lost_names import lost_names

        return lost_names(self.settings.run_folder / LEDGER_NAME, records, at)

    def open(
        self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False
    ) -> OpenedSuperResolution:
        """Examine ffmpeg, every film and the folders. Raises RefusedError; writes nothing."""
        from tui_gen.jobs.superres.opening import open_job

        return open_job(self.settings, records, may_write_beside=may_write_beside)
