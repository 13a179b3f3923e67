"""A file of rendered videos that several tests read, and a disk that takes no more."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.conftest import MadeOnce
from tests.jobs.videomnist.dataset.datasets import write_file
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset


@pytest.fixture(scope="session")
def h5_path(made_once: MadeOnce) -> Path:
    """Return a file of 4 training videos and 1 test video of each digit; nobody changes it."""
    name = "videomnist.h5"

    def fill(folder: Path) -> None:
        write_file(folder / name, 4)

    return made_once("videomnist-file", fill) / name


@pytest.fixture
def dataset(h5_path: Path) -> Iterator[VideoDataset]:
    """Return that file, open."""
    with VideoDataset(h5_path) as opened:
        yield opened


@pytest.fixture
def at_most_bytes() -> Callable[[int], AbstractContextManager[None]]:
    """Return a context in which no file of this process grows beyond so many bytes: a write fails."""

    @contextmanager
    def limited(most: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
