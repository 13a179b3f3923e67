"""OPTICS gives what scikit-learn gives: for random differences, for ties, for duplicates, for clusters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import OPTICS

from tui_gen.jobs.anime.classify.optics import labels_of, optics_labels, reachability_of, xi_clusters

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Floats

Random = np.random.Generator


def symmetric(values: NDArray[Any]) -> Floats:
    larger: Floats = np.maximum(values, values.T).astype(np.float32)
    np.fill_diagonal(larger, 0)
    return larger


def between(points: NDArray[Any]) -> Floats:
    return symmetric(np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1)))


def clusters(random: Random, count: int) -> Floats:
    centres = random.normal(size=(6, 3)) * 3
    spread = random.choice([0.01, 0.2, 0.5, 1.0], (count, 1))
    return between(centres[random.integers(0, 6, count)] + random.normal(size=(count, 3)) * spread)


def duplicates(random: Random, count: int) -> Floats:
    points = random.normal(size=(count, 2))
    points[random.integers(0, count, count // 2)] = points[0]
    return between(points)


KINDS: dict[str, Callable[[Random, int], Floats]] = {
    "random": lambda random, count: symmetric(random.random((count, count))),
    "few values": lambda random, count: symmetric(random.integers(0, 6, (count, count)) / 5),
    "grid": lambda random, count: between(random.integers(0, 6, (count, 2)).astype(float)),
    "all equal": lambda random, count: symmetric(np.full((count, count), random.choice([0, 0.3]))),
    "clusters": clusters,
    "duplicates": duplicates,
}


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(2, 60),
    min_samples=st.integers(2, 8),
    xi=st.sampled_from([0.01, 0.05, 0.2]),
)
def test_the_results_equal_those_of_scikit_learn(
    kind: str, seed: int, count: int, min_samples: int, xi: float
) -> None:
    min_samples = min(min_samples, count)
    differences = KINDS[kind](np.random.default_rng(seed), count)
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        warnings.simplefilter("ignore")
        expected = OPTICS(min_samples=min_samples, metric="precomputed", xi=xi).fit(differences)

    reached = reachability_of(differences, min_samples)
    assert reached.order.tolist() == expected.ordering_.tolist()
    assert reached.core_distances.tolist() == expected.core_distances_.tolist()
    assert reached.distances.tolist() == expected.reachability_.tolist()
    assert reached.predecessors.tolist() == expected.predecessor_.tolist()
    found = xi_clusters(reached, min_samples=min_samples, xi=xi)
    assert found == [tuple(each) for each in expected.cluster_hierarchy_.tolist()]
    labels = labels_of(reached, min_samples=min_samples, xi=xi)
    assert labels.tolist() == expected.labels_.tolist()


def test_a_matrix_of_more_rows_than_a_block_gives_the_same() -> None:
    differences = clusters(np.random.default_rng(0), 300)
    expected = OPTICS(min_samples=5, metric="precomputed").fit(differences)
    labels = optics_labels(differences, min_samples=5)
    assert labels.max() > 5
    assert labels.tolist() == expected.labels_.tolist()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_points_than_min_samples_are_noise(count: int) -> None:
    labels = optics_labels(np.zeros((count, count), dtype=np.float32), min_samples=5)
    assert labels.tolist() == [-1] * count


@pytest.mark.parametrize("min_samples", [1, 6])
def test_an_impossible_min_samples_is_refused(min_samples: int) -> None:
    with pytest.raises(ValueError, match=f"min_samples is {min_samples}: .* number of points, 5"):
        reachability_of(np.zeros((5, 5), dtype=np.float32), min_samples)


def test_the_matrix_is_not_changed() -> None:
    differences = clusters(np.random.default_rng(1), 50)
    differences.setflags(write=False)
    optics_labels(differences, min_samples=5)
