"""A finished dataset of a small series, for the tests that look at one or change a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.anime.series import Series, draw_series


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Series:
    """Return a finished dataset, which no test changes."""
    series = Series(tmp_path_factory.mktemp("series") / "made")
    draw_series(series.folder)
    series.write()
    series.run()
    return series


@pytest.fixture
def series(made: Series, tmp_path: Path) -> Iterator[Series]:
    """Return a copy of the finished dataset."""
    yield made.copy(tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")
