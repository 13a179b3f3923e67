"""Lists the images below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tui_gen.jobs.anime.images.folders import IMAGE_SUFFIXES

TEMPORARY = ".part"


def images_below(folder: Path) -> list[str]:
    """Return the paths of all images relative to a folder, with forward slashes, in order.

    Hidden files and folders, unfinished files and links to folders are left out. A missing folder has none.
    Raises OSError.
    """
    return sorted(_walk(os.fspath(folder), ""))


def _walk(folder: str, prefix: str) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{prefix}{entry.name}/")
            elif is_image(entry.name):
                yield prefix + entry.name


def is_image(name: str) -> bool:
    """Return whether a file's name is that of an image."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122 - faster, called for each file


def stem_of(path: str) -> str:
    """Return the stem of an image's file: its id, unless the file was renamed."""
    return PurePosixPath(path).stem


def folder_of(path: str) -> str:
    """Return the folder of a relative path, "" for the uppermost one."""
    return path.rpartition("/")[0]
