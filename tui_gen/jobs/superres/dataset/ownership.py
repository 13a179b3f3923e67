"""Decides whether a file in the output folder is recorded in the ledger. Other files are never changed."""

from __future__ import annotations

from collections.abc import Mapping

from tui_gen.base.errors import RefusedError
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Category, Settings
from tui_gen.jobs.superres.dataset.file_kinds import is_kind_folder
from tui_gen.jobs.superres.dataset.folders import OutputError, foreign_files
from tui_gen.jobs.superres.dataset.lost_names import PATCH_FILE
from tui_gen.jobs.superres.dataset.split import part_name, split_of_folder
from tui_gen.jobs.superres.units import EXTRACT


def owners_of(category: Category, records: Mapping[str, SourceRecord]) -> dict[str, str]:
    """Return slug -> source for the slugs recorded in a category."""
    key = f"slug:{category.name}"
    return {record.facts[key]: source for source, record in records.items() if record.facts.get(key)}


def is_recorded(
    category: Category, owners: Mapping[str, str], records: Mapping[str, SourceRecord], path: str
) -> bool:
    """Return whether a ledger line records the file at `path`, relative to the output folder."""
    parts = path.split("/")
    match = PATCH_FILE.fullmatch(parts[-1])
    if match is None or not is_kind_folder(parts[-2]):
        return False
    source = owners.get(match["slug"])
    if source is None:
        return False
    made = records[source].stage(EXTRACT).made
    part = part_name(category.name, split_of_folder(parts[-3]))
    # Files moved to a validation folder by hand still belong to the whole category.
    return bool((made.get(part, 0) | made.get(category.name, 0)) >> int(match["index"]) & 1)


def refuse_foreign_files(settings: Settings, records: Mapping[str, SourceRecord]) -> None:
    """Raise RefusedError if the folder of a category without patches already has files."""
    for category in settings.whole_categories:
        owners = owners_of(category, records)
        if owners:  # a run began before: files there were accepted, or are its own
            continue
        try:
            foreign = foreign_files(settings.output, category.folder, lambda _path: False)
        except OutputError as error:
            message = f"{error.filename}: {error.strerror}"
            raise RefusedError(message) from error
        if foreign is not None:
            message = (
                f"{settings.output / foreign}: files that no ledger owns lie in the folder of category "
                f'"{category.name}"; choose another folder in "category_paths", move them away, or write '
                "next to them with --beside (nothing of theirs is replaced)"
            )
            raise RefusedError(message)
