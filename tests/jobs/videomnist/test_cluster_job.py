"""The job on other machines: the same videos, under other paths, in turn with the engine, and sent."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import shutil
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import psutil
import pytest

from tests.cluster.harness import Cluster
from tests.jobs.portable_runs import Dataset, outcome_of
from tests.jobs.videomnist.datasets import SMALL
from tui_gen.base.dead_writers import LIVING_SECONDS
from tui_gen.base.errors import ObstructedError, RefusedError
from tui_gen.base.writer_token import new_token
from tui_gen.config.cluster_settings import ClusterSettings, OutputMode
from tui_gen.engine.executors.ground import Ground, WorkerCount
from tui_gen.engine.model.work import Clip, Made, Patch, Rejected
from tui_gen.engine.run.session import replay
from tui_gen.jobs.videomnist import read_config
from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.job import MovingDigitsConfig
from tui_gen.jobs.videomnist.model import SPLITS
from tui_gen.jobs.videomnist.stages import MovingDigits


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


def dataset_in(folder: Path, **changes: object) -> Dataset:
    folder.mkdir()
    config = {**SMALL, "output_dir": "data set", **changes}
    (folder / "config.json").write_text(json.dumps(config))
    return Dataset(folder / "config.json", read_config)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return dataset_in(tmp_path / "home")


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return a dataset that was made in the engine's process."""
    made = dataset_in(tmp_path_factory.mktemp("made") / "home")
    made.run_at_home()
    assert list(made.tree()) == ["videomnist.h5"]
    return made


def expected(at_home: Dataset) -> dict[str, object]:
    return outcome_of(replay(at_home.output / ".tui-gen")[0])


def ground(paths: Mapping[str, str] | None = None) -> Ground:
    return Ground(WorkerCount(1), paths=paths or {})


# ------------------------------------------------------------------------------------------ whole runs


def test_a_runner_under_another_path_gives_the_same_file(
    dataset: Dataset, at_home: Dataset, tmp_path: Path
) -> None:
    dataset.output.mkdir()
    (tmp_path / "the share").symlink_to(dataset.output)
    state = dataset.run_in_runner(paths={str(dataset.output): str(tmp_path / "the share")})
    assert dataset.tree() == at_home.tree()
    assert outcome_of(state) == expected(at_home)
    assert dataset.leftovers() == []


@pytest.mark.soak
def test_a_run_goes_on_in_a_runner_and_ends_at_home(dataset: Dataset, at_home: Dataset) -> None:
    dataset.run_at_home(limit=9)
    dataset.run_in_runner(limit=9)
    state = dataset.run_at_home()
    assert dataset.tree() == at_home.tree()
    assert made_of(state) == made_of(replay(at_home.output / ".tui-gen")[0])


def made_of(state: Any) -> dict[str, object]:  # noqa: ANN401 - a state of a run
    """Return what was made: an assembly is performed again if videos came after it."""
    return {name: record.stage("render").made for name, record in state.records.items()}


@pytest.mark.cluster
@pytest.mark.parametrize("output", ["shared", "send"])
def test_a_cluster_gives_the_same_file(
    dataset: Dataset, at_home: Dataset, cluster: Cluster, output: OutputMode
) -> None:
    state = dataset.run_over(ClusterSettings(cluster.address, output=output))
    assert dataset.tree() == at_home.tree()
    assert outcome_of(state) == expected(at_home)
    dataset.check_machines()


def test_a_machine_without_the_output_folder_makes_shards_that_can_be_moved(
    dataset: Dataset, at_home: Dataset, tmp_path: Path
) -> None:
    staging = tmp_path / "staged files"
    paths = {str(dataset.output): str(staging)}
    dataset.run_in_runner(paths=paths, limit=40)
    job = dataset.job.at(ground(paths))
    sent = list[Path]()
    for made in outcomes(dataset):
        for name in job.files_of(made):
            target = dataset.output / Path(name).relative_to(staging)
            Path(name).rename(target)
            sent.append(target)
    assert len(sent) == len({*sent}) == 20, "one for each digit of each split"
    assert [path for path in staging.rglob("*") if path.is_file()] == []
    inodes = {path: path.stat().st_ino for path in sent}
    assert {path.stat().st_ino for path in (dataset.output / ".tui-gen" / "shards").iterdir()} == {
        *inodes.values()
    }
    dataset.run_at_home()
    assert dataset.tree() == at_home.tree()


def outcomes(dataset: Dataset) -> list[Made]:
    """Return the outcomes of the ledger that made videos."""
    lines = (dataset.output / ".tui-gen" / "ledger.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        Made(Clip("train-0", 0), tuple(Patch(each["category"], 1, each) for each in entry["patches"]), 1, 0.0)
        for entry in entries
        if entry["kind"] == "clip" and entry["stage"] == "render"
    ]


def test_a_machine_that_lost_the_output_folder_writes_and_reports_nothing(
    dataset: Dataset, tmp_path: Path
) -> None:
    dataset.run_at_home(limit=1)
    share = tmp_path / "share"
    share.symlink_to(dataset.output)
    job: Any = dataset.job.at(ground({str(dataset.output): str(share)}))
    (unit, *_) = job.stages[0].plan({}).sources[0].units
    share.unlink()
    share.mkdir()

    async def first_report() -> None:
        async with aclosing(job.stages[0].perform(unit)) as reports:
            await anext(reports)

    with pytest.raises(ObstructedError, match="is not there on this machine"):
        asyncio.run(first_report())
    assert list(share.iterdir()) == []


