"""What an export consists of, as values: nothing here touches the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path, PurePosixPath

from tui_gen.jobs.anime.balance.multiply import FolderBalance

SEPARATOR = "~"
"""Between the folders of a path that becomes one name."""
ROOT_NAME = "images"
"""The name of a folder for images that lie in the training set's folder itself."""
_LONGEST_NAME = 200  # bytes; a file system takes 255, and trainers put words before and behind
_DIGEST_LETTERS = 12


@dataclass(frozen=True, slots=True)
class ExportImage:
    """An image of the training set."""

    file: Path  # absolute
    caption: str
    folder: str  # relative to the source folder of the balance, with forward slashes; "" is that folder


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """The images of one folder, and how often they are repeated."""

    folder: str
    multiply: Decimal
    repeats: int  # whole, at least 1
    flat_name: str  # the path as one name that no other folder has: "1_character~Frieren"
    images: tuple[ExportImage, ...]  # ordered by the names of their files


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What the files of an export say beside paths and repeats. None: the entry is left out."""

    resolution: int | None = None  # of training, in pixels of a square's side
    keep_tokens_separator: str | None = None  # as it stands in the captions
    bucket_reso_steps: int = 64  # what sd-scripts takes without an entry


@dataclass(frozen=True, slots=True)
class Link:
    """An image at its place in the export."""

    source: Path
    target: str  # relative to the export, with forward slashes


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """All of an export."""

    files: Mapping[str, str]  # text by path, relative to the export, with forward slashes
    links: tuple[Link, ...]
    notes: tuple[str, ...] = ()  # what a user of the layout has to know


def export_folders(
    images: Iterable[ExportImage], balance: Iterable[FolderBalance]
) -> tuple[ExportFolder, ...]:
    """Return the folders with images, ordered by their paths.

    Raises KeyError for a folder without a balance, ValueError where two images of one folder have one stem.
    """
    by_folder = {each.folder: each for each in balance}
    found = sorted(images, key=lambda image: (PurePosixPath(image.folder).parts, image.file.name))
    folders: list[ExportFolder] = []
    names: set[str] = set()
    for folder, group in groupby(found, key=lambda image: image.folder):
        members = tuple(group)
        _refuse_equal_stems(folder, members)
        name = _flat_name(folder, names)
        names.add(name.casefold())
        mine = by_folder[folder]
        folders.append(ExportFolder(folder, mine.multiply, mine.repeats, name, members))
    return tuple(folders)


def contents(images: Iterable[ExportImage], place: str) -> Iterator[tuple[Link, str, str]]:
    """Yield the link of each image in a folder of the export, and the path and text of its caption.

    A caption ends with a line feed: sd-scripts (DreamBoothDataset.read_caption) takes no empty file.
    """
    prefix = f"{place}/" if place else ""
    for image in images:
        target = f"{prefix}{image.file.name}"
        yield Link(image.file, target), f"{prefix}{image.file.stem}.txt", f"{image.caption.strip()}\n"


def shortened(name: str) -> str:
    """Return a name that every file system takes: of a long one the beginning and a digest of the whole."""
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= _LONGEST_NAME:
        return name
    beginning = encoded[: _LONGEST_NAME - _DIGEST_LETTERS - 1].decode("utf-8", "ignore")
    return f"{beginning}{SEPARATOR}{_digest(name)}"


def _flat_name(folder: str, taken: AbstractSet[str]) -> str:
    """Return the path as one name; with a digest where another folder has it ("a~b" beside "a/b")."""
    name = SEPARATOR.join(PurePosixPath(folder).parts) or ROOT_NAME
    short = shortened(name)
    if short.casefold() not in taken:
        return short
    return f"{short}{SEPARATOR}{_digest(folder)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST_LETTERS]


def _refuse_equal_stems(folder: str, images: tuple[ExportImage, ...]) -> None:
    stems: dict[str, str] = {}
    for image in images:
        other = stems.setdefault(image.file.stem, image.file.name)
        if other != image.file.name:
            message = f"{folder}: {other} and {image.file.name} would have one caption; rename one of them"
            raise ValueError(message)
