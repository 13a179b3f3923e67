"""Chooses what a contact sheet shows: sections for each character, for the noise, and for regularization.

    classified/<character>/    the medoids first, then a sample
    training/...               a sample of the images without characters; of all, where no group is left

Invariant: the same images and the same seed give the same choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.images.folders import Folders
from tui_gen.jobs.anime.images.walk import folder_of, images_below
from tui_gen.jobs.anime.review.groups import ClassifiedGroups
from tui_gen.jobs.anime.tag.seeded import rank
from tui_gen.jobs.anime.work.selecting import SELECTION

NOISE_TITLE, REGULARIZATION_TITLE = "Noise", "Regularization"


@dataclass(frozen=True, slots=True)
class Section:
    """The images of one group."""

    title: str
    about: str  # "12 crops, alike 0.91"
    images: tuple[Path, ...]  # the typical ones first
    typical: int = 0  # how many of the images are medoids


def sections_of(settings: Settings, *, per_group: int, seed: int) -> tuple[Section, ...]:
    """Return the sections with at most `per_group` sampled images each. Raises RefusedError, OSError."""
    groups = list(_groups(settings, per_group, seed))
    if not groups:  # removed, or not classified yet
        groups = list(_training_folders(settings.folders, per_group, seed))
    found = [*groups, *_regularization(settings.folders, per_group, seed)]
    if not found:
        message = f"{settings.folders.output}: there is no group and no training image yet; a run makes them"
        raise RefusedError(message)
    return tuple(found)


def _groups(settings: Settings, per_group: int, seed: int) -> Iterator[Section]:
    folders = settings.folders
    reviewer = ClassifiedGroups(
        folders.of("classified"), output=folders.output, references=settings.reference_folder
    )
    try:
        groups = reviewer.groups()
    except RefusedError:  # there is no folder of groups
        return
    for group in groups:
        members = reviewer.members(group.id)
        if not members:
            continue
        typical = set(group.medoids)
        others = _sample([each.file for each in members if each.id not in typical], per_group, seed)
        about = [f"{count(group.size)} {'crop' if group.size == 1 else 'crops'}"]
        about += [f"alike {group.cohesion:.2f}"] if group.cohesion is not None else []
        about += ["by references"] if group.is_reference else []
        title = f"{NOISE_TITLE} ({group.name})" if group.is_noise else group.name
        first = [each.file for each in members if each.id in typical]
        yield Section(title, ", ".join(about), (*first, *others), len(first))


def _training_folders(folders: Folders, per_group: int, seed: int) -> Iterator[Section]:
    """Yield the folders of the training set, where there are no groups."""
    paths = images_below(folders.training)
    for folder in sorted({folder_of(path) for path in paths}):
        mine = [folders.training / path for path in paths if folder_of(path) == folder]
        about = f"{count(len(mine))} training images"
        yield Section(folder or folders.image_type, about, _sample(mine, per_group, seed))


def _regularization(folders: Folders, per_group: int, seed: int) -> Iterator[Section]:
    try:
        entries = json.loads((folders.state / SELECTION).read_text("utf-8", "surrogateescape"))
        wanted = set(entries["regularization"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return  # nothing was selected yet
    paths = [path for path in images_below(folders.training) if Path(path).stem in wanted]
    if paths:
        chosen = _sample([folders.training / path for path in paths], per_group, seed)
        about = f"{count(len(paths))} frames without a character"
        yield Section(REGULARIZATION_TITLE, about, chosen)


def _sample(files: Sequence[Path], most: int, seed: int) -> tuple[Path, ...]:
    chosen = sorted(files, key=lambda file: rank(seed, "sheet", file.stem))[:most]
    return tuple(sorted(chosen, key=lambda file: file.name))
