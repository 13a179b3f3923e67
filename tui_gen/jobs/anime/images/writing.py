"""Writes files whole, links images, and moves what is no longer wanted to the superseded files.

No file has its final name before it is whole, and no image is deleted.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from tui_gen.base.dead_writers import Whose, remove_temporaries
from tui_gen.base.errors import ObstructedError, reason_of
from tui_gen.base.writer_token import new_token
from tui_gen.jobs.anime.images.metadata import metadata_name
from tui_gen.jobs.anime.images.walk import TEMPORARY

SIDECAR_SUFFIXES = (".txt", ".tags", ".characters", ".npz")
"""Files beside an image that have its stem and go where the image goes."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name and rename it. An equal file is left alone.

    Raises ObstructedError if the disk refuses: the work waits, and goes on when the disk allows it again.
    """
    part = path.with_name(f".{path.name}.{new_token()}{TEMPORARY}")
    try:
        if path.exists() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _obstructed(path, error) from error


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system has no links, copy the file whole.

    Does nothing if the target is the same file or an equal one. Raises ObstructedError, and FileNotFoundError
    without the source.
    """
    try:
        if target.exists() and (target.samefile(source) or filecmp.cmp(source, target, shallow=False)):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{new_token()}{TEMPORARY}")
        try:
            os.link(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except FileNotFoundError:
        raise
    except OSError:
        write_whole(target, source.read_bytes())


def move_image(image: Path, target: Path) -> None:
    """Move an image and the files beside it. Raises ObstructedError; FileNotFoundError without the image."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for source, place in zip(_with_sidecars(image), _with_sidecars(target), strict=True):
            if source != image:
                with suppress(FileNotFoundError):
                    source.replace(place)
        image.replace(target)  # last: an image without its files is never left behind
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _obstructed(target, error) from error


def supersede(image: Path, output: Path, superseded: Path) -> None:
    """Move an image and the files beside it to the superseded files. A missing image is passed over."""
    if not image.exists():
        return
    with suppress(FileNotFoundError):
        move_image(image, _free_place(image, output, superseded))


def supersede_file(file: Path, output: Path, superseded: Path) -> None:
    """Move a file to the superseded files; those beside it stay. Raises OSError."""
    place = _free_place(file, output, superseded)
    place.parent.mkdir(parents=True, exist_ok=True)
    file.replace(place)


def remove_unfinished(folder: Path, whose: Whose) -> None:
    """Remove temporary files below a folder. Raises OSError."""
    found = [str(path.relative_to(folder)) for path in folder.rglob(f".*{TEMPORARY}")]
    if found:
        remove_temporaries(folder, found, whose, suffix=TEMPORARY)


def _free_place(file: Path, output: Path, superseded: Path) -> Path:
    place = superseded / file.relative_to(output)
    return next(name for name in _numbered(place) if not name.exists())


def _numbered(place: Path) -> Iterator[Path]:
    yield place
    yield from (place.with_name(f"{place.stem}.{number}{place.suffix}") for number in count(2))


def _with_sidecars(image: Path) -> list[Path]:
    beside = [image.with_suffix(suffix) for suffix in SIDECAR_SUFFIXES]
    return [image.with_name(metadata_name(image.name)), *beside, image]


def _obstructed(path: Path, error: OSError) -> ObstructedError:
    return ObstructedError(f"{path}: {reason_of(error)}")
