"""The words of release names that are not part of a title, and the normalisation of titles. Pure text.

Invariant: words are removed from the end of a title only, and a title always remains. A film called "The
Final Cut" or "Unrated" keeps its name.
"""

from __future__ import annotations

import os
import re
import unicodedata

TECHNICAL = re.compile(
    r"""(?<![0-9A-Za-z])(?:
        (?:480|576|720|1080|1440|2160|4320)[pi] | \d{3,4}x\d{3,4} | 4K | UHD | U?HD-?BD | HDR(?:10\+?)?
      | (?:BD|BR|DVD|WEB|HD|HDTV|UHD|TV|VHS|DVDSCR|SAT)-?Rip | Blu-?Ray | BD-?Remux | Remux | WEB-?DL | HDTV
      | [xh][\s.]?26[45] | HEVC | AVC | XviD | DivX | AV1 | DVD[59R]? | (?:H|Half)-?(?:SBS|OU) | PAL | NTSC
    )(?![0-9A-Za-z])""",
    re.VERBOSE | re.IGNORECASE,
)
HDR = re.compile(r"(?<![0-9A-Za-z])(?:HDR(?:10)?(?:\+|P|Plus)?|HLG|DV|DoVi)(?![0-9A-Za-z])", re.IGNORECASE)
STEREOSCOPIC = re.compile(r"(?<![0-9A-Za-z])(?:3D|(?:H|Half)-?(?:SBS|OU))(?![0-9A-Za-z])", re.IGNORECASE)
_EDITIONS = {
    "Director's Cut": r"director'?s?[\s._-]*(?:cut|edition)|DC",
    "Extended": r"extended(?:[\s._-]*(?:cut|edition|version))?|version[\s._-]longue",
    "Theatrical": r"theatrical(?:[\s._-]*(?:cut|edition|version|release))?",
    "Final Cut": r"(?:the[\s._-]+)?final[\s._-]*cut",
    "Unrated": r"unrated(?:[\s._-]*(?:cut|edition|version))?",
    "Uncut": r"uncut(?:[\s._-]*(?:edition|version))?",
    "Assembly Cut": r"assembly[\s._-]*cut",
    "Recut": r"recut",
    "Roadshow": r"roadshow(?:[\s._-]*(?:version|edition))?",
    "Special Edition": r"special[\s._-]*edition",
    "Ultimate": r"ultimate(?:[\s._-]*(?:cut|edition))?",
    "Anniversary": r"(?:\d\dth[\s._-]*)?anniversary(?:[\s._-]*edition)?",
    "Collector's": r"collector'?s[\s._-]*edition|[eé]dition[\s._-]*collector",
    "IMAX": r"imax(?:[\s._-]*(?:edition|enhanced|hybrid))?",
    "Despecialized": r"despeciali[sz]ed",
    "Fan Edit": r"fan[\s._-]*edit",
    "Open Matte": r"open[\s._-]*matte",
    "Criterion": r"criterion(?:[\s._-]*(?:collection|edition))?",
    "Remastered": r"(?:4k[\s._-]*)?(?:remaster(?:ed)?|restored|restoration)",
}
_MENDED = (
    r"proper|repack|rerip|internal|limited|read[\s._-]*nfo|nfo-?fix|multi|dual|dubbed|subbed|3d|hybrid|"
    r"complete|convert|stv"
)
_ANY_EDITION = "|".join(_EDITIONS.values())
EDITION = re.compile(rf"(?<![0-9A-Za-z])(?:{_ANY_EDITION})(?![0-9A-Za-z])", re.IGNORECASE)
_EDITION_LAST = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_ANY_EDITION}|{_MENDED})(?![0-9A-Za-z])[\s._\-,()\[\]{{}}]*$", re.IGNORECASE
)
_ALIAS = re.compile(r"[\s._(\[-]+a\.?k\.?a\.?[\s._-]+.*$", re.IGNORECASE | re.DOTALL)
_ACRONYM = re.compile(r"(?<![0-9A-Za-z])(?:[A-Z]\.){2,}")
_KEPT_DOT = "\N{ONE DOT LEADER}"
_ARTICLES = frozenset(["the", "a", "an", "der", "die", "das", "le", "la", "les", "il", "el"])
_LOOSE = " -–,."


def readable(name: str) -> str:
    """Return a file's name without bytes that are not UTF-8 and without unprintable characters."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text)


def comparable(name: str) -> str:
    """Return the words of a name without case, accents and apostrophes, separated by single spaces."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    kept = (
        char
        for char in plain
        if not unicodedata.combining(char) and char not in "'\N{RIGHT SINGLE QUOTATION MARK}"
    )
    return " ".join("".join(char if char.isalnum() else " " for char in kept).split())


def is_title(text: str) -> bool:
    """Return whether a text has more than an article."""
    words = comparable(text)
    return bool(words) and words not in _ARTICLES


def without_editions(text: str) -> str:
    """Remove editions and fixes from the end, unless no title would remain."""
    while (match := _EDITION_LAST.search(text)) and is_title(text[: match.start()]):
        text = text[: match.start()]
    return text


def edition_in(text: str, title: str) -> str:
    """Return the editions in a text that are not part of the title, in readable form."""
    rest = comparable(text).removeprefix(comparable(title))
    found = [label for label, pattern in _PLAIN_EDITIONS.items() if pattern.search(rest)]
    return " ".join(found)


_PLAIN_EDITIONS = {
    label: re.compile(rf"(?<![0-9a-z])(?:{pattern.replace(chr(39), '')})(?![0-9a-z])", re.IGNORECASE)
    for label, pattern in {name: text.replace("'?", "") for name, text in _EDITIONS.items()}.items()
}


def tidy(text: str) -> str:
    """Return a title in readable form: spaces for dots and underscores, no stray characters at the ends."""
    text = _ALIAS.sub("", text.strip())
    if " " not in text:
        text = _ACRONYM.sub(lambda found: found.group().replace(".", _KEPT_DOT) + " ", text)
        text = re.sub(r"[._]", " ", text).replace(_KEPT_DOT, ".")
        if text.count("-") > 1 and " " not in text.strip():
            text = text.replace("-", " ")
    text = " ".join(text.replace("_", " ").split())
    text = _balanced(text).lstrip(_LOOSE).rstrip(" -–,")
    if text.islower() or (text.isupper() and " " in text):
        text = " ".join(word[:1].upper() + word[1:].lower() for word in text.split())
    return text


def _balanced(text: str) -> str:
    """Remove unpaired brackets and empty pairs of brackets."""
    for opened, closed in ("()", "[]", "{}"):
        depth, opens, loose = 0, [], set()
        for place, char in enumerate(text):
            if char == opened:
                opens.append(place)
                depth += 1
            elif char == closed and depth:
                opens.pop()
                depth -= 1
            elif char == closed:
                loose.add(place)
        loose.update(opens)
        text = "".join(char for place, char in enumerate(text) if place not in loose)
    return " ".join(re.sub(r"\(\s*\)|\[\s*\]|\{\s*\}", " ", text).split())
