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
    def with_article(self) -> str:
        """`a clip`, `an image`."""
        return f"{'an' if self.one[:1] in 'aeiou' else 'a'} {self.one}"

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
    has_attempts: bool = True
    """Whether a clip may take several attempts. If not, no screen shows how many."""
    image_categories: tuple[str, ...] = ()
    """The categories whose patches are the images of the dataset, if those of other stages are not: surveys,
    tags and other steps on the way to them. Totals of images count only these. (): those of all sources."""

    def is_image(self, category: str) -> bool:
        """Return whether the patches of a category are images of the dataset."""
        return not self.image_categories or category in self.image_categories

    def of_rate(self, usual: Noun) -> Noun:
        """Return what a rate counts: what it usually does, or clips where some patches are no images."""
        return self.clip if self.image_categories else usual

    @property
    def amounts(self) -> str:
        """The heading of the numbers of all categories."""
        return "made" if self.image_categories else self.image.many


USUAL_NOUNS = Nouns()


def as_json(nouns: Nouns) -> dict[str, Any]:
    """Return nouns as JSON values: each noun as a list of itself and its plural."""
    values = {each.name: getattr(nouns, each.name) for each in fields(nouns)}
    categories = list(values.pop("image_categories"))
    words = {name: [it.one, it.many] if isinstance(it, Noun) else it for name, it in values.items()}
    return {**words, "image_categories": categories} if categories else words


def from_json(entry: Mapping[str, Any]) -> Nouns:
    """Return the nouns of JSON values; what is not named is as usual. Raises ValueError."""
    values = {each.name: entry[each.name] for each in fields(Nouns) if each.name in entry}
    has_attempts = bool(values.pop("has_attempts", USUAL_NOUNS.has_attempts))
    categories = tuple(str(name) for name in values.pop("image_categories", ()))
    return replace(
        USUAL_NOUNS,
        has_attempts=has_attempts,
        image_categories=categories,
        **{name: _noun(value) for name, value in values.items()},
    )


def _noun(value: object) -> Noun:
    match value:
        case [str() as one, str() as many]:
            return Noun(one, many)
    message = f"{value!r} is no noun and its plural"
    raise ValueError(message)
