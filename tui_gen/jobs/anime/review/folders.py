"""Reads the folders below classified/, and finds the files that belong to an image.

Anna/x.png  <── .x_meta.json, x.txt, x.tags, x.<attribute>     files that follow the image
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from tui_gen.jobs.anime.images.metadata import metadata_name
from tui_gen.jobs.anime.images.walk import is_image as has_image_suffix
from tui_gen.jobs.anime.review.names import same_name


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one folder, sorted by name."""

    images: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def followers(self, images: Collection[str]) -> list[str]:
        """Return the files that follow images of this folder which leave it.

        A file that belongs to two images of one stem follows the last of them.
        """
        staying = {_stem(name) for name in self.images if name not in images}
        leaving = {_stem(name) for name in images} - staying
        metadata = {metadata_name(name) for name in images if _stem(name) in leaving}
        return [name for name in self.others if name in metadata or _stem(name) in leaving]

    def clash(self, name: str) -> str | None:
        """Return the file of this folder that stands in the way of a file with this name, or None.

        Two images of one stem would share their metadata.
        """
        for other in (*self.images, *self.others):
            if same_name(other) == same_name(name):
                return other
        if not is_image(name):
            return None
        wanted = same_name(_stem(name))
        return next((other for other in self.images if same_name(_stem(other)) == wanted), None)


Folders = Mapping[str, Folder]
"""The folders by their paths below classified/, with forward slashes."""


def read_folders(classified: Path) -> dict[str, Folder]:
    """Read all folders below classified/, but no hidden ones and none that links lead to. Raises OSError."""
    found: dict[str, Folder] = {}
    waiting = [""]
    while waiting:
        group = waiting.pop()
        try:
            folder, below = _read(classified / group)
        except (FileNotFoundError, NotADirectoryError):
            if not group:
                raise
            continue  # moved away since the folder above was read
        waiting += [f"{group}/{name}" if group else name for name in below]
        if group:
            found[group] = folder
    return found


def _read(path: Path) -> tuple[Folder, list[str]]:
    images, others, below = [], [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below += [] if entry.name.startswith(".") else [entry.name]
            elif is_image(entry.name):
                images.append(entry.name)
            else:
                others.append(entry.name)
    return Folder(tuple(sorted(images)), tuple(sorted(others))), below


def is_image(name: str) -> bool:
    """Return whether a file is an image, by its name."""
    return not name.startswith(".") and has_image_suffix(name)


def below(group: str, folders: Folders) -> Iterator[str]:
    """Yield a group and all groups below it, as far as they are folders."""
    return (name for name in folders if name == group or name.startswith(f"{group}/"))


def _stem(name: str) -> str:
    return PurePath(name).stem
