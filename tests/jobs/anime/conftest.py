"""The drawn episodes, and a finished dataset of a small series: made once for all tests of the job."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MadeOnce
from tests.jobs.anime.series import Series, draw_series
from tui_gen.jobs.anime.demo.episodes import EPISODE_NAMES, draw_episodes


@pytest.fixture(scope="session")
def drawn_episodes(made_once: MadeOnce, embedded_ffmpeg: str) -> tuple[Path, ...]:
    """Return the paths of the episodes, in order; nobody changes the files."""

    def fill(folder: Path) -> None:
        draw_episodes(folder, ffmpeg=embedded_ffmpeg, say=lambda _: None)

    folder = made_once("drawn-episodes", fill)
    return tuple(folder / name for name in EPISODE_NAMES)


@pytest.fixture(scope="session")
def made(made_once: MadeOnce) -> Series:
    """Return a finished dataset of the small series; nobody changes its files."""

    def fill(folder: Path) -> None:
        series = Series(folder)
        draw_series(series.folder)
        series.write()
        series.run()

    return Series(made_once("small-series", fill))


@pytest.fixture
def series(made: Series, tmp_path: Path) -> Iterator[Series]:
    """Return a copy of the finished dataset."""
    yield made.copy(tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")
