"""The plan of a run, calculated from its ledger alone, without looking at a film or starting ffmpeg. Pure.

A film counts as unchanged since it was last seen. A film that no run has seen counts as found.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tui_gen.base.errors import RefusedError
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Plan
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.near_duplicates import planned_without
from tui_gen.jobs.superres.dataset.split_leakage import uncounted
from tui_gen.jobs.superres.films.identity import LibraryError, identify, known_files
from tui_gen.jobs.superres.planning.footage import Sources
from tui_gen.jobs.superres.planning.plan import plan_extract
from tui_gen.media.film_files import FileLook, NoFile


def expected_plan(settings: Settings, records: Mapping[str, SourceRecord]) -> Plan:
    """Return the plan of the clips. Raises RefusedError if two entries share a path or an id."""
    sources = remembered_sources(settings, records)
    plan = partial(plan_extract, settings, sources, missing=frozenset())
    return planned_without(uncounted(settings), records, lambda counting: plan(records=counting))


def remembered_sources(settings: Settings, records: Mapping[str, SourceRecord]) -> Sources:
    """Return the films with their recorded ids. Raises RefusedError as `expected_plan` does."""
    known = known_files(records)
    looks = {video.path: _remembered(video.path, known.get(video.path)) for video in settings.videos}
    try:
        identified = identify(settings.videos, looks, records)
    except LibraryError as error:
        message = "\n".join(f"{settings.config_path}: videos: {problem}" for problem in error.problems)
        raise RefusedError(message) from error
    return tuple((found.id, found.video) for found in identified)


def _remembered(path: str, file: JsonObject | None) -> FileLook | NoFile:
    if file is None:
        return NoFile(path, "not met by any run", is_missing=True)
    return FileLook(path, file["size"], file["mtime_ns"], file["folder_device"], file["fingerprint"])
