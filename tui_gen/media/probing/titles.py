"""Recognises chapters with credits, opening titles or end titles by their names. Pure.

    "12. End Credits" ─> without number and accents ─> "end credits"  ─> titles
    "Post-Credits Scene"                               "... scene"    ─> a part of the film

Names are untrusted text: only a bounded part of each name is read and kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

MOST_CHAPTERS = 64
"""The most title chapters kept of a film; discs have only a few."""
MOST_CHARACTERS = 80
"""The number of characters of a name that are read and kept."""
_NUMBER = re.compile(r"(?:(?:chapter|chap|kapitel|chapitre|capitolo|capitulo|part) ?)?\d+ (?=\D)")
_PART_OF_THE_FILM = re.compile(r"\b(?:scenes?|post|mid|after|pre|before|during|stinger)\b")
_WITHIN = (
    *("credit", "credits", "main title", "main titles", "title sequence", "opening titles", "opening title"),
    *("end title", "end titles", "ending titles", "closing titles"),
    *("vorspann", "abspann", "nachspann", "generique", "titoli di testa", "titoli di coda"),
    *("creditos", "begintitels", "eindtitels", "aftiteling", "fortexter", "eftertexter"),
    *("rulletekster", "sluttekster", "lopputekstit", "alkutekstit", "napisy koncowe", "titulky", "титры"),
)
"""A chapter has titles if its name contains one of these words."""
_ALONE = (
    *("opening", "ending", "op", "ed", "intro", "outro", "title", "titles", "logo", "logos", "studio logos"),
    *("オープニング", "エンディング", "クレジット", "片头", "片尾"),
)
"""A chapter also has titles if its whole name is one of these, with or without a number after it."""


def title_chapters(chapters: Iterable[Mapping[str, Any]]) -> Iterator[tuple[float, float, str]]:
    """Yield (begin, end, name) of the chapters with titles, in seconds of the container's clock.

    `chapters` are libav's. A chapter that does not end after its begin is skipped.
    """
    found = 0
    for chapter in chapters:
        name = str(chapter["metadata"].get("title", ""))[:MOST_CHARACTERS]
        tick, begin, end = chapter["time_base"], chapter["start"], chapter["end"]
        if tick is None or begin is None or end is None or end <= begin or not shows_titles(name):
            continue
        yield _seconds(begin, tick), _seconds(end, tick), name
        found += 1
        if found == MOST_CHAPTERS:
            return


def shows_titles(name: str) -> bool:
    """Return whether a chapter with this name shows only credits or titles."""
    words = _plain(name[:MOST_CHARACTERS])
    words = _NUMBER.sub("", words, count=1)
    if _PART_OF_THE_FILM.search(words):
        return False
    return _IS_ALONE.fullmatch(words) is not None or _IS_WITHIN.search(words) is not None


def _seconds(ticks: int, tick: Fraction) -> float:
    return round(float(ticks * tick), 3)


def _plain(name: str) -> str:
    """Return the words of a name: lower case, without accents, separated by single spaces."""
    marks_off = (c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", "".join(marks_off).casefold().replace("_", " ")))


_IS_WITHIN = re.compile(rf"\b(?:{'|'.join(map(_plain, _WITHIN))})\b")
_IS_ALONE = re.compile(rf"(?:{'|'.join(map(_plain, _ALONE))})(?: ?\d+)?")
