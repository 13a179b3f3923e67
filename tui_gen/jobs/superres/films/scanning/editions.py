"""Finds the copies and editions of one film, and chooses the best of them. Pure.

    Dune (2021) ┬ 2160p HDR, 61 GB       kept
                ├ 1080p, 12 GB           left out: a copy of it in 2160p HDR is taken
                └ CD 1, CD 2             one copy in two files

Invariant: of each film at least one complete copy is kept. The choice does not depend on the order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.films.scanning.film_names import FilmName
from tui_gen.media.names.release_words import comparable

_WIDE = 16 / 9


@dataclass(frozen=True, slots=True)
class Look:
    """The known properties of a file's picture, measured or from its name; None if unknown."""

    lines: int | None = None  # of the 16:9 frame that the picture fits, like 2160
    is_hdr: bool = False
    is_3d: bool = False
    seconds: float | None = None
    size_bytes: int = 0

    def __str__(self) -> str:
        """Return `2160p HDR`."""
        words = [
            f"{self.lines}p" if self.lines else "",
            "HDR" if self.is_hdr else "",
            "3D" if self.is_3d else "",
        ]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be chosen."""

    path: str
    film: FilmName
    look: Look
    copy: str  # files with the same value form one copy


FilmKey = tuple[str, int | None, str]


def film_key(film: FilmName) -> FilmKey:
    """Return a key that is the same for all copies and editions of a film, or of an episode."""
    return comparable(film.title), film.year, film.episode


def lines_of(width: int, height: int) -> int:
    """Return the lines of the 16:9 frame that a picture fits, letterboxed or not: 2160 for 3840x1600."""
    return max(height, round(width / _WIDE))


def lesser_copies(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Return path -> why it is left out, for all copies except the best copy of each film."""
    why: dict[str, str] = {}
    for copies in _copies_by_film(candidates).values():
        best = max(copies.values(), key=_rank)
        for copy in copies.values():
            if copy is not best:
                why |= dict.fromkeys((each.path for each in copy), _worse_than(best[0], copy[0]))
    return why


WorkKey = tuple[str, int | None]


def work_key(film: FilmName) -> WorkKey:
    """Return a key that is the same for all editions, parts and episodes of a work."""
    return comparable(film.title), film.year


def groups(candidates: Iterable[Candidate]) -> dict[str, str]:
    """Return path -> group, for files of the same part: editions, files of one film, episodes of a series."""
    works: dict[WorkKey, list[Candidate]] = defaultdict(list)
    for each in candidates:
        works[work_key(each.film)].append(each)
    return {each.path: work[0].film.work for work in works.values() if len(work) > 1 for each in work}


def _copies_by_film(candidates: Sequence[Candidate]) -> Mapping[FilmKey, dict[str, list[Candidate]]]:
    films: dict[FilmKey, dict[str, list[Candidate]]] = defaultdict(dict)
    for each in sorted(candidates, key=lambda candidate: candidate.path):
        films[film_key(each.film)].setdefault(each.copy, []).append(each)
    return films


def _rank(copy: Sequence[Candidate]) -> tuple[bool, int, bool, float, int, list[str]]:
    """Return the sort key of a copy: 2D before 3D, more lines, HDR, then the most bytes per second."""
    looks = [each.look for each in copy]
    size_bytes = sum(look.size_bytes for look in looks)
    seconds = sum(look.seconds or 0 for look in looks)
    return (
        not looks[0].is_3d,
        max(look.lines or 0 for look in looks),
        looks[0].is_hdr,
        size_bytes / seconds if seconds else 0.0,
        size_bytes,
        # Among equals, the first path.
        [_reversed(each.path) for each in copy],
    )


def _reversed(path: str) -> str:
    """Return a text that sorts in reverse order."""
    return "".join(chr(0x10FFFF - ord(char)) for char in path)


def _worse_than(best: Candidate, other: Candidate) -> str:
    what = "an edition" if best.film.edition != other.film.edition else "a copy"
    look = f" in {best.look}" if str(best.look) else ""
    edition = f", {best.film.edition}," if best.film.edition and what == "an edition" else ""
    return f"{what} of a film that is taken{look}{edition}".rstrip(",")
