"""Reads the name of one file or folder: title, year, episode, edition, and properties of the picture.

    [group] Title.of.the.Film . 2024 . Directors.Cut . 2160p.UHD.BluRay.x265 - GROUP
            └──── title ────┘   year    edition        └─ what guessit knows best ─┘

guessit finds episodes and the technical part. If a name has a year, the title is the text before the year.
Invariant: every text has a reading; the title is empty if the text has no title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from tui_gen.media.names.episode_words import (
    bracketed_episode,
    spelled_episode,
    spelled_season,
)
from tui_gen.media.names.release_words import (
    EDITION,
    HDR,
    STEREOSCOPIC,
    TECHNICAL,
    comparable,
    edition_in,
    is_title,
    readable,
    tidy,
    without_editions,
)

Span = tuple[int, int]

_SEP = r"[\s._-]"
_YEAR = re.compile(r"(?<![0-9A-Za-z])((?:18[89]|19\d|20\d)\d)(?![0-9A-Za-z])")
_YEARS = re.compile(r"(?<!\d)(?:18|19|20)\d\d\s*[-\N{EN DASH}]\s*(?:18|19|20)\d\d(?!\d)")
_OPENED = re.compile(r"[(\[{]\s*$")
_SEASON_EPISODE = re.compile(
    rf"(?<![0-9A-Za-z])S(\d{{1,2}}){_SEP}?E(\d{{1,3}})(?:(?:{_SEP}?E|-)(\d{{2,3}})(?![0-9a-z]))?",
    re.IGNORECASE,
)
_CROSS_EPISODE = re.compile(
    r"(?<![0-9A-Za-z])(\d{1,2})(?:x(\d{2,3})|\N{MULTIPLICATION SIGN}(\d{1,3}))(?![0-9A-Za-z])", re.IGNORECASE
)
_EPISODE = re.compile(
    r"(?<![0-9A-Za-z])(?:E(\d{2,4})|Ep\.?[\s._]?(\d{1,4}))(?:v\d)?(?![0-9A-Za-z])", re.IGNORECASE
)
_EPISODE_WORD = re.compile(
    r"(?<![0-9A-Za-z])(?:[E\u00c9]pisode|Episodio|Folge|Cap[i\u00ed]tulo|Aflevering)[\s._]*(\d{1,4})(?:v\d)?(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_SEASONS = r"(?:Season|Series|Staffel|Saison|Stagione|Temporada)"
_SEASON = re.compile(rf"(?<![0-9A-Za-z])(?:S|{_SEASONS}[\s._]*)(\d{{1,2}})(?![0-9A-Za-z])", re.IGNORECASE)
_SEASON_WORD = re.compile(rf"(?<![0-9A-Za-z])(?:S|{_SEASONS})[\s._]*$", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[._ -]([01]\d)[._ -]([0-3]\d)(?!\d)")
_DASHED = re.compile(
    r"[\s_]-[\s_](?:(0\d{1,2})(?=[\s_.])|(\d{2,4})(?:v\d)?(?=[\s_]*[\[(]|[\s_]+-[\s_]|[\s_]*$))"
)
_TAG = re.compile(
    r"[{\[]\s*(?:imdb|tmdb|tvdb|tvmaze|anidb)(?:id)?\s*[-=:]?\s*(?:tt)?\d+\s*[}\]]|\[tt\d+\]", re.IGNORECASE
)
_EDITION_TAG = re.compile(r"\{edition-([^{}]*)\}", re.IGNORECASE)
_WEBSITE = re.compile(
    r"""^\s*(?:
        [\[({]\s*(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,8}\s*[\])}]
      | www\.[\w-]+(?:\.[\w-]+)*\.[a-z]{2,8}(?=\s|_-)
      | www\.[\w-]+\.[a-z]{2,4}(?=\.)
    )[\s._-]*""",
    re.VERBOSE | re.IGNORECASE,
)
_GROUP_FIRST = re.compile(r"^\s*(?:\[([^\[\]]*)\][\s._-]*)+(?=[^\s\[])")
_REVISION = re.compile(r"[\s_]v\d$")
_PART = re.compile(
    rf"(?:^|{_SEP}|[(\[])(?:(cd|dis[ck]){_SEP}?|(part|pt))(\d{{1,2}})(?:of\d+)?(?![0-9A-Za-z])", re.IGNORECASE
)
_GROUP_LAST = re.compile(r"-[0-9A-Za-z@]+(?:\[[^\]]*\])?$")
_WIDE_BRACKETS = str.maketrans("【】［］〔〕（）", "[][][]()")  # noqa: RUF001 - those of Chinese and Japanese names
_STOPS = (
    "screen_size", "source", "video_codec", "audio_codec", "color_depth", "crc32", "streaming_service",
    "audio_channels", "frame_rate", "cd",
)  # fmt: skip
"""Properties found by guessit that are never part of a title; it sometimes finds the others in titles."""
_WEAK = ("language", "subtitle_language", "edition", "other", "country")
"""Properties that are not part of a title if they directly precede one of `_STOPS`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The information in one name."""

    title: str = ""
    year: int | None = None
    episode: str = ""  # "S01E04", "E05", "2023-01-15"
    edition: str = ""  # "Director's Cut"
    part: str = ""  # "CD 1", if a film has several files
    lines: int | None = None  # 2160
    is_hdr: bool = False
    is_3d: bool = False
    is_release: bool = False  # the name has a resolution, a source or a codec


@lru_cache(maxsize=4096)
def read_name(name: str, *, this_year: int) -> Reading:
    """Read a name without its extension. A number later than next year is not a year.

    The result is cached, because all files of a folder read the name of the folder.
    """
    tag = _EDITION_TAG.search(name)
    text = unicodedata.normalize("NFC", readable(name)).translate(_WIDE_BRACKETS)
    text = _EDITION_TAG.sub(" ", _TAG.sub(" ", text))
    text = _WEBSITE.sub("", text).strip()
    said = _Said(text, this_year)
    part = None
    numbered = _numbered(said)
    if numbered is not None:
        title, year, episode = numbered
    else:
        part, episode = _PART.search(text), ""
        title, year = _film(said, part)
    return Reading(
        title=title,
        year=year,
        episode=episode,
        edition=readable(tag.group(1)).strip() if tag else edition_in(text, title),
        part=f"{(part.group(1) or part.group(2)).upper()} {int(part.group(3))}" if part else "",
        lines=said.lines,
        is_hdr=bool(HDR.search(text)),
        is_3d=bool(STEREOSCOPIC.search(text)),
        is_release=bool(TECHNICAL.search(text)),
    )


def without_group(name: str) -> str:
    """Return a release's name without the name of its release group."""
    return _GROUP_LAST.sub("", name) if TECHNICAL.search(name) else name


