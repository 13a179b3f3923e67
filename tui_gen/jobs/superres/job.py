"""Opens the job: examines the tools, the films and the folders, and decides whether a run may begin.

Nothing is written before `prepare`. A RefusedError states why a run may not begin and what to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.executors.ground import WorkerCount
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.chosen_ffmpeg import chosen_ffmpeg
from tui_gen.jobs.superres.config.recipe import recipe_of
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.config_capabilities import capabilities_of
from tui_gen.jobs.superres.dataset.lost_names import lost_names
from tui_gen.jobs.superres.dataset.ownership import refuse_foreign_files
from tui_gen.jobs.superres.films.identity import missing_of
from tui_gen.jobs.superres.films.same_film import refuse_split_films
from tui_gen.jobs.superres.films.source_check import (
    check_films,
    fingerprints_of,
    identified_films,
    opening_events,
    unreachable_films,
)
from tui_gen.jobs.superres.films.source_verdict import verdict_basis
from tui_gen.jobs.superres.opened import OpenedSuperResolution
from tui_gen.jobs.superres.planning.worker_memory import worker_bytes
from tui_gen.jobs.superres.stages import DecodingResources, SuperResolution
from tui_gen.media.presence import Presence


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
            schedule=settings.schedule,
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
        return lost_names(self.settings.run_folder / LEDGER_NAME, records, at)

    def open(
        self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False
    ) -> OpenedSuperResolution:
        """Examine ffmpeg, every film and the folders. Raises RefusedError; writes nothing."""
        settings = self.settings
        ffmpeg, fingerprints = chosen_ffmpeg(settings)
        identified = identified_films(settings, records)
        unreachable = unreachable_films(identified, records)
        check_films(settings, identified, records)
        refuse_split_films(settings, identified, records)
        if not may_write_beside:
            refuse_foreign_files(settings, records)
        sources = tuple((found.id, found.video) for found in identified)
        missing = missing_of(identified, unreachable)
        resources = DecodingResources(ffmpeg, settings.ffmpeg_threads, WorkerCount(settings.max_workers))
        job = SuperResolution(
            settings,
            sources,
            missing=missing,
            presence=Presence(fingerprints_of(identified, records)),
            recipe=recipe_of(settings, sources, ffmpeg=ffmpeg, fingerprints=fingerprints),
            resources=resources,
            is_beside_others=may_write_beside,
        )
        found = tuple(opening_events(identified, unreachable, records, verdict_basis(settings, ffmpeg)))
        tools = (f"ffmpeg {ffmpeg.version} ({ffmpeg.path})",)
        return OpenedSuperResolution(job, found, tools, settings, resources)
