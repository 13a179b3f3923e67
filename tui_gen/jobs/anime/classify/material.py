"""What is classified, in an order that does not depend on the order in which it was given.

Labels are numbers: the characters from 0, then the labels of references that repel, then the clusters without
a name. `NOISE` belongs to nothing; `KEPT_AS_NOISE` is noise that no step may assign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.anime.classify.characters import (
    Character,
    are_compatible,
    character_named,
    character_of,
    is_noise,
)
from tui_gen.jobs.anime.classify.likeness import Rows

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Floats

NOISE = -1
KEPT_AS_NOISE = -2
_WITHOUT_ROLE = -3  # a row of `differences` that is no reference


@dataclass(frozen=True, slots=True)
class Crops:
    """The crops and the reference images that are compared, and what is known of them."""

    ids: Sequence[str]  # of the crops and the reference images, as in the rows of `differences`
    differences: Floats  # shape [n, n], symmetric, 0 on the diagonal
    threshold: float  # the largest difference of two crops of one character
    references: Mapping[str, str] = field(default_factory=dict)  # id of a reference image -> folder
    pinned: Mapping[str, str] = field(default_factory=dict)  # id of a crop -> the folder it stays in
    characters: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # id of a crop -> as metadata name them


@dataclass(frozen=True, slots=True)
class Material:
    """The crops in the order of their ids, and the labels that are known of them."""

    ids: tuple[str, ...]  # of the crops, shape [crops]
    differences: Floats  # [n, n]: the crops, then the reference images, each in the order of their ids
    threshold: float
    names: tuple[Character | str, ...]  # by label: characters, then the folders of noise that repel
    first_repelling: int  # the first label that repels
    given: Rows  # shape [crops]: the label of pinned crops, NOISE for others
    is_pinned: NDArray[np.bool_]  # shape [crops]
    reference_rows: Rows  # shape [references]: reference images and pinned crops, by label, then by row
    reference_labels: Rows  # shape [references]
    agrees: NDArray[np.bool_]  # shape [crops, labels]: no metadata speak against the label
    carries: NDArray[np.bool_]  # shape [crops, labels]: metadata name the character

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Whether reference images or metadata name the character of each label, shape [labels]."""
        is_known: NDArray[np.bool_] = np.logical_or.reduce(self.carries, axis=0)
        is_known[self.reference_labels[self.reference_rows >= len(self.ids)]] = True
        return is_known

    @property
    def first_cluster(self) -> int:
        """The first label of a cluster without a name."""
        return len(self.names)

    @property
    def has_sources_of_names(self) -> bool:
        """Whether reference images or metadata name characters. Crops sorted by hand do not count."""
        return bool((self.reference_rows >= len(self.ids)).any() or self.carries.any())


def material_of(crops: Crops) -> Material:
    """Check and order what is to be classified. Raises ValueError where it does not fit together."""
    _check(crops)
    rows = {image: row for row, image in enumerate(crops.ids)}
    images = sorted(set(crops.ids) - set(crops.references))
    references = sorted(set(crops.references) & set(rows))
    pinned = {image: crops.pinned[image] for image in images if image in crops.pinned}
    named = {image: _named(crops.characters.get(image, ())) for image in images}

    folders = [*(crops.references[each] for each in references), *pinned.values()]
    known = {character for folder in folders if (character := character_of(folder)) is not None}
    characters = sorted(known.union(*named.values()), key=lambda each: each.path)
    noises = sorted({folder for folder in folders if is_noise(folder)})
    names: tuple[Character | str, ...] = (*characters, *noises)
    labels = {name: label for label, name in enumerate(names)}

    roles = np.full(len(images) + len(references), _WITHOUT_ROLE, dtype=np.intp)
    given = np.full(len(images), NOISE, dtype=np.intp)
    for row, image in enumerate(images):
        if image in pinned:
            roles[row] = _label_of(pinned[image], labels)
            given[row] = roles[row] if 0 <= roles[row] < len(characters) else KEPT_AS_NOISE
    for row, reference in enumerate(references, len(images)):
        roles[row] = _label_of(crops.references[reference], labels)
    by_label = np.argsort(roles, kind="stable")
    reference_rows = by_label[roles[by_label] >= 0]
    return Material(
        ids=tuple(images),
        differences=_reordered(crops.differences, [rows[each] for each in [*images, *references]]),
        threshold=crops.threshold,
        names=names,
        first_repelling=len(characters),
        given=given,
        is_pinned=np.array([image in pinned for image in images], dtype=np.bool_),
        reference_rows=reference_rows,
        reference_labels=roles[reference_rows],
        agrees=_agreement([named[image] for image in images], characters, len(labels)),
        carries=_carriers([named[image] for image in images], labels),
    )


def _check(crops: Crops) -> None:
    count = len(crops.ids)
    if crops.differences.shape != (count, count):
        message = f"differences have shape {crops.differences.shape}: {count} ids need {(count, count)}"
        raise ValueError(message)
    if len(set(crops.ids)) != count:
        twice = sorted({each for each in crops.ids if list(crops.ids).count(each) > 1})
        message = f"these ids are given twice: {', '.join(twice)}"
        raise ValueError(message)
    if not crops.threshold > 0:
        message = f"the threshold is {crops.threshold}: it must be above 0"
        raise ValueError(message)
    if both := sorted(set(crops.references) & set(crops.pinned)):
        message = f"these ids are of reference images and of pinned crops: {', '.join(both)}"
        raise ValueError(message)
    for image, differences in zip(crops.ids, crops.differences, strict=True):
        if not np.isfinite(differences).all():
            message = f"the differences of {image} to other images are no finite numbers"
            raise ValueError(message)


def _named(texts: Iterable[str]) -> frozenset[Character]:
    return frozenset(character for text in texts if (character := character_named(text)) is not None)


def _label_of(folder: str, labels: Mapping[Character | str, int]) -> int:
    """Return the label of a folder; the empty path has none."""
    character = character_of(folder)
    return labels.get(folder if character is None else character, _WITHOUT_ROLE)


def _reordered(differences: Floats, order: Sequence[int]) -> Floats:
    """Return the matrix with its rows and columns in an order, the matrix itself if it has that order."""
    if list(order) == list(range(len(order))):
        return differences
    places = np.array(order, dtype=np.intp)
    ordered = np.empty_like(differences)
    for place, row in enumerate(order):
        ordered[place] = differences[row, places]
    return ordered


def _agreement(
    named: Sequence[frozenset[Character]], characters: Sequence[Character], labels: int
) -> NDArray[np.bool_]:
    """Return which labels each crop may get. Without metadata, and for labels that repel: every one."""
    by_name = defaultdict[str, list[int]](list)
    for label, character in enumerate(characters):
        by_name[character.name].append(label)
    agrees = np.ones((len(named), labels), dtype=np.bool_)
    for row, theirs in enumerate(named):
        if theirs:
            agrees[row, : len(characters)] = False
            for one in theirs:
                fitting = [label for label in by_name[one.name] if are_compatible(one, characters[label])]
                agrees[row, fitting] = True
    return agrees


def _carriers(
    named: Sequence[frozenset[Character]], labels: Mapping[Character | str, int]
) -> NDArray[np.bool_]:
    carries = np.zeros((len(named), len(labels)), dtype=np.bool_)
    for row, theirs in enumerate(named):
        carries[row, [labels[each] for each in theirs]] = True
    return carries
