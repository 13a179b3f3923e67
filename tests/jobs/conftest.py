"""A cluster of two machines for the jobs: real processes of dask, started when a test asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.harness import Cluster, cluster_of


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a running cluster."""
    with cluster_of(tmp_path_factory.mktemp("boxes"), box1=2, box2=2) as started:
        yield started
