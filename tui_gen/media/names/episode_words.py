"""Reads the numbers of episodes and seasons that names spell with words: 第01話, 3회, 5 серия, الحلقة 12.

Also names in brackets alone: `[group][title][01][1080p]`. Pure text.

Invariant: a number without a word counts only in a name in brackets. Words for the part of a film ("Teil",
"भाग", "第2部") are not words for an episode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = dict(zip("〇零一二三四五六七八九两兩", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 2), strict=True))
_HAN = "[〇零一二三四五六七八九十百两兩]{1,6}"
_N = rf"(?:\d{{1,4}}|{_HAN})"

_SPELLED = re.compile(
    rf"""
      第\s*(?P<han>{_N})\s*(?:話|话|集|回|囘|화|회)(?:\s*[-~]\s*\d+\s*[話话集回])?
    | (?:제\s*)?(?P<hangul>\d{{1,4}})\s*(?:화|회)(?!\w)
    | (?<!\w)(?P<cyrillic>\d{{1,4}})(?:-?я)?[\s._]*(?:сери[яи]|серія|епізод|эпизод|выпуск)(?!\w)
    | (?<!\w)(?:серия|серія|епізод|эпизод|выпуск|επεισ[οό]διο|(?:ال)?حلقة|قسمت|פרק|एपिसोड|भाग\ संख्या)
      [\s._]*(?:№|\#|رقم)?\s*(?P<word>\d{{1,4}})(?!\d)
    | ตอน(?:ที่)?[\s._]*(?P<thai>\d{{1,4}})(?!\d)
    | (?<!\w)(?:tập|odcinek|odc\.|bölüm|epis[oó]dio|epizod[aáe]?|episodul|díl|jakso|avsnitt|afsnit)
      [\s._]*(?P<latin>\d{{1,4}})(?!\d)
    | (?<!\w)(?P<before>\d{{1,4}})\.[\s_]*(?:bölüm|odcinek|díl|epizód|epizoda|jakso)(?!\w)
    | (?<=[\s._])\#(?P<hash>\d{{1,4}})(?!\w) | (?<=[぀-ヿ一-鿿])\#(?P<kana>\d{{1,4}})(?!\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DOUBTFUL = frozenset(["thai", "latin", "before", "hash", "kana"])
_SEASONS = re.compile(
    rf"""
      第\s*(?P<han>{_N})\s*[季期] | (?P<kana>\d{{1,2}})期
    | (?:シーズン|시즌|сезон|сезона|κύκλος|الموسم|ซีซั่น|ซีซัน|עונה|फसल|sezon|sezona|serie|kausi|säsong|mùa|phần)
      [\s._]*(?P<word>\d{{1,2}})(?!\d)
    | (?<!\w)(?P<before>\d{{1,2}})(?:-?й)?[\s._]*(?:сезон|시즌)(?!\w)
    | (?<!\w)(?P<dot>\d{{1,2}})\.[\s_]*sezon(?!\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BRACKETED = re.compile(r"\s*(?:\[[^\[\]]*\][\s._-]*){2,}")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_ENDED = r"(?:v\d)?(?:[\s_]*(?:end|fin|完))?"
_NUMBER_ALONE = re.compile(
    rf"\s*(?:(?:ep?\.?\s*)?(\d{{1,3}})(?:-\d{{1,3}})?|第\s*({_N})\s*[話话集回])\s*{_ENDED}\s*", re.IGNORECASE
)
_TITLE_AND_NUMBER = re.compile(rf"(.*[^\s-])\s+-\s+(\d{{1,3}}){_ENDED}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SpelledEpisode:
    """An episode as a name spells it."""

    before: str  # the text before the season and the episode: the title, perhaps with more
    season: int | None
    episode: int
    is_doubtful: bool = False  # perhaps a part of a film: "John Wick: Bölüm 2 (2017)"


def spelled_episode(text: str) -> SpelledEpisode | None:
    """Return the episode that a name spells with a word, or None."""
    match = _SPELLED.search(text)
    if match is None:
        return None
    before, season = text[: match.start()], None
    if found := _SEASONS.search(before):
        before, season = before[: found.start()], _number(_group_of(found))
    number = _group_of(match)
    is_doubtful = match.lastgroup in _DOUBTFUL or not number.isdecimal()
    return SpelledEpisode(before, season, _number(number), is_doubtful)


def bracketed_episode(text: str) -> SpelledEpisode | None:
    """Return the episode of a name in brackets alone, `[group][title][01]...`, or None."""
    if not _BRACKETED.fullmatch(text):
        return None
    parts = _BRACKET.findall(text)
    for place, part in enumerate(parts):
        if both := _TITLE_AND_NUMBER.fullmatch(part):
            return _bracketed(both.group(1), both.group(2))
        match = _NUMBER_ALONE.fullmatch(part) if place else None
        if match:
            # The group comes first, unless only the title stands before the number.
            return _bracketed(parts[1] if place > 1 else parts[0], _group_of(match))
    return None


def _bracketed(title: str, number: str) -> SpelledEpisode:
    season = _SEASONS.search(title)
    if season is None:
        return SpelledEpisode(title, None, _number(number))
    return SpelledEpisode(title[: season.start()], _number(_group_of(season)), _number(number))


def spelled_season(name: str) -> int | None:
    """Return the season if a folder's name is only a season in words, like "第2季" or "Сезон 1", or None."""
    match = _SEASONS.fullmatch(name.strip())
    return _number(_group_of(match)) if match else None


def _group_of(match: re.Match[str]) -> str:
    return next(text for text in match.groups() if text is not None)


def _number(text: str) -> int:
    """Return the value of a number in digits of any script, or in Chinese numerals up to 999."""
    if text.isdecimal():
        return int(text)
    if not set(text) & {"十", "百"}:
        return int("".join(str(_DIGITS[char]) for char in text))
    total, digit = 0, 0
    for char in text:
        if char in "十百":
            total += max(digit, 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[char]
    return total + digit
