"""Sorts crops into characters by their differences, references, metadata and what was sorted by hand.

The same crops give the same folders, in whatever order they are given: see classify/material.py. Of 5 000
crops the matrix of differences takes 100 MB, and as much again if its rows are not in the order of their ids.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from string import ascii_lowercase

import numpy as np

from tui_gen.jobs.anime.classify import steps
from tui_gen.jobs.anime.classify.characters import Character, character_of, name_problem
from tui_gen.jobs.anime.classify.likeness import Rows, cohesion, medoids
from tui_gen.jobs.anime.classify.material import Crops, Material, material_of
from tui_gen.jobs.anime.classify.options import ClassifyOptions
from tui_gen.jobs.anime.model import NOISE

MEDOIDS = 5
"""The number of crops that stand for a group."""
_LETTERS = 6  # of the name of a cluster without a name


@dataclass(frozen=True, slots=True)
class Group:
    """The crops of one folder."""

    cohesion: float | None  # 0 to 1, see likeness.cohesion; None for noise and for a single crop
    medoids: tuple[str, ...]  # ids of up to MEDOIDS crops that stand for the group, the most central first


@dataclass(frozen=True, slots=True)
class Classification:
    """Which folder each crop belongs to. Folders are paths with forward slashes, relative to classified/."""

    folders: Mapping[str, str]  # by the id of the crop, in the order of the ids
    groups: Mapping[str, Group]  # by folder, in the order of the folders
    additions: Mapping[str, str] = field(
        default_factory=dict
    )  # id of a crop to add to the references -> folder
    problems: tuple[str, ...] = ()


def classify(crops: Crops, options: ClassifyOptions) -> Classification:
    """Give every crop its folder: that of a character, that of a cluster without a name, or that of noise.

    Ids in `crops.pinned` and `crops.characters` without a row are left out of account. Raises ValueError
    where the parts of `crops` do not fit together.
    """
    if options.ignore_character_metadata:
        crops = replace(crops, characters={})
    material = material_of(crops)
    labels, problems = _labelled(material, options)
    folders = _folders(material, labels, crops.pinned)
    return Classification(
        folders=folders,
        groups=_groups(material, folders),
        additions=_additions(material, labels, crops.references, options.n_add_to_ref_per_character),
        problems=(*_comma_problems(folders.values()), *problems),
    )


def groups_text(groups: Mapping[str, Group], embedder: str) -> str:
    """Return the text of groups.json: what the review of the folders shows of each group."""
    entries = {
        folder: {"cohesion": group.cohesion, "medoids": list(group.medoids)}
        for folder, group in groups.items()
    }
    return json.dumps({"embedder": embedder, "groups": entries}, ensure_ascii=False, indent=1) + "\n"


def _labelled(material: Material, options: ClassifyOptions) -> tuple[Rows, list[str]]:
    """Take all steps."""
    limits = steps.Limits(options.same_threshold_rel, options.same_threshold_abs)
    labels = steps.clustered(material, min_samples=options.cluster_min_samples)
    if options.extract_from_noise:
        labels = steps.extracted(material, labels, limits=limits, with_references=True)
    labels = steps.referenced(material, labels)
    labels, problems = steps.metadata_mapped(
        material, labels, accept_multiple=options.accept_multiple_candidates
    )
    if options.keep_unnamed_clusters or not material.has_sources_of_names:
        labels = steps.merged(material, labels, options.cluster_merge_threshold)
    else:
        labels = steps.without_clusters(material, labels)
    if options.extract_from_noise:
        labels = steps.extracted(material, labels, limits=limits, with_references=False)
    if options.filter_characters:
        labels = steps.filtered(material, labels, limits=limits)
    return steps.without_single_crops(material, labels), problems


def _folders(material: Material, labels: Rows, pinned: Mapping[str, str]) -> dict[str, str]:
    """Return the folder of each crop."""
    by_hand = _folders_by_hand(material, labels, pinned)
    named = {
        label: by_hand.get(label, name.path)
        for label, name in enumerate(material.names)
        if isinstance(name, Character)
    }
    by_label = named | _names_of_clusters(material, labels, by_hand)
    return {
        image: pinned.get(image, by_label.get(label, NOISE))
        for image, label in zip(material.ids, labels.tolist(), strict=True)
    }


def _folders_by_hand(material: Material, labels: Rows, pinned: Mapping[str, str]) -> dict[int, str]:
    """Return the folder that most pinned crops of a character are in: "3_Frieren" stays "3_Frieren"."""
    counts: dict[int, Counter[str]] = {}
    for row in np.flatnonzero(material.is_pinned & (labels >= 0)).tolist():
        counts.setdefault(int(labels[row]), Counter())[pinned[material.ids[row]]] += 1
    return {label: min(found, key=lambda each: (-found[each], each)) for label, found in counts.items()}


def _names_of_clusters(material: Material, labels: Rows, by_hand: Mapping[int, str]) -> dict[int, str]:
    """Return the folders of clusters without a name: `<k>_<letters>`, k from 0 for the largest.

    The letters come from the id of the most central crop, so that a later run gives the same ones. A cluster
    goes on in its folder of before if a hand has put crops into that folder. Letters that are the name of a
    character or of another cluster are made anew.
    """
    found: list[tuple[int, str, int]] = []
    for label in np.unique(labels[labels >= material.first_cluster]).tolist():
        members = np.flatnonzero(labels == label)
        centre = medoids(material.differences, members, 1)[0]
        found.append((-len(members), material.ids[centre], label))
    taken = {name.name.lower() for name in material.names if isinstance(name, Character)}
    before = {character.path: folder for folder in by_hand.values() if (character := character_of(folder))}
    names: dict[int, str] = {}
    for number, (_, image, label) in enumerate(sorted(found)):
        letters = next(_letters(image))
        if letters not in before:
            letters = next(each for each in _letters(image) if each not in taken)
        taken.add(letters)
        names[label] = before.get(letters, f"{number}_{letters}")
    return names


def _letters(image: str) -> Iterator[str]:
    """Yield candidates for the letters of a cluster: digits to the base 26 of the SHA-256 of an id."""
    digest = hashlib.sha256(image.encode("utf-8", "surrogateescape"))
    while True:
        value = int.from_bytes(digest.digest(), "big")
        yield "".join(ascii_lowercase[value // 26**place % 26] for place in range(_LETTERS))
        digest.update(b"again")


def _groups(material: Material, folders: Mapping[str, str]) -> dict[str, Group]:
    """Return what is known of each folder."""
    rows: dict[str, list[int]] = {}
    for row, image in enumerate(material.ids):
        rows.setdefault(folders[image], []).append(row)
    groups: dict[str, Group] = {}
    for folder in sorted(rows):
        members = np.array(rows[folder], dtype=np.intp)
        central = medoids(material.differences, members, MEDOIDS)
        groups[folder] = Group(
            None
            if character_of(folder) is None
            else cohesion(material.differences, members, material.threshold),
            tuple(material.ids[row] for row in central),
        )
    return groups


def _additions(material: Material, labels: Rows, references: Mapping[str, str], count: int) -> dict[str, str]:
    """Return up to `count` crops of each named character, those already among the references counted."""
    additions: dict[str, str] = {}
    if not count:
        return additions
    present = {PurePosixPath(each).stem for each in references}
    is_present = np.array([image in present for image in material.ids], dtype=np.bool_)
    for label, name in enumerate(material.names[: material.first_repelling]):
        if not isinstance(name, Character):
            continue
        of_label = labels == label
        added = int((of_label & is_present).sum())
        candidates = np.flatnonzero(of_label & ~is_present)
        for row in medoids(material.differences, candidates, max(count - added, 0)):
            additions[material.ids[row]] = name.path
    return additions


def _comma_problems(folders: Iterable[str]) -> list[str]:
    """Return a message for each folder whose name captions would take for several characters."""
    characters = [character for each in sorted(set(folders)) if (character := character_of(each)) is not None]
    return [problem for each in characters if (problem := name_problem(each)) is not None]
