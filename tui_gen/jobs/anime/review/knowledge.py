"""What is known of the groups beside their files: cohesion, medoids, references, what was done by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from tui_gen.jobs.anime.classify.references import references_among
from tui_gen.jobs.anime.images.walk import images_below
from tui_gen.jobs.anime.review.folders import Folders

GROUPS_FILE = "anime/groups.json"
"""Written by the stage classify, below the run folder."""

REMOVED_FILE = "anime/removed"
"""Is there since the images of the groups were removed, below the run folder."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the classification measured of one group."""

    cohesion: float | None
    medoids: tuple[str, ...]  # stems


def read_measured(path: Path) -> dict[str, Measured] | None:
    """Return what was measured, by folder; None without a file, or with one that cannot be understood.

    The file is a view: a damaged one costs the cohesion, and the next classification writes it anew.
    Raises OSError.
    """
    try:
        entries = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))["groups"]
        return {str(group): _measured(entry) for group, entry in entries.items()}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _measured(entry: Mapping[str, object]) -> Measured:
    cohesion, medoids = entry.get("cohesion"), entry.get("medoids", ())
    if not isinstance(medoids, list):
        medoids = []
    is_number = isinstance(cohesion, int | float) and not isinstance(cohesion, bool)
    return Measured(float(str(cohesion)) if is_number else None, tuple(map(str, medoids)))


def measured_of_folders(measured: Mapping[str, Measured], folders: Folders) -> dict[str, Measured]:
    """Return what was measured of the folders as they are called now.

    A folder that was renamed is known by the medoids: it holds all of them, and the folder of the old name is
    gone.
    """
    known = {group: each for group, each in measured.items() if group in folders}
    stems = {group: {PurePath(name).stem for name in folder.images} for group, folder in folders.items()}
    for group in sorted(measured.keys() - known.keys()):
        medoids = measured[group].medoids
        holders = [name for name in folders if medoids and stems[name].issuperset(medoids)]
        if len(holders) == 1 and holders[0] not in known:
            known[holders[0]] = measured[group]
    return known


def is_by_hand(
    group: str, folders: Folders, *, measured: Mapping[str, Measured] | None, pinned: Collection[str]
) -> bool:
    """Return whether a group was made or named by hand, or all of its images were put there by hand."""
    images = folders[group].images
    is_new = measured is not None and group not in measured
    return bool(images) and (is_new or all(PurePath(name).stem in pinned for name in images))


def read_references(references: Path | None) -> frozenset[str]:
    """Return the folders of the characters that have reference images. Raises OSError."""
    found = () if references is None else images_below(references)
    return frozenset(references_among(found).folders.values())
