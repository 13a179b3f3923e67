"""Opens the job: examines the tools, the films and the folders, and decides whether a run may begin.

Nothing is written before `prepare`. A RefusedError states why a run may not begin and what to change.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_gen.engine.executors.ground import WorkerCount
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.chosen_ffmpeg import chosen_ffmpeg
from tui_gen.jobs.superres.config.recipe import recipe_of
from tui_gen.jobs.superres.config.settings import Settings
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
from tui_gen.jobs.superres.stages import DecodingResources, SuperResolution
from tui_gen.media.presence import Presence


def open_job(
    settings: Settings, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False
) -> OpenedSuperResolution:
    """Examine ffmpeg, every film and the folders. Raises RefusedError; writes nothing."""
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
