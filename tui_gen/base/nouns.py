"""What a job calls the things that all jobs have: the words of screens, messages and reports.

The program's own words are the defaults: a ledger or a status file that names no nouns is read with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tui_gen.base.formatting import count


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun and its plural."""

    one: str
    many: str

    @property
    def title(self) -> str:
        """The plural at the beginning of a line: `Clips`."""
        return self.many[:1].upper() + self.many[1:]

    def of(self, number: int) -> str:
        """Return the word for so many: `clip` or `clips`."""
        return self.one if number == 1 else self.many

    def counted(self, number: int) -> str:
        """`1 clip`, `1,200 clips`."""
        return f"{count(number)} {self.of(number)}"


@dataclass(frozen=True, slots=True)
class Nouns:
    """The nouns of a job."""

    source: Noun = Noun("video", "videos")
    clip: Noun = Noun("clip", "clips")
    """A numbered piece of a source: the unit of accounting."""
    patch: Noun = Noun("patch", "patches")
    """What one clip gives one category: the files that belong together."""
    image: Noun = Noun("image", "images")
    """What the targets of the categories count; a job may use the noun of its patches."""
    attempt: Noun | None = Noun("try", "tries")
    """None: the job tries each clip once, and no screen shows how often a clip was tried."""


USUAL_NOUNS = Nouns()


def as_json(nouns: Nouns) -> dict[str, list[str] | None]:
    """Return nouns as JSON values."""
    return {
        each.name: None if (noun := getattr(nouns, each.name)) is None else [noun.one, noun.many]
        for each in fields(nouns)
    }


def from_json(entry: Mapping[str, Any]) -> Nouns:
    """Return the nouns of JSON values; those that are not named are the usual ones. Raises ValueError."""
    named = [each.name for each in fields(Nouns) if entry.get(each.name) is not None]
    found = replace(USUAL_NOUNS, **{name: _noun(entry[name]) for name in named})
    return replace(found, attempt=None) if entry.get("attempt", "") is None else found


def _noun(value: object) -> Noun:
    match value:
        case [str() as one, str() as many]:
            return Noun(one, many)
    message = f"{value!r} is no noun and its plural"
    raise ValueError(message)
