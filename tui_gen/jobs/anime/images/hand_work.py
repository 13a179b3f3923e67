"""Finds out what was done to the images by hand since the program last wrote them. Pure.

    known (written by the program) ─┐
    present (in the folder now) ────┴─> LevelWork: moved, dropped, added, waiting

An image is recognised by its stem, and by its content if the stem is new. An image that was moved keeps its
place (pinned). An image that is gone is dropped for good, until it is put back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tui_gen.jobs.anime.images.walk import folder_of, stem_of


@dataclass(frozen=True, slots=True)
class Known:
    """An image that the program wrote: where it may be if nobody moved it, and its content."""

    places: tuple[str, ...]  # relative to the folder of the level; the first is the present one
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class LevelWork:
    """The hand work in one folder of images. Paths are relative to the folder."""

    moved: Mapping[str, str] = field(default_factory=dict)  # id -> path, where it is not as written
    pinned: Mapping[str, str] = field(default_factory=dict)  # id -> folder that was chosen by hand
    dropped: frozenset[str] = frozenset()
    added: Mapping[str, str] = field(default_factory=dict)  # id -> path, of images that nobody knows yet
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # id -> the paths that have its stem
    is_gone: bool = False  # all images are gone: the folder was removed, and no image was dropped

    def to_json(self) -> dict[str, Any]:
        """Return what the ledger keeps: pinned and dropped images."""
        return {"pinned": dict(sorted(self.pinned.items())), "dropped": sorted(self.dropped)}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier runs found."""

    pinned: Mapping[str, str] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()

    @staticmethod
    def of(entries: Mapping[str, Any] | None) -> Earlier:
        """Read what `LevelWork.to_json` wrote; None: nothing was found before."""
        entries = entries or {}
        return Earlier(dict(entries.get("pinned", {})), frozenset(entries.get("dropped", ())))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides what a missing or a new image is."""

    elsewhere: frozenset[str] = frozenset()  # not missing: they are in the folder of a later level
    is_expected: Callable[[str], bool] = lambda _: False  # a killed run may have written this unknown id
    # Reads the content of a path. It is called only where an image is missing and another one is new.
    sha256_of: Callable[[str], str] = lambda _: ""


_NOTHING_ELSE = Surroundings()


def hand_work(
    known: Mapping[str, Known],
    present: Iterable[str],
    earlier: Earlier,
    around: Surroundings = _NOTHING_ELSE,
) -> LevelWork:
    """Compare what was written with what is there."""
    elsewhere = around.elsewhere
    paths = defaultdict[str, list[str]](list)
    for path in present:
        paths[stem_of(path)].append(path)
    waiting = {image: tuple(found) for image, found in paths.items() if len(found) > 1}
    found = {image: places[0] for image, places in paths.items() if len(places) == 1}
    missing = [image for image in known if image not in paths and image not in elsewhere]
    new = {
        image: path for image, path in found.items() if image not in known and not around.is_expected(image)
    }
    found |= _renamed(known, missing, new, around.sha256_of)
    missing = [image for image in missing if image not in found]
    moved = {
        image: path for image, path in found.items() if image in known and path not in known[image].places
    }
    pinned = {image: folder_of(found[image]) for image in {*earlier.pinned, *moved} if image in found} | {
        image: earlier.pinned[image] for image in waiting if image in earlier.pinned
    }
    is_gone = len(missing) > 1 and len(missing) == len([each for each in known if each not in elsewhere])
    is_gone = is_gone and not earlier.dropped.issuperset(missing)
    return LevelWork(
        moved=moved,
        pinned=pinned,
        dropped=earlier.dropped.difference(found, waiting, elsewhere) | frozenset(() if is_gone else missing),
        added=new,
        waiting=waiting,
        is_gone=is_gone,
    )


def hand_work_after_removal(
    known: Mapping[str, Known], present: Iterable[str], earlier: Earlier, around: Surroundings
) -> LevelWork:
    """Compare as `hand_work` does, where the program has removed the images that are not there.

    What earlier runs found of them stays as it is.
    """
    paths = list(present)
    stems = {stem_of(path) for path in paths}
    there = {image: each for image, each in known.items() if image in stems}
    found = hand_work(there, paths, Earlier(earlier.pinned), around)
    return replace(
        found,
        pinned={**earlier.pinned, **found.pinned},
        dropped=earlier.dropped.difference(stems),
        is_gone=False,
    )


def _renamed(
    known: Mapping[str, Known],
    missing: Iterable[str],
    new: dict[str, str],
    sha256_of: Callable[[str], str],
) -> dict[str, str]:
    """Return the paths of images that have another stem now, and take them out of the new ones.

    Two images with the same content: the first missing one gets the first new one, in the order of ids.
    """
    wanted = defaultdict[str, list[str]](list)
    for image in sorted(missing):
        if known[image].sha256:
            wanted[known[image].sha256].append(image)
    renamed = dict[str, str]()
    for stem in sorted(new) if wanted else ():
        ids = wanted.get(sha256_of(new[stem]))
        if ids:
            renamed[ids.pop(0)] = new.pop(stem)
    return renamed