# -------------------------------------------------------------------------------------------- the digits


def draw_digits(folder: Path) -> None:
    """Write folders of digits as a user has them."""
    pool = DrawnDigits(3)
    for split in SPLITS:
        for digit in range(10):
            place = folder / split / str(digit)
            place.mkdir(parents=True)
            for number in range(3):
                data = cv2.imencode(".png", pool.image(split, digit, number))[1].tobytes()
                (place / f"{number}.png").write_bytes(data)


@pytest.fixture
def with_folders(tmp_path: Path) -> Dataset:
    draw_digits(tmp_path / "my digits")
    return dataset_in(tmp_path / "home", digits=str(tmp_path / "my digits"))


def test_digits_are_found_under_another_path(with_folders: Dataset, tmp_path: Path) -> None:
    job = with_folders.job
    elsewhere = tmp_path / "mnt" / "the digits"
    shutil.copytree(tmp_path / "my digits", elsewhere)
    paths = {str(tmp_path / "my digits"): str(elsewhere)}
    shutil.rmtree(tmp_path / "my digits")
    there = job.at(ground(paths))
    assert there.recipe == job.recipe
    assert str(elsewhere) in str(there.children.context.pool)  # type: ignore[attr-defined] # of this job


@pytest.mark.parametrize("there", ["nothing", "other digits"])
def test_a_machine_without_the_digits_is_refused(with_folders: Dataset, tmp_path: Path, there: str) -> None:
    job, elsewhere = with_folders.job, tmp_path / "mnt"
    if there == "other digits":
        shutil.copytree(tmp_path / "my digits", elsewhere)
        (elsewhere / "train" / "3" / "0.png").unlink()
    with pytest.raises(RefusedError, match="the digits of this run are not on this machine") as caught:
        job.at(ground({str(tmp_path / "my digits"): str(elsewhere)}))
    assert str(elsewhere) in str(caught.value)


# ---------------------------------------------------------------------------------- what a job says of itself


def test_a_job_pickles_with_children_at_work_and_without_them(dataset: Dataset) -> None:
    config = read_config(dataset.config)
    assert isinstance(config, MovingDigitsConfig)
    opened = config.open({})
    job = opened.job
    again: MovingDigits = pickle.loads(pickle.dumps(job))  # noqa: S301 - dumped here
    assert again.recipe == job.recipe
    assert again.children.context == job.children.context
    assert again.children.work == "rendering"


def test_the_stages_over_the_dataset_stay_at_home(dataset: Dataset) -> None:
    config = read_config(dataset.config)
    assert [(stage.name, stage.is_portable) for stage in dataset.job.stages] == [
        ("render", True),
        ("assemble", False),
    ]
    assert config.run.job == "videomnist"
    assert list(dataset.job.known_files()) == []


def test_a_shard_is_named_while_it_is_there(dataset: Dataset) -> None:
    job = dataset.job
    patch = Patch("train", 1, {"shard": "train-3.0-1.0badcafe", "files": {"video": "videomnist.h5"}})
    made, shard = Made(Clip("train-3", 0), (patch,), 1, 0.0), dataset.output / ".tui-gen" / "shards"
    assert list(job.files_of(made)) == []
    shard.mkdir(parents=True)
    (shard / "train-3.0-1.0badcafe").write_bytes(b"x")
    assert list(job.files_of(made)) == [str(shard / "train-3.0-1.0badcafe")]
    assert list(job.files_of(Rejected(Clip("train-3", 0), "no room", 1, 0.0))) == []


def test_the_proof_covers_the_settings_the_digits_and_the_packages(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dataset.job
    assert isinstance(job, MovingDigits)
    proof = job.proof()
    assert proof == job.proof()
    context = job.children.context
    others = [
        replace(context, pool=DrawnDigits(8)),
        replace(context, settings=replace(context.settings, is_compressed=False)),
        replace(context, settings=replace(context.settings, video=replace(context.settings.video, frames=5))),
    ]
    for other in others:
        job.children.context = other
        assert job.proof() != proof
    job.children.context = context
    monkeypatch.setattr("zlib.compress", lambda data, *_: bytes(data))
    assert job.proof() != proof


# ------------------------------------------------------------------------------------------- leftovers


def test_a_start_leaves_shards_that_another_machine_writes_now(dataset: Dataset) -> None:
    opened = read_config(dataset.config).open({})
    opened.prepare({})
    shards = dataset.output / ".tui-gen" / "shards"
    names = {
        "living": f"train-3.0-1.0badcafe.{new_token()}.part",
        "elsewhere": "train-3.0-1.0badcafe.0badcafe-2a-5f-1.part",
        "old": "train-3.0-1.0badcafe.0badcafe-2a-5f-2.part",
        "older version": "train-3.0-1.0badcafe.4711.part",
    }
    for name in names.values():
        (shards / name).write_bytes(b"x")
    time = (shards / names["old"]).stat().st_mtime - LIVING_SECONDS - 60
    os.utime(shards / names["old"], (time, time))
    opened.prepare({})
    assert {path.name for path in shards.iterdir()} == {names["living"], names["elsewhere"]}
    opened.tidy({})
    assert list(shards.iterdir()) == []
