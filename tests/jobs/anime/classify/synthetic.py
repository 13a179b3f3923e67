"""Crops as points on a line: the difference of two is their distance, and the threshold is 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_gen.jobs.anime.classify.likeness import Rows
from tui_gen.jobs.anime.classify.material import NOISE, Crops, Material, material_of

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Floats


def line(points: Sequence[float]) -> Floats:
    """Return the distances of points."""
    places = np.array(points, dtype=np.float32)
    distances: Floats = np.abs(places[:, None] - places[None])
    return distances


def crops_at(points: Mapping[str, float], **known: Any) -> Crops:  # noqa: ANN401 - any field
    """Return crops and reference images at points of the line."""
    return Crops(tuple(points), line(list(points.values())), threshold=1.0, **known)


def spread(name: str, centre: float, count: int = 6, width: float = 0.1) -> dict[str, float]:
    """Return points evenly around a centre."""
    return {f"{name}{number}": centre + width * (number / count - 0.5) for number in range(count)}


def labels_in(material: Material, groups: Mapping[int, Sequence[str]]) -> Rows:
    """Return labels: `groups` gives the crops of each cluster, numbered from 0; others are noise."""
    labels = np.where(material.is_pinned, material.given, NOISE)
    for cluster, members in groups.items():
        for member in members:
            labels[material.ids.index(member)] = material.first_cluster + cluster
    return labels


def material_at(points: Mapping[str, float], **known: Any) -> Material:  # noqa: ANN401 - any field
    """Return the material of crops at points of the line."""
    return material_of(crops_at(points, **known))


def by_id(material: Material, labels: Rows) -> dict[str, int | str]:
    """Return the label of each crop: the path of its character, or the number."""
    names = {label: getattr(name, "path", name) for label, name in enumerate(material.names)}
    return {
        image: names.get(label, label) for image, label in zip(material.ids, labels.tolist(), strict=True)
    }


def people(random: np.random.Generator, count: int, each: int, strangers: int) -> tuple[list[str], Floats]:
    """Return ids ("c<character>_<number>", "stranger<number>") and cosine distances of noisy unit vectors."""
    centres = random.normal(size=(count, 24))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    noisy = [centre + random.normal(size=(each, 24)) * 0.06 for centre in centres]
    vectors = np.concatenate([*noisy, random.normal(size=(strangers, 24))])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    differences = np.clip(1 - vectors @ vectors.T, 0, None).astype(np.float32)
    differences = np.maximum(differences, differences.T)
    np.fill_diagonal(differences, 0)
    ids = [f"c{person}_{number}" for person in range(count) for number in range(each)]
    return [*ids, *(f"stranger{number}" for number in range(strangers))], differences
