"""Films, and the dataset that a run at home makes of them: once for all tests over real films."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.acceptance.program import Dataset, check_whole, run
from tests.cluster.films import Scene, env_of_engine, make_data, make_films, scene_in
from tests.conftest import MadeOnce


@pytest.fixture(scope="session")
def studio(made_once: MadeOnce, embedded_ffmpeg: str) -> Path:
    """Four short films."""
    return made_once("films of the cluster", lambda folder: make_films(embedded_ffmpeg, folder))


@pytest.fixture(scope="session")
def at_home(studio: Path, made_once: MadeOnce) -> Mapping[str, str]:
    """Return the tree of a run at home."""

    def fill(folder: Path) -> None:
        data = make_data(folder, studio)
        done = run("run", data.config, "--cluster", "none", env=env_of_engine())
        assert done.code == 0, str(done)
        check_whole(data)

    tree = Dataset(made_once("made at home", fill) / "out.json").tree()
    assert len(tree) >= 60
    return tree


@pytest.fixture
def empty_scene(tmp_path: Path, studio: Path, at_home: Mapping[str, str]) -> Iterator[Scene]:
    """Return a scene in which no machine is lent."""
    with scene_in(tmp_path, studio, at_home) as scene:
        yield scene


@pytest.fixture
def scene(empty_scene: Scene) -> Scene:
    """Return a scene with two machines of two workers each."""
    for name in ("box1", "box2"):
        empty_scene.lend(name)
    empty_scene.connected()
    return empty_scene
