"""Matches the files of a scan with the entries of the configuration, so that entries follow their films.

    file ─┬─ the same file or content as an entry's, whose file exists    a copy: left out
          ├─ the same content as an entry's, whose file does not exist    the film was renamed or moved
          ├─ the same path in another Unicode form, the same name         the film was moved
          ├─ the same title and year or episode, the entry's file is gone the film was replaced
          └─ a work that is listed                                        it gets `split` and `group`

Invariant: an entry follows at most one file, and a file at most one entry. Content decides before names.
"""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.films.scanning.editions import FilmKey, WorkKey, film_key, lesser_copies, work_key
from tui_gen.jobs.superres.films.scanning.film_names import FilmName
from tui_gen.jobs.superres.films.scanning.findings import FoundFilm
from tui_gen.media.film_files import FileLook, look

Fingerprint = Callable[[str], str | None]
"""Path -> the fingerprint of a file's content, or None if the file cannot be read."""

SAME_LENGTH_SHARE = 0.005
"""Two encodes of one film differ in their durations by at most this share, or by `SAME_LENGTH_SECONDS`."""
SAME_LENGTH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ListedFilm:
    """An entry of the configuration, and what is known about its film."""

    place: int  # in `videos`
    video: Video
    film: FilmName  # from its path
    is_there: bool  # its file exists
    is_gone: bool  # it does not exist, and lies below a scanned folder
    file: JsonObject | None = None  # the "file" fact of the ledger
    seconds: float | None = None  # as a run or a check measured it


@dataclass(slots=True)
class Followed:
    """The result: which entries follow which files, which files are copies, and of which work they are."""

    moved: dict[int, str] = field(default_factory=dict)  # position -> path
    copies: dict[str, str] = field(default_factory=dict)  # path -> the reason to leave the file out
    kin: dict[str, tuple[int, ...]] = field(default_factory=dict)  # path -> positions of its work
    same: dict[str, str] = field(default_factory=dict)  # path -> name of an entry with the same film


def content_of(path: str) -> str | None:
    """Return the fingerprint of a file's content, or None for an empty or unreadable file."""
    found = look(path, None)
    return found.fingerprint if isinstance(found, FileLook) and found.size_bytes else None


def listed_films(
    settings: Settings,
    *,
    gone: Collection[int],
    known: Mapping[str, tuple[JsonObject, float | None]],
    name_of: Callable[[str], FilmName],
) -> list[ListedFilm]:
    """Return the entries of a configuration.

    `known`: path -> "file" fact and duration in seconds; `name_of`: path -> the name of the film.
    """
    films = []
    for place, video in enumerate(settings.videos):
        file, seconds = known.get(video.path, (None, None))
        is_there = os.path.lexists(video.path)
        film = name_of(video.path)
        films.append(ListedFilm(place, video, film, is_there, place in gone, file, seconds))
    return films


def follow(
    listed: Sequence[ListedFilm],
    new: Sequence[FoundFilm],
    seen: Sequence[FoundFilm],
    *,
    content: Fingerprint = content_of,
) -> Followed:
    """Match the new files of a scan with the entries. `seen`: the files that the configuration lists."""
    matching = _Matching(listed, new, content)
    matching.settle_copies(seen)
    matching.settle_content()
    matching.settle_paths()
    matching.settle_films()
    matching.settle_copies_among_new()
    matching.settle_kin()
    return matching.result


