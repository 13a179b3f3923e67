"""Removes the images of raw, cropped and classified: the configuration asks for it with remove_intermediate.

    marker on the disk ──> images are removed ──> the ledger says so

A run that finds the marker takes missing images for removed, whenever this was killed. Images that hands
have put into the folders stay: they may be the only copy.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui_gen.base.errors import ObstructedError, reason_of
from tui_gen.jobs.anime.facts import REMOVED
from tui_gen.jobs.anime.images.folders import INTERMEDIATE, Folders, Level
from tui_gen.jobs.anime.images.metadata import metadata_name
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.writing import SIDECAR_SUFFIXES
from tui_gen.jobs.anime.work.orders import Context, DatasetOrder
from tui_gen.jobs.anime.work.tidying import remove_empty_folders
from tui_gen.processes.orders.messages import Signs


def removed_images(context: Context, order: DatasetOrder, signs: Signs) -> dict[str, Any]:
    """Remove the images that the program made. Raises ObstructedError."""
    folders = context.settings.folders
    store = ImageStore(folders, context.hand)
    added, removed = {image.id for image in order.added}, 0
    try:
        _mark(folders)
        for level in reversed(INTERMEDIATE):
            removed += _remove(store, level, added, signs)
            _remove_metadata(folders.of(level))
            remove_empty_folders(folders.of(level))
        _remove_if_empty([*map(folders.of, INTERMEDIATE), *_above(folders)])
    except OSError as error:
        message = f"{error.filename or folders.output}: {reason_of(error)}"
        raise ObstructedError(message) from error
    return {
        "files": {},
        "size": 0,
        "record": {"removed": removed},
        "facts": [["dataset", {REMOVED: True}, []]],
    }


def _above(folders: Folders) -> list[Path]:
    """Return the folders above those of the levels, the innermost first, without the output folder."""
    parents = list(folders.of("raw").parents)
    return parents[: parents.index(folders.output)]


def _remove_if_empty(places: Iterable[Path]) -> None:
    for place in places:
        with suppress(OSError):  # it holds something, or is not there
            place.rmdir()


def _mark(folders: Folders) -> None:
    folders.state.mkdir(parents=True, exist_ok=True)
    with folders.removed_marker.open("wb") as file:
        os.fsync(file.fileno())
    place = os.open(folders.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _remove(store: ImageStore, level: Level, added: Collection[str], signs: Signs) -> int:
    """Remove the images of a level that have metadata of the program; return how many."""
    removed = 0
    for image, path in store.paths(level).items():
        if image not in added and store.has_metadata(level, image, path):
            path.unlink(missing_ok=True)
            for beside in (path.with_suffix(suffix) for suffix in SIDECAR_SUFFIXES):
                beside.unlink(missing_ok=True)
            removed += 1
        signs.give()
    return removed


def _remove_metadata(base: Path) -> None:
    """Remove the metadata files whose image is not there any more."""
    stems = {metadata_name(path.name) for path in base.rglob("[!.]*") if path.is_file()}
    for file in base.rglob(".*_meta.json"):
        if file.name not in stems:
            file.unlink(missing_ok=True)
