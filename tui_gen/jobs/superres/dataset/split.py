"""Assigns a film and its clips to a part of the dataset: training, validation or test. Pure.

    film  |----------- train -----------|guard|--- val ---|guard|------ train ------|
                                         10 s              10 s

A held-out part is a separate category, "general/val" beside "general". A clip of one is not a clip of the
other and does not count towards its target. Its files are in separate folders. A configuration cannot define
such a category, because names of categories contain no slash.

Guards: windows of held-out clips and of training clips are at least `GUARD_SECONDS` apart.
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
"""Part -> the prefix of its format folders."""
NEAR_FOLDER = "Near"
"""The prefix of format folders with training patches that are near duplicates of held-out patches."""


@dataclass(frozen=True, slots=True)
class Block:
    """The contiguous block of a film that is held out."""

    start_seconds: float
    end_seconds: float


def block_of(seed: int, source: str, *, share: float, duration_seconds: float) -> Block | None:
    """Return the block of a film, or None if the film has none.

    The block is around a seeded place, so the block of a larger share contains that of a smaller share.
    """
    if share <= 0 or duration_seconds < SHORTEST_DIVIDED_SECONDS:
        return None
    centre, *_ = draws(seed, source, "validation block")
    length = Fraction(str(share)) * Fraction(duration_seconds)
    room = Fraction(duration_seconds) - length
    start = min(max(Fraction(0), centre * Fraction(duration_seconds) - length / 2), room)
    return Block(float(start), float(start + length))


def part_name(category: str, split: Split) -> str:
    """Return the name of a part of a category: `general`, `general/val`."""
    return category if split == TRAIN else f"{category}/{split}"


def whole_name(part: str) -> str:
    """Return the category of a part: `general` for `general/val`."""
    return part.partition("/")[0]


def split_of(part: str) -> Split:
    """Return the part of a part's name: `val` for `general/val`."""
    written = part.partition("/")[2]
    return next((split for split in SPLITS if split == written), TRAIN)


def part_folder(format_folder: str, split: Split) -> str:
    """Return a format's folder for a part: `Patches_Large` becomes `Val_Large`."""
    return SPLIT_FOLDERS[split] + format_folder.removeprefix(SPLIT_FOLDERS[TRAIN])


def near_folder(format_folder: str) -> str:
    """Return the folder for near duplicates of a format: `Patches_Large` becomes `Near_Large`."""
    return NEAR_FOLDER + format_folder.removeprefix(SPLIT_FOLDERS[TRAIN])


def whole_folder(folder: str) -> str:
    """Return the training folder of a format folder: `Val_Large` becomes `Patches_Large`."""
    stem, line, rest = folder.partition("_")
    is_known = stem in {*SPLIT_FOLDERS.values(), NEAR_FOLDER}
    return SPLIT_FOLDERS[TRAIN] + line + rest if is_known else folder


def split_of_folder(format_folder: str) -> Split:
    """Return the part of a format folder."""
    stem = format_folder.partition("_")[0]
    return next((split for split, folder in SPLIT_FOLDERS.items() if folder == stem), TRAIN)
