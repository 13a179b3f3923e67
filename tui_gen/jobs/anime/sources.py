"""Finds the episodes and the folders of images that a configuration names, and numbers the episodes.

A source's id begins the names of its images, so it must not change: `<prefix>_EP<number>` for an episode,
the folder's name for a folder of images.
"""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePath
from typing import Literal

from tui_gen.base.formatting import display_name
from tui_gen.jobs.anime.images.ids import frame_id
from tui_gen.jobs.anime.images.walk import images_below, is_image
from tui_gen.media.names.release_names import read_name

VIDEO_SUFFIXES = frozenset({
    ".mkv", ".mp4", ".m4v", ".mov", ".webm", ".avi", ".wmv", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg",
    ".vob", ".ogv", ".ogm", ".rmvb", ".3gp", ".hevc",
})  # fmt: skip
ADDED = "@added"
"""The source of images that were put into the folders by hand."""
_EPISODE = re.compile(r"E(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """An episode or a folder of images."""

    id: str
    path: str  # absolute
    kind: Literal["episode", "images"]
    prefix: str = ""
    number: int = 0  # of the episode

    @property
    def name(self) -> str:
        """What a user calls it: the name of its file or folder."""
        return Path(self.path).name

    def frame_id(self, frame: int) -> str:
        """Return the id of a frame of this episode."""
        return frame_id(self.prefix, self.number, frame)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry of the configuration."""

    place: int  # in the list of the configuration
    path: str  # absolute
    number: int | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class SourceFault:
    """What is wrong with an entry."""

    place: int
    wrong: str
    remedy: str


def find_sources(
    entries: Sequence[Wanted], *, prefix: str, first_number: int | None
) -> tuple[tuple[Source, ...], list[SourceFault]]:
    """Return the sources in order, and what is wrong with entries. Reads folders; opens no file.

    `first_number` numbers the episodes in their order; None: by the numbers in their names.
    """
    faults: list[SourceFault] = []
    found: list[tuple[Wanted, Source]] = []
    for entry in entries:
        try:
            found += ((entry, source) for source in _sources_of(entry, prefix))
        except OSError as error:
            reason = (error.strerror or "cannot be read").lower()
            faults.append(
                SourceFault(entry.place, f"{display_name(entry.path)}: {reason}", "name what is there")
            )
    episodes = [pair for pair in found if pair[1].kind == "episode"]
    numbers = _numbers(episodes, first_number)
    sources = [_numbered(entry, source, numbers) for entry, source in found]
    faults += _clashes([entry for entry, _ in found], sources)
    return tuple(sources), faults


def _sources_of(entry: Wanted, prefix: str) -> Iterator[Source]:
    path = Path(entry.path)
    if not path.is_dir():
        path.stat()
        yield _episode(path, entry, prefix)
        return
    files = sorted((each for each in _files_below(path)), key=_natural)
    videos = [each for each in files if each.suffix.lower() in VIDEO_SUFFIXES]
    if not videos and not images_below(path):
        raise OSError(0, "no video and no image is in this folder")
    for video in videos:
        yield _episode(video, entry, prefix)
    if not videos:
        name = entry.prefix or path.name
        yield Source(re.sub(r"[^\w.+ -]", "_", name), str(path), "images")


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(root, name) for name in names if not name.startswith(".") and not is_image(name))


def _natural(path: Path) -> tuple[tuple[int, int | str], ...]:
    """Return a key by which 10 comes after 9."""
    parts = re.split(r"(\d+)", str(path).casefold())
    return tuple((1, int(part)) if part.isdecimal() else (0, part) for part in parts)


def _episode(path: Path, entry: Wanted, prefix: str) -> Source:
    return Source("", str(path), "episode", prefix if entry.prefix is None else entry.prefix)


def _numbers(episodes: Sequence[tuple[Wanted, Source]], first: int | None) -> dict[str, int]:
    """Return path -> number of the episode.

    Episodes without a number follow those with one, so that a file that is added changes no other number.
    """
    if first is not None:
        return {source.path: first + place for place, (_, source) in enumerate(episodes)}
    named = {source.path: number_in(source.name) for _, source in episodes}
    numbers = {path: number for path, number in named.items() if number is not None}
    given = {entry.number for entry, _ in episodes if entry.number is not None}
    following = count(max({0, *numbers.values(), *given}) + 1)
    return {path: next(following) if number is None else number for path, number in named.items()}


def number_in(name: str) -> int | None:
    """Return the number of the episode that the name of a file tells, or None."""
    stem = PurePath(name).stem
    found = _EPISODE.search(read_name(stem, this_year=time.gmtime().tm_year).episode)
    return int(found[1]) if found else None


def series_of(name: str) -> str:
    """Return the title of the series that the name of a file tells; "" if the name has no episode."""
    found = read_name(PurePath(name).stem, this_year=time.gmtime().tm_year)
    return found.title if found.episode else ""


def _numbered(entry: Wanted, source: Source, numbers: dict[str, int]) -> Source:
    if source.kind != "episode":
        return source
    number = entry.number if entry.number is not None else numbers[source.path]
    name = f"{source.prefix}_EP{number}" if source.prefix else f"EP{number}"
    return replace(source, id=name, number=number)


def _clashes(entries: Sequence[Wanted], sources: Iterable[Source]) -> Iterator[SourceFault]:
    by_id = defaultdict[str, list[tuple[Wanted, Source]]](list)
    for entry, source in zip(entries, sources, strict=True):
        by_id[source.id].append((entry, source))
    for name, same in by_id.items():
        if len(same) > 1:
            paths = " and ".join(display_name(source.path) for _, source in same[:2])
            remedy = 'give one of them another "prefix" or "episode"'
            yield SourceFault(same[1][0].place, f"{paths} would both be {display_name(name)}", remedy)
