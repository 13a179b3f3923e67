"""Which part of the dataset a film and its clips belong to: training, validation or test. Pure.

    film  |----------- train -----------|guard|--- val ---|guard|------ train ------|
                                         10 s              10 s

A held-out part is a category of its own, "general/val" beside "general": a clip made for one is not
made for the other, does not count towards its target, and stands in folders of its own. No category of a
configuration can be called so, as none holds a slash.

Guards: no window of a held-out clip comes nearer than `GUARD_SECONDS` to one of a clip for training.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from tui_gen.jobs.superres.planning.seeded_random import draws

Split = Literal["train", "val", "test"]

SPLITS: tuple[Split, ...] = get_args(Split)
TRAIN: Split = "train"
GUARD_SECONDS = 10.0
SHORTEST_DIVIDED_SECONDS = 600.0
"""Shorter films are not divided: the guard would take too much of them."""
SPLIT_FOLDERS: dict[Split, str] = {"train": "Patches", "val": "Val", "test": "Test"}
"""What the names of a part's format folders begin with."""
NEAR_FOLDER = "Near"
"""What those begin with that hold training patches that are near duplicates of held-out patches."""


@dataclass(frozen=True, slots=True)
class Block:
    """The contiguous part of a film that is held out."""

    start_seconds: float
    end_seconds: float


def block_of(seed: int, source: str, *, share: float, duration_seconds: float) -> Block | None:
    """Return the block of a film, or None where it has none.

    It lies around a seeded place, so that a larger share holds the block of a smaller one.
    """
    if share <= 0 or duration_seconds < SHORTEST_DIVIDED_SECONDS:
        return None
    centre, *_ = draws(seed, source, "validation block")
    length = Fraction(str(share)) * Fraction(duration_seconds)
    room = Fraction(duration_seconds) - length
    start = min(max(Fraction(0), centre * Fraction(duration_seconds) - length / 2), room)
    return Block(float(start), float(start + length))


def part_name(category: str, split: Split) -> str:
    """Return what a part of a category is called: `general`, `general/val`."""
    return category if split == TRAIN else f"{category}/{split}"


def whole_name(part: str) -> str:
    """Return the category that a part belongs to."""
    return part.partition("/")[0]


def split_of(part: str) -> Split:
    """Return which part this name stands for."""
    written = part.partition("/")[2]
    return next((split for split in SPLITS if split == written), TRAIN)


def part_folder(format_folder: str, split: Split) -> str:
    """Return a format's folder for a part: `Patches_Large` becomes `Val_Large`."""
    return SPLIT_FOLDERS[split] + format_folder.removeprefix(SPLIT_FOLDERS[TRAIN])


def near_folder(format_folder: str) -> str:
    """Return where a format's training patches stand that cross the line: `Patches_Large`, `Near_Large`."""
    return NEAR_FOLDER + format_folder.removeprefix(SPLIT_FOLDERS[TRAIN])


def whole_folder(folder: str) -> str:
    """Return the format's folder that a part's belongs to: `Val_Large` becomes `Patches_Large`."""
    stem, line, rest = folder.partition("_")
    is_known = stem in {*SPLIT_FOLDERS.values(), NEAR_FOLDER}
    return SPLIT_FOLDERS[TRAIN] + line + rest if is_known else folder


def split_of_folder(format_folder: str) -> Split:
    """Return which part a format's folder belongs to."""
    stem = format_folder.partition("_")[0]
    return next((split for split, folder in SPLIT_FOLDERS.items() if folder == stem), TRAIN)
