"""The drawn episodes, made once for all tests of the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MadeOnce
from tui_gen.jobs.anime.demo.episodes import EPISODE_NAMES, draw_episodes


@pytest.fixture(scope="session")
def drawn_episodes(made_once: MadeOnce, embedded_ffmpeg: str) -> tuple[Path, ...]:
    """Return the paths of the episodes, in order; nobody changes the files."""

    def fill(folder: Path) -> None:
        draw_episodes(folder, ffmpeg=embedded_ffmpeg, say=lambda _: None)

    folder = made_once("drawn-episodes", fill)
    return tuple(folder / name for name in EPISODE_NAMES)
