"""Finds the files in the folders of the dataset that neither the ledger nor the next run owns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tui_gen.jobs.anime import facts
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import Records
from tui_gen.jobs.anime.images.folders import LEVELS
from tui_gen.jobs.anime.images.walk import is_image
from tui_gen.jobs.anime.images.writing import SIDECAR_SUFFIXES
from tui_gen.jobs.anime.looking.verify import Whereabouts
from tui_gen.jobs.anime.work.balance import MULTIPLY
from tui_gen.jobs.anime.work.caption import CORE_TAGS, EMBEDDINGS, WILDCARDS

TEXTS = frozenset({CORE_TAGS, EMBEDDINGS, WILDCARDS})


def stray_files(settings: Settings, records: Records) -> Iterator[str]:
    """Yield files relative to the output folder, in order. Raises OSError."""
    where, folders = Whereabouts.of(settings, records), settings.folders
    added = {(image.level, image.id) for image in facts.added_images(records)}
    new = {
        folders.relative(folders.of(level)) + f"/{path}"
        for level in LEVELS
        for image, path in where.look.work[level].added.items()
        if (level, image) not in added
    }
    images = frozenset(
        image for level in LEVELS for image in (*where.store.paths(level), *where.look.work[level].dropped)
    )
    suffixes = {*SIDECAR_SUFFIXES, *(f".{name}" for name in settings.save_aux)}
    texts = {folders.relative(folders.texts / name) for name in TEXTS}
    for base in (folders.of("raw").parent, folders.texts):
        for path in _files_below(base):
            place = folders.relative(path)
            if place in texts or path.name == MULTIPLY:
                continue
            is_own = is_image(path.name) or _image_of(path.name, suffixes) in images
            if place in new or not is_own:
                yield place


def _files_below(base: Path) -> Iterator[Path]:
    for root, inner, names in os.walk(base):
        inner.sort()
        yield from (Path(root, name) for name in sorted(names))


def _image_of(name: str, suffixes: set[str]) -> str:
    """Return the image that a file tells of, by its name: its metadata, or its caption; "" for others.

    The files of an image that a hand moved without them are kept: the next run reads them.
    """
    if name.startswith(".") and name.endswith("_meta.json"):
        return name[1:].removesuffix("_meta.json")
    return PurePosixPath(name).stem if PurePosixPath(name).suffix in suffixes else ""