def season_of(name: str) -> int | None:
    """Return the season if a folder's name is only a season: "Season 1", "S01", "Specials"; else None."""
    if comparable(name) == "specials":
        return 0
    match = _SEASON.fullmatch(readable(name).strip())
    return int(match.group(1)) if match else spelled_season(unicodedata.normalize("NFC", readable(name)))


@dataclass(slots=True)
class _Said:
    """A text with its leading group blanked out, and the properties that guessit finds in it."""

    text: str
    this_year: int
    group: str = ""
    found: dict[str, list[tuple[Any, Span]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.text:
            return
        for name, match in _guessit()(self.text, {"advanced": True}).items():
            several = match if isinstance(match, list) else [match]
            self.found[name] = [(one.value, one.span) for one in several]
        first = _GROUP_FIRST.match(self.text)
        if first and not _is_titles_own(first, self.text):
            self.group = first.group(1)
            # Blanks instead of removal, so that positions do not change.
            self.text = " " * first.end() + self.text[first.end() :]

    def spans(self, *names: str) -> Iterator[Span]:
        """Yield the positions of properties."""
        for name in names:
            yield from (span for _, span in self.found.get(name, ()))

    @property
    def lines(self) -> int | None:
        """The lines of the picture, as the name states them."""
        size = self.found.get("screen_size")
        match = re.match(r"(\d+)[pi]", str(size[0][0])) if size else None
        return int(match.group(1)) if match else None

    def years_in(self, text: str) -> list[re.Match[str]]:
        """Return the numbers that may be years; a range of years is not a year."""
        ranges = [match.span() for match in _YEARS.finditer(text)]
        return [
            match
            for match in _YEAR.finditer(text)
            if int(match.group(1)) <= self.this_year + 1
            and not any(start <= match.start() < end for start, end in ranges)
        ]


def _is_titles_own(first: re.Match[str], text: str) -> bool:
    """Return whether a leading bracket is a year, or the whole text before the year: "[REC] (2007)"."""
    if _YEAR.fullmatch(first.group(1).strip()):
        return True
    return bool(re.match(r"[(\[]?(?:18|19|20)\d\d(?!\d)", text[first.end() :]))


# ------------------------------------------------------------------------------------- episodes


def _numbered(said: _Said) -> tuple[str, int | None, str] | None:
    """Return (title, year, episode), or None if the name is not that of an episode."""
    text = said.text
    if match := _SEASON_EPISODE.search(text) or _CROSS_EPISODE.search(text):
        season, first, last = match.groups()
        first, last = first or last, first and last
        episode = _season_episode(int(season), int(first))
        if last and int(last) > int(first):
            episode += f"-E{int(last):02d}"
        return *_series(text[: match.start()], said), episode
    if match := _DATE.search(text):
        return *_series(text[: match.start()], said), "-".join(match.groups())
    return _spelled(said) or _told_apart(said) or _counted(said)


def _spelled(said: _Said) -> tuple[str, int | None, str] | None:
    """Return an episode that the name spells with a word of its language, or in brackets."""
    found = bracketed_episode(said.text) or spelled_episode(said.text)
    if found is None or (found.is_doubtful and said.years_in(said.text)):
        return None
    return *_series(found.before, said), _season_episode(found.season, found.episode)


def _season_episode(season: int | None, episode: int) -> str:
    return f"E{episode:02d}" if season is None else f"S{season:02d}E{episode:02d}"


def _told_apart(said: _Said) -> tuple[str, int | None, str] | None:
    """Return an episode whose season and number guessit finds at two places: "Season 1 Episode 2"."""
    seasons, episodes = said.found.get("season", []), said.found.get("episode", [])
    if not seasons or not episodes:
        return None
    (season, (start, end)), (episode, (at, _)) = seasons[0], episodes[0]
    is_plain = isinstance(season, int) and isinstance(episode, int) and at > end
    # "117" is not season 1 with episode 17, and "2012.E01" is a year.
    if not is_plain or not re.search("[A-Za-z]", said.text[start:at]) or said.years_in(said.text[start:end]):
        return None
    word = _SEASON_WORD.search(said.text[:start])
    return *_series(said.text[: word.start() if word else start], said), _season_episode(season, episode)


def _counted(said: _Said) -> tuple[str, int | None, str] | None:
    """Return an episode with a number but without a season: `[group] Title - 05 [1080p]`."""
    found = _place_of_count(said)
    if found is None:
        return None
    at, count, after = found
    before = said.text[:at]
    if not tidy(before) and said.group:
        # The number comes first: [group] 01 - Title [720p].
        rest = _Said(said.text[after:].lstrip(" ._-"), said.this_year)
        return tidy(_up_to_technical(rest, None)), None, _season_episode(None, count)
    season = _SEASON.search(before)
    number = _season_episode(int(season.group(1)) if season else None, count)
    return *_series(before[: season.start()] if season else before, said), number


def _place_of_count(said: _Said) -> tuple[int, int, int] | None:
    """Return the start of an episode's number, the number, and its end."""
    text = said.text
    if match := _EPISODE.search(text):
        return match.start(), int(match.group(1) or match.group(2)), match.end()
    has_year = bool(said.years_in(text))
    match = _EPISODE_WORD.search(text)
    if match and not has_year:
        return match.start(), int(match.group(1)), match.end()
    match = _DASHED.search(text)
    if match and not (said.years_in(text[: match.start()]) and not said.group):
        return match.start(), int(match.group(1) or match.group(2)), match.end()
    number = said.found.get("episode")
    if said.group and number and isinstance(number[0][0], int) and not has_year:
        count, (start, end) = number[0]
        is_decimal = bool(re.search(r"\d\.$", text[:start]))
        return None if is_decimal else (start, count, end)
    return None


def _series(before: str, said: _Said) -> tuple[str, int | None]:
    """Return (title, year) of a series from the text before the number of its episode."""
    years = said.years_in(before)
    if years and not before[years[-1].end() :].strip(" ._-)]}"):
        title = tidy(before[: years[-1].start()])
        if title:
            return title, int(years[-1].group(1))
    return tidy(before), None


# ---------------------------------------------------------------------------------------- films


def _film(said: _Said, part: re.Match[str] | None) -> tuple[str, int | None]:
    text, year = said.text, _year_of(said)
    if year is None:
        return _REVISION.sub("", tidy(_up_to_technical(said, part))), None
    before = text[: year.start()]
    if before.strip(" ._-([{"):
        return _title_before(before, said), int(year.group(1))
    # The year comes first: "2014 - Whiplash", "[1982] The Thing".
    rest = _Said(text[year.end() :].lstrip(" ._-)]}"), said.this_year)
    return tidy(_up_to_technical(rest, None)), int(year.group(1))


def _year_of(said: _Said) -> re.Match[str] | None:
    """Return the match of the film's year. Numbers before it belong to the title."""
    text = said.text
    years = said.years_in(text)
    bracketed = [year for year in years if _OPENED.search(text[: year.start()])]
    technical = TECHNICAL.search(text)
    early = [year for year in years if technical is None or year.start() < technical.start()]
    if bracketed or not early:
        return bracketed[-1] if bracketed else next(iter(years), None)
    chosen = early[-1]
    for year in reversed(early[:-1]):
        between = text[year.end() : chosen.start()]
        if EDITION.search(between) and not EDITION.sub("", between).strip(" ._-()[]"):
            # "Blade Runner 1982 Final Cut 2007": the second year is that of the edition.
            chosen = year
    is_first = not text[: chosen.start()].strip(" ._-")
    # "1917.1080p": the title is a number.
    return None if is_first and not text[chosen.end() :].startswith(" -") else chosen


def _title_before(before: str, said: _Said) -> str:
    """Return a title without the words between it and its year: editions, fixes, an early resolution."""
    technical = TECHNICAL.search(before)
    if technical and is_title(tidy(before[: technical.start()])):
        return tidy(_without_marks(before[: technical.start()], said, *_WEAK))
    return tidy(_without_shouted_language(_without_marks(before, said, "edition"), said))


def _without_shouted_language(text: str, said: _Said) -> str:
    """Remove a final language if it alone is in capitals: "My.Movie.GERMAN", not "The Good German"."""
    for start, end in said.spans("language"):
        language, rest = text[start:end].strip(" ._-"), text[:start]
        if (
            not text[end:].strip(" ._-")
            and language.isupper()
            and is_title(tidy(rest))
            and not rest.isupper()
        ):
            return without_editions(rest)
    return text


def _up_to_technical(said: _Said, part: re.Match[str] | None) -> str:
    """Return the text before the first property that is not part of a title."""
    text = said.text
    ends = {start for start, _ in said.spans(*_STOPS)}
    ends |= {match.start() for match in (TECHNICAL.search(text), part) if match}
    for end in sorted(ends):
        if tidy(text[:end]):
            return _without_marks(text[:end], said, *_WEAK)
    return "" if ends else without_editions(text)


def _without_marks(text: str, said: _Said, *names: str) -> str:
    """Remove properties with these names, and editions, from the end, unless no title would remain."""
    text = without_editions(text)
    for start, end in sorted(said.spans(*names), reverse=True):
        is_last = start < len(text) and not text[end:].strip(" ._-()[]{}")
        if is_last and is_title(tidy(text[:start])):
            text = without_editions(text[:start])
    return text


@cache
def _guessit() -> Any:  # noqa: ANN401 - its own types say no more
    """Import guessit when the first name is read: the import takes a quarter of a second."""
    from guessit import guessit

    return guessit
