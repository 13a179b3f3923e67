"""Derives the name of a film from its file's name, and from its folders if the file's name is not enough.

    Planet Earth 2 / Season 1 / S01E04.mkv            a series, its season and a poor name
    Dune (2021) / title_t00.mkv                       a disc rip
    Dune (2021) / BDMV / STREAM / 00800.m2ts          a disc

Pure. Invariant: every path gets a name that is valid for a screen and a configuration; the last resort is
`untitled`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tui_gen.media.names.release_names import Reading, read_name, season_of
from tui_gen.media.names.release_words import TECHNICAL, comparable, readable, tidy

_DISC_FOLDERS = frozenset({"bdmv", "stream", "video ts", "certificate", "hvdvd ts"})
_DISC_FILE = re.compile(r"\d{5}|vts_\d\d_\d|video_ts", re.IGNORECASE)
_POOR = re.compile(
    r"(?:[a-z]\d[_ -])?(?:title)?[_ -]?t\d\d|title ?\d*|(?:main )?(?:movie|film|feature|video)|"
    r"(?:cd|dis[ck]|part|pt)[ ._-]?\d{1,2}|\d{1,5}|[0-9a-f]{16,}",
    re.IGNORECASE,
)
_SCRAMBLED = re.compile(r"(?=(?:.*\d){6})[0-9A-Za-z-]{20,}")
_RIPPED = re.compile(r"_t\d\d$")
_EPISODE_ALONE = re.compile(r"(?:episode|ep|e)?[ ._-]*(\d{1,3})(?:[ ._-]+\D.*)?", re.IGNORECASE)
_LISTED = re.compile(r"^(?:\(\d{1,2}\)\s*|\d{1,2}(?:\s+-\s+|\.\s+))(?=\S)")
_DISC_NUMBER = re.compile(r"[\s._-]*(?<![0-9a-z])dis[ck][\s._-]*(\d{1,2})$", re.IGNORECASE)
_LONGEST_TITLE_IN_NUMBER = 4
UNTITLED = "untitled"


@dataclass(frozen=True, slots=True)
class FilmName:
    """The name of a film, and the episode, part and edition that a file contains."""

    title: str
    year: int | None = None
    episode: str = ""  # "S01E04"
    part: str = ""  # "CD 1"
    edition: str = ""  # "Director's Cut"

    def __str__(self) -> str:
        """Return `Dune Part Two (2024)` or `Planet Earth 2 - S01E04`."""
        return " - ".join(text for text in (self.work, self.episode, self.part) if text)

    @property
    def with_edition(self) -> str:
        """Return the name with its edition: `Blade Runner (1982) - Final Cut`."""
        return f"{self} - {self.edition}" if self.edition else str(self)

    @property
    def work(self) -> str:
        """The film or the series, without edition and episode."""
        return f"{self.title} ({self.year})" if self.year else self.title


@dataclass(frozen=True)
class FilePlace:
    """The place of a file: its name without extension, and the folders around it, the nearest first."""

    stem: str
    folders: Sequence[str]  # the last is the scanned folder, with any name: "films", "Dune (2021)"
    is_alone: bool = False  # no other video in its folder
    this_year: int = 9999

    @cached_property
    def on_disc(self) -> bool:
        """Whether the file is a stream of a copied disc."""
        nearest = comparable(self.folders[0]) if self.folders else ""
        return nearest in _DISC_FOLDERS and bool(_DISC_FILE.fullmatch(self.stem))


def name_film(place: FilePlace) -> tuple[FilmName, Reading]:
    """Return the name of a film, and the reading of its own name or of its release's name."""
    own = _own_reading(place)
    around = _Around(place)
    if own.episode:
        found = around.for_episode(own)
    elif own.title:
        found = around.for_film(own)
    else:
        found = around.instead_of(own)
    part = own.part or around.part
    if place.on_disc and comparable(place.stem).startswith("vts"):
        part = place.stem.upper()
    name = FilmName(
        title=found.title or UNTITLED,
        year=found.year,
        episode=found.episode,
        part=part,
        edition=found.edition or own.edition,
    )
    said = replace(
        found,
        lines=own.lines or found.lines,
        is_hdr=own.is_hdr or found.is_hdr,
        is_3d=own.is_3d or found.is_3d,
    )
    return name, said


