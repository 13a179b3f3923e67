"""What balancing changes: how often each character is seen before and after, for a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tui_gen.jobs.anime.balance.multiply import FolderBalance
from tui_gen.jobs.anime.tag.character_text import name_of

NOBODY = ""
"""Stands for images without a character."""


@dataclass(frozen=True, slots=True)
class CharacterShare:
    """How often one character is seen in an epoch."""

    name: str  # NOBODY: images without a character
    images: int
    repeats: Fraction  # the sum of the repeats of its images
    share_before: Fraction  # of all images
    share_after: Fraction  # of all repeats


@dataclass(frozen=True, slots=True)
class DatasetShares:
    """The whole training set, before and after."""

    images: int
    repeats: Fraction
    characters: tuple[CharacterShare, ...]  # those with the most images first


def shares_of(images: Iterable[tuple[Iterable[str], str]], balance: Iterable[FolderBalance]) -> DatasetShares:
    """Return how often each character is seen.

    `images`: the characters and the folder of each. An image of several characters counts for each of them,
    so the shares may sum to more than 1; appearances of a character count together.
    Raises KeyError for a folder without a balance.
    """
    multiply = {each.folder: Fraction(each.multiply) for each in balance}
    numbers: dict[str, int] = {}
    repeats: dict[str, Fraction] = {}
    whole, whole_repeats = 0, Fraction(0)
    for characters, folder in images:
        whole, whole_repeats = whole + 1, whole_repeats + multiply[folder]
        for name in {name_of(each) for each in characters} - {""} or {NOBODY}:
            numbers[name] = numbers.get(name, 0) + 1
            repeats[name] = repeats.get(name, Fraction(0)) + multiply[folder]
    shares = (_share(name, numbers, repeats, (whole, whole_repeats)) for name in numbers)
    return DatasetShares(
        whole, whole_repeats, tuple(sorted(shares, key=lambda share: (-share.images, share.name)))
    )


def _share(
    name: str, numbers: Mapping[str, int], repeats: Mapping[str, Fraction], whole: tuple[int, Fraction]
) -> CharacterShare:
    images, all_repeats = whole
    return CharacterShare(
        name, numbers[name], repeats[name], Fraction(numbers[name], images), repeats[name] / all_repeats
    )
