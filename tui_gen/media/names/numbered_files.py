"""Finds series by their folders: files of one folder whose names differ in one number are episodes. Pure.

    Frieren/Frieren 01 [1080p].mkv ┐
    Frieren/Frieren 02 [1080p].mkv ┴─ one series: the number is padded
    Rocky/Rocky 2.mkv              ┐
    Rocky/Rocky 3.mkv              ┴─ films: sequels have small numbers without a zero before them

Invariant: two files are never a series because of a year, a resolution or a codec. Names of cameras are not
those of series.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tui_gen.media.names.release_words import comparable, readable

_CHECKSUM = re.compile(r"[\[(][0-9A-Fa-f]{8}[\])]")
_NUMBER = re.compile(
    r"(?<![\d.])(?<![xXhH])(\d{1,4})(?:v\d)?(?!\d)"
    r"(?![pPiIkK](?![a-z]))(?!\.\d(?!\d))(?![ .-]?(?:bit|fps|ch)\b)"
)
_YEAR = re.compile(r"(?:18[89]|19\d|20\d)\d")
_CAMERA = re.compile(
    r"(?:mvi|img|dsc[nf]?|gopr|g[hpx]\d*|vid|pxl|dji|mov|pict|c|clip|scan|capture|output|video|title|chapter|"
    r"screen ?recording|untitled|vlcsnap|trailer|sample|cd|dis[ck]|vts)",
)
MOST_SEQUELS = 10
"""So many films with unpadded numbers may be sequels; more are a series."""
FEW = 3
"""The least number of files with unpadded numbers that are a series."""


@dataclass(frozen=True, slots=True)
class NumberedName:
    """A name as an episode of a series."""

    stem: str  # a name that says the episode in the usual way: "Frieren E01 [1080p]"
    number: int


def numbered_names(stems: Sequence[str]) -> dict[str, NumberedName]:
    """Return stem -> its name as an episode, for the files of one folder that are a series."""
    series: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)  # around the number -> stem -> number
    for stem in stems:
        for before, number, after in _numbers_in(stem):
            series[before, after][stem] = number
    found: dict[str, NumberedName] = {}
    for (before, after), numbers in sorted(series.items(), key=lambda item: (-len(item[1]), item[0])):
        fresh = {stem: number for stem, number in numbers.items() if stem not in found}
        if _is_series(before, after, fresh):
            for stem, number in fresh.items():
                spelled = f"{before.rstrip(' ._-#')} E{int(number):02d} {after}"
                found[stem] = NumberedName(spelled.strip(), int(number))
    return found


def _numbers_in(stem: str) -> Iterator[tuple[str, str, str]]:
    """Yield each number of a name that may be an episode's, with the text around it."""
    text = _CHECKSUM.sub("", unicodedata.normalize("NFC", readable(stem)))
    for match in _NUMBER.finditer(text):
        if not _YEAR.fullmatch(match.group(1)):
            yield text[: match.start()], match.group(1), text[match.end() :]


def _is_series(before: str, after: str, numbers: Mapping[str, str]) -> bool:
    values = sorted({int(number) for number in numbers.values()})
    if len(values) < len(numbers) or len(values) < 2:  # noqa: PLR2004 - one file is no series
        return False
    if _CAMERA.fullmatch(comparable(before)):
        return False
    if any(number.startswith("0") and int(number) for number in numbers.values()):
        return True
    is_dense = values[-1] - values[0] < 2 * len(values)
    is_number_alone = not comparable(before) and not comparable(after)
    if is_number_alone and is_dense and values[0] == 1:
        return True
    if not is_dense or len(values) < FEW:
        return False
    return is_number_alone or values[0] >= MOST_SEQUELS or len(values) > MOST_SEQUELS