def _own_reading(place: FilePlace) -> Reading:
    """Read the file's own name; an uninformative name gives an empty title."""
    stem = readable(place.stem).strip()
    if place.on_disc:
        return Reading()
    season = next((number for name in place.folders[:2] if (number := season_of(name)) is not None), None)
    alone = _EPISODE_ALONE.fullmatch(stem)
    if season is not None and alone:
        return Reading(episode=f"S{season:02d}E{int(alone.group(1)):02d}")
    if _is_poor(stem) and not _is_title_in_number(place, stem):
        return replace(read_name(stem, this_year=place.this_year), title="", year=None, episode="")
    stem = _RIPPED.sub("", stem)
    if place.folders[1:]:
        # Collections number their folders. In the top folder, a number is part of the title.
        stem = _LISTED.sub("", stem)
    return read_name(stem, this_year=place.this_year)


def _is_poor(name: str) -> bool:
    """Return whether a name says nothing about the film: "title_t00", "movie", "00800", random letters."""
    return bool(_POOR.fullmatch(name) or (_SCRAMBLED.fullmatch(name) and not TECHNICAL.search(name)))


def _is_title_in_number(place: FilePlace, stem: str) -> bool:
    """Return whether a number names a film: "300" among other films, in a folder that is not a film's."""
    is_number = stem.isdecimal() and len(stem) <= _LONGEST_TITLE_IN_NUMBER
    if not is_number or place.is_alone or not place.folders:
        return False
    return read_name(place.folders[0], this_year=place.this_year).year is None


class _Around:
    """The readings of the folders around a file."""

    def __init__(self, place: FilePlace) -> None:
        self._place = place
        self.part = ""
        *inner, top = place.folders or [""]
        self._inner = [reading for name in inner if (reading := self._reading(name))]
        self._top = self._reading(top) or Reading()

    def _reading(self, folder: str) -> Reading | None:
        """Read a folder's name; None for a season, a part of a disc's structure, or an uninformative name."""
        name = readable(folder)
        if comparable(name) in _DISC_FOLDERS or season_of(name) is not None:
            return None
        disc = _DISC_NUMBER.search(name)
        if disc:
            self.part = self.part or f"DISC {int(disc.group(1))}"
            name = name[: disc.start()]
        is_telling = bool(name.strip()) and not _is_poor(name)
        return read_name(name, this_year=self._place.this_year) if is_telling else None

    def _folders(self) -> list[Reading]:
        """Return the folders' readings, the nearest first; the scanned folder's only if it has a year."""
        return [*self._inner, self._top] if self._top.year else self._inner

    def for_episode(self, own: Reading) -> Reading:
        """Complete an episode: take a missing series title and a missing year from the folders."""
        folders = [*self._inner, self._top]
        is_told_by_folder = self._is_shortened() and folders[0].episode == own.episode
        if (not own.title or is_told_by_folder) and (named := _first_titled(folders)):
            return replace(own, title=named.title, year=named.year)
        return self._with_year(own)

    def for_film(self, own: Reading) -> Reading:
        """Complete a film: take the year from the folders, and the title of a folder that names this film."""
        folders = self._folders()
        nearest = folders[0] if folders else Reading()
        if nearest.episode or not nearest.title:
            return self._with_year(own)
        if self._is_shortened():
            return replace(own, title=nearest.title, year=nearest.year, edition=nearest.edition)
        if own.year is None and nearest.year:
            is_of_release = nearest.is_release and not own.is_release
            if is_of_release or self._place.is_alone or _begins_alike(nearest, own):
                return replace(own, title=nearest.title, year=nearest.year)
        return self._with_year(own)

    def _is_shortened(self) -> bool:
        """Return whether the file's name is a short form: "hcn-vertigo1080", "group-the.film.1999"."""
        folders, stem = self._folders(), self._place.stem
        if not folders or not folders[0].is_release or not folders[0].title or not self._place.is_alone:
            return False
        return " " not in stem and (stem.islower() or not TECHNICAL.search(stem))

    def instead_of(self, own: Reading) -> Reading:
        """Return the reading of the nearest folder with a title."""
        named = _first_titled(self._folders())
        if named is None:
            return replace(own, title=tidy(readable(self._place.stem)))
        return self._with_year(replace(named, part=own.part))

    def _with_year(self, own: Reading) -> Reading:
        if own.year is not None:
            return own
        for folder in self._folders():
            if folder.year and comparable(folder.title) == comparable(own.title):
                return replace(own, title=folder.title, year=folder.year)
        return own


def _first_titled(folders: Sequence[Reading]) -> Reading | None:
    return next((folder for folder in folders if folder.title), None)


def _begins_alike(folder: Reading, own: Reading) -> bool:
    """Return whether a file's title is the folder's title, or the beginning of it."""
    return f"{comparable(folder.title)} ".startswith(f"{comparable(own.title)} ")
