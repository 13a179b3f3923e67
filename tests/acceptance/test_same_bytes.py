"""The same configuration gives the same files, byte for byte, however often a run was killed."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DRAWN, Films, write_config
from tests.acceptance.program import (
    Dataset,
    Running,
    check_whole,
    entry,
    still_alive,
    with_path_in_command_line,
)

CLIPS_A_FILM = 16
KILLS = 5
KILLS_IN_A_SOAK = 10
CHILDREN_SECONDS = 2.0


@pytest.fixture(scope="module")
def films(films: Films, tmp_path_factory: pytest.TempPathFactory) -> Films:
    """Return copies: whoever has these open was started here."""
    folder = tmp_path_factory.mktemp("own")
    for name in DRAWN:
        shutil.copy2(films.folder / name, folder)
    return Films(folder)


def videos_of(films: Films) -> list[dict[str, Any]]:
    return [
        entry(films.alpha, "Alpha", {"general": 0.5, "space": 0.5}),
        entry(films.beta, "Beta", {"general": 1.0}),
        entry(films.gamma, "Gamma", {"toon": 0.7, "space": 0.3}),
        entry(films.delta, "Delta", {"toon": 1.0}),
    ]


def dataset(folder: Path, films: Films, name: str) -> Dataset:
    targets = {"general": 24, "space": 16}
    return write_config(folder, videos_of(films), name=name, targets=targets, base_frame_limit=CLIPS_A_FILM)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, films: Films) -> dict[str, str]:
    """Return the files of an undisturbed run."""
    data = dataset(tmp_path_factory.mktemp("reference"), films, "reference")
    data.complete()
    check_whole(data)
    return data.tree()


def test_the_reference_fills_every_category(reference: dict[str, str]) -> None:
    folders = {path.split("/")[0] for path in reference}
    assert folders == {"General", "Space", "Toon"}
    assert len(reference) > 150
    assert len(set(reference.values())) == len(reference)


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.soak), "4"])
def test_the_number_of_workers_changes_no_byte(
    workers: str, reference: dict[str, str], films: Films, tmp_path: Path
) -> None:
    data = dataset(tmp_path, films, "again")
    data.complete("--workers", workers)
    check_whole(data)
    assert data.tree() == reference


def test_running_again_when_all_is_done_touches_nothing(films: Films, tmp_path: Path) -> None:
    data = write_config(
        tmp_path, videos_of(films)[:2], name="done", targets={"general": 4}, base_frame_limit=4
    )
    data.complete()
    before = data.stamps()
    data.complete()
    assert data.stamps() == before
    check_whole(data)


@pytest.mark.soak
def test_clips_at_key_frames_are_the_same_bytes_too(films: Films, tmp_path: Path) -> None:
    trees = []
    for name, workers in (("quiet", "1"), ("killed", "3")):
        videos = [entry(films.alpha, "Alpha", {"space": 1.0}), entry(films.gamma, "Gamma", {"toon": 1.0})]
        data = write_config(tmp_path, videos, name=name, targets={"toon": 4}, base_frame_limit=6)
        data.edit(lambda written: written.update(sampling="keyframe"))
        if name == "killed":
            has_killed(data, random.Random(3), workers, is_early=False)
        data.complete("--workers", workers)
        check_whole(data)
        trees.append(data.tree())
    assert trees[0] == trees[1]
    for line in data.ledger():
        if line["kind"] == "clip":
            frame_seconds = (line["pts"][-1] - line["pts"][0]) / 6
            assert round(line["pts"][0] / frame_seconds) % 12 == 0  # every twelfth frame is a key frame
            assert line["types"][0] == "I"
            assert line["reader"] == "stretch"


@pytest.mark.soak
@pytest.mark.crash
@pytest.mark.slow
def test_kills_at_random_moments_change_no_byte(
    reference: dict[str, str], films: Films, tmp_path: Path
) -> None:
    kill_and_go_on(films, tmp_path, random.Random(7), kills=KILLS, workers="4")
    check_outcome(tmp_path, reference)


@pytest.mark.crash
@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(20))
def test_ten_kills_at_random_moments_change_no_byte(
    seed: int, reference: dict[str, str], films: Films, tmp_path: Path
) -> None:
    kill_and_go_on(films, tmp_path, random.Random(seed), kills=KILLS_IN_A_SOAK, workers=str(1 + seed % 4))
    check_outcome(tmp_path, reference)


def kill_and_go_on(films: Films, folder: Path, chance: random.Random, *, kills: int, workers: str) -> None:
    """Kill runs so many times in all, and let each dataset be completed in the end."""
    killed, datasets = 0, 0
    while killed < kills:
        datasets += 1
        data = dataset(folder, films, f"killed{datasets}")
        while killed < kills and has_killed(data, chance, workers, is_early=killed % 5 == 1):
            killed += 1
        data.complete()


def has_killed(data: Dataset, chance: random.Random, workers: str, *, is_early: bool) -> bool:
    """Kill a run while it starts, or a moment after it made something; False when it ended before."""
    with data.start("--workers", workers) as running:
        if is_early:
            is_alive = running.outlasts(older_than(running, chance.uniform(0.1, 1.5)))
        else:
            is_alive = running.outlasts(more_files(data, chance.randint(1, 6)))
            moment = running.age_seconds + chance.uniform(0.0, 0.1)
            is_alive = is_alive and running.outlasts(older_than(running, moment))
        if not is_alive:
            done = running.end()
            assert done.code == 0, str(done)
            return False
        descendants = running.descendants()
        running.signal(signal.SIGKILL)
        done = running.end()
        assert done.code in {-signal.SIGKILL, 0}, str(done)
    check_no_survivor(data, descendants)
    return done.code != 0


def older_than(running: Running, seconds: float) -> Callable[[], bool]:
    return lambda: running.age_seconds >= seconds


def more_files(data: Dataset, count: int) -> Callable[[], bool]:
    def files() -> int:
        return sum(1 for _ in data.output.glob("*/Patches*/*/*.png"))

    before = files()
    return lambda: files() >= before + count


def check_outcome(folder: Path, reference: dict[str, str]) -> None:
    for config in folder.glob("killed*.json"):
        check_whole(Dataset(config))
        assert Dataset(config).tree() == reference


def check_no_survivor(data: Dataset, descendants: Sequence[Any]) -> None:
    assert still_alive(descendants, CHILDREN_SECONDS) == []
    films = Path(data.settings["videos"][0]["path"]).parent
    assert still_alive(with_path_in_command_line(films), 0.0) == []