class _Matching:
    """One pass over the files of a scan."""

    def __init__(self, listed: Sequence[ListedFilm], new: Sequence[FoundFilm], content: Fingerprint) -> None:
        self._listed = listed
        self._new = {film.file.path: film for film in new}
        self._content = content
        self._known: dict[str, str | None] = {}
        self._followed: set[str] = set()
        self.result = Followed()

    # ------------------------------------------------------------------------------------ content

    def settle_copies(self, seen: Sequence[FoundFilm]) -> None:
        """Leave out files that are the same file as that of an entry, or have the same content."""
        nodes = {film.file.node: film.file.path for film in seen}
        by_path = {each.video.path: each.video for each in self._listed}
        sizes: dict[int, list[str]] = defaultdict(list)
        for each in self._listed:
            if each.is_there and (size := _size_of(each.video.path)):
                sizes[size].append(each.video.path)
                nodes.setdefault(_node_of(each.video.path), each.video.path)
        for path, film in self._new.items():
            same = nodes.get(film.file.node) or self._same_content(path, sizes.get(film.file.size_bytes, ()))
            if same is not None:
                self.result.copies[path] = f'the same content as "{by_path[same].name}", which is listed'

    def settle_content(self) -> None:
        """Let entries without a file follow the first new file with the content that the ledger recorded."""
        sizes: dict[int, list[str]] = defaultdict(list)
        for path in self._open():
            sizes[self._new[path].file.size_bytes].append(path)
        for each in list(self._lost()):
            if each.file is None:
                continue
            fitting = [
                path
                for path in sizes[each.file["size"]]
                if self._is_open(path) and self._fingerprint(path) == each.file["fingerprint"]
            ]
            if fitting:
                self._follow(each, _best_named(fitting, self._new))

    def settle_copies_among_new(self) -> None:
        """Leave out new files with the content of another new file."""
        sizes: dict[int, list[str]] = defaultdict(list)
        for path in sorted(self._new.keys() - self.result.copies.keys()):
            sizes[self._new[path].file.size_bytes].append(path)
        for paths in sizes.values():
            if len(paths) == 1 or not self._new[paths[0]].file.size_bytes:
                continue
            contents: dict[str, list[str]] = defaultdict(list)
            for path in paths:
                if (found := self._fingerprint(path)) is not None and not self._new[path].left_out:
                    contents[found].append(path)
            for same in contents.values():
                kept = next((path for path in same if path in self._followed), _best_named(same, self._new))
                for path in same:
                    if path != kept:
                        self.result.copies[path] = f"the same content as {kept}"

    def _same_content(self, path: str, others: Iterable[str]) -> str | None:
        return next(
            (
                other
                for other in others
                if self._fingerprint(path) is not None and self._fingerprint(path) == self._fingerprint(other)
            ),
            None,
        )

    def _fingerprint(self, path: str) -> str | None:
        if path not in self._known:
            self._known[path] = self._content(path)
        return self._known[path]

    # -------------------------------------------------------------------------------------- names

    def settle_paths(self) -> None:
        """Let entries follow files with the same path in another Unicode form, or with the same file name."""
        paths = {_composed(path): path for path in self._open()}
        for each in list(self._lost()):
            if (path := paths.get(_composed(each.video.path))) is not None:
                self._follow(each, path)
        named: dict[str, list[str]] = defaultdict(list)
        for path, film in self._new.items():
            named[_file_name(path)].append(path if film.film.year or film.film.episode else "")
        entries: dict[str, list[ListedFilm]] = defaultdict(list)
        for each in self._listed:
            entries[_file_name(each.video.path)].append(each)
        for name, paths_of_name in named.items():
            path, *others = paths_of_name
            if self._is_open(path) and not others and len(entries[name]) == 1:
                each = entries[name][0]
                if each.is_gone and each.place not in self.result.moved:
                    self._follow(each, path)

    def settle_films(self) -> None:
        """Let gone entries follow the best new file of the same film: it was renamed, encoded or replaced."""
        entries: dict[FilmKey, list[ListedFilm]] = defaultdict(list)
        for each in self._listed:
            entries[film_key(each.film)].append(each)
        fresh: dict[str, list[FoundFilm]] = defaultdict(list)
        for path in self._open():
            fresh[film_key(self._new[path].film)[0]].append(self._new[path])
        for each in list(self._lost()):
            # An entry of a film in several files follows none: which file is which part is not known.
            if not each.is_gone or len(entries[film_key(each.film)]) > 1 or each.film.part:
                continue
            fitting = [
                film
                for film in fresh[film_key(each.film)[0]]
                if self._is_open(film.file.path)
                and not film.left_out
                and not film.film.part
                and _is_film_of(each, film)
            ]
            if fitting:
                lesser = lesser_copies([film.candidate for film in fitting])
                self._follow(each, next(film.file.path for film in fitting if film.file.path not in lesser))

    # --------------------------------------------------------------------------------------- kin

    def settle_kin(self) -> None:
        """Find the listed entries of the same work for each new film."""
        works: dict[WorkKey, list[int]] = defaultdict(list)
        titles: dict[str, list[ListedFilm]] = defaultdict(list)
        for each in self._listed:
            works[work_key(each.film)].append(each.place)
            titles[work_key(each.film)[0]].append(each)
        for path in self._open():
            found = self._new[path]
            title, _ = work_key(found.film)
            places = set(works.get(work_key(found.film), ()))
            places |= {each.place for each in titles[title] if _is_as_long(each, found)}
            same = next((each for each in titles[title] if _is_film_of(each, found)), None)
            if same is not None:
                self.result.same[path] = same.video.name
            if places:
                self.result.kin[path] = tuple(sorted(places))

    # ------------------------------------------------------------------------------------- shared

    def _lost(self) -> Iterator[ListedFilm]:
        for each in self._listed:
            if not each.is_there and each.place not in self.result.moved:
                yield each

    def _is_open(self, path: str) -> bool:
        return path in self._new and path not in self._followed and path not in self.result.copies

    def _open(self) -> list[str]:
        return list(filter(self._is_open, self._new))

    def _follow(self, each: ListedFilm, path: str) -> None:
        if path not in self._followed:
            self._followed.add(path)
            self.result.moved[each.place] = path


def _is_film_of(each: ListedFilm, found: FoundFilm) -> bool:
    """Return whether a file is a copy or an edition of an entry's film."""
    ours, theirs = film_key(each.film), film_key(found.film)
    if ours == theirs and (found.film.year or found.film.episode):
        return True
    return (ours[0], ours[2]) == (theirs[0], theirs[2]) and _is_as_long(each, found)


def _is_as_long(each: ListedFilm, found: FoundFilm) -> bool:
    """Return whether both durations are known and equal, and the years do not differ."""
    mine, theirs = each.seconds, found.look.seconds
    years = {each.film.year, found.film.year} - {None}
    if mine is None or theirs is None or len(years) > 1:
        return False
    return abs(mine - theirs) <= max(SAME_LENGTH_SECONDS, SAME_LENGTH_SHARE * mine)


def _best_named(paths: Sequence[str], films: Mapping[str, FoundFilm]) -> str:
    """Return the path whose name has a year or an episode, else the first."""
    return min(paths, key=lambda path: (not (films[path].film.year or films[path].film.episode), path))


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _file_name(path: str) -> str:
    return _composed(os.path.basename(path))  # noqa: PTH119 - a plain string keeps odd names as they are


def _size_of(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a plain string keeps odd names as they are
    except OSError:  # a link to nothing has no content to compare
        return None


def _node_of(path: str) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - as above
    return status.st_dev, status.st_ino
