"""The job, ready to run: makes its folders and removes the temporary files of a killed run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tui_gen.base.dead_writers import Whose
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
from tui_gen.jobs.superres.dataset.ownership import is_recorded, owners_of
from tui_gen.jobs.superres.dataset.preparing import prepare_output
from tui_gen.jobs.superres.stages import DecodingResources


@dataclass(frozen=True, slots=True)
class OpenedSuperResolution:
    """The job, ready to run. Its folders are not made yet."""

    job: ClusterJob
    found: tuple[ev.Event, ...]
    tools: tuple[str, ...]
    settings: Settings
    resources: DecodingResources

    @property
    def cluster_job(self) -> ClusterJob:
        """The job for machines other than the engine's."""
        return self.job

    def prepare(self, records: Mapping[str, SourceRecord]) -> None:
        """Make the folders, and remove the temporary files of dead writers. Raises OSError.

        A writer on another machine may be alive, although the run that it worked for has ended.
        """
        prepare_output(self.settings)
        self._sweep(records, "dead")

    def tidy(self, records: Mapping[str, SourceRecord]) -> None:
        """Remove all temporary files, also those that a lost machine may write now. Raises OSError."""
        self._sweep(records, "all")

    def _sweep(self, records: Mapping[str, SourceRecord], whose: Whose) -> None:
        for category in self.settings.whole_categories:
            owned = partial(is_recorded, category, owners_of(category, records), records)
            sweep_leftovers(self.settings.output, category.folder, owned, whose=whose)

    def follow_workers(self, count: int) -> None:
        """Divide the processors among this number of decoders."""
        self.resources.workers.count = count
