"""The job on other machines: the same images under other paths, and what such machines are refused for."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.harness import Cluster
from tests.jobs.anime.series import Series
from tests.jobs.portable_runs import Dataset
from tui_gen.base.dead_writers import LIVING_SECONDS
from tui_gen.base.errors import ObstructedError, RefusedError, SourceUnreachableError
from tui_gen.base.writer_token import new_token
from tui_gen.config.cluster_settings import ClusterSettings, OutputMode
from tui_gen.engine.executors.ground import Ground, WorkerCount
from tui_gen.engine.model.stage_records import StageRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Doing, Failed, Made, Patch, Rejected
from tui_gen.engine.run.session import replay
from tui_gen.jobs.anime import read_config
from tui_gen.jobs.anime.stages import Anime
from tui_gen.jobs.anime.units import FrameUnit

PORTABLE = ["probe", "survey", "extract", "crop", "embed", "select", "tag"]


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


@pytest.fixture
def beginning(made: Series, tmp_path: Path) -> Series:
    """Return the sources of the finished dataset, of which nothing is made."""
    series = Series(tmp_path / "home")
    for name in ("series", "pictures"):
        shutil.copytree(made.folder / name, series.folder / name)
    series.write()
    return series


def dataset_of(series: Series) -> Dataset:
    return Dataset(series.config, read_config)


def job_of(series: Series) -> Anime:
    job = dataset_of(series).job
    assert isinstance(job, Anime)
    return job


def ground(**paths: str) -> Ground:
    return Ground(WorkerCount(1), paths=paths)


def made_of(state: RunState) -> dict[str, dict[str, StageRecord]]:
    """Return what a ledger says was made of each source."""
    return {name: dict(record.stages) for name, record in state.records.items()}


# ------------------------------------------------------------------------------------------ whole runs


@pytest.mark.soak
def test_a_runner_under_other_paths_gives_the_same_dataset(
    made: Series, beginning: Series, tmp_path: Path
) -> None:
    share = tmp_path / "a share"
    share.mkdir()
    beginning.output.mkdir()
    for name, here in (("series", "its episodes"), ("pictures", "its pictures"), ("dataset", "the output")):
        (share / here).symlink_to(beginning.folder / name)
    paths = {
        str(beginning.folder / "series"): str(share / "its episodes"),
        str(beginning.folder / "pictures"): str(share / "its pictures"),
        str(beginning.output): str(share / "the output"),
    }
    state = dataset_of(beginning).run_in_runner(paths=paths)
    assert beginning.tree() == made.tree()
    assert made_of(state) == made_of(replay(made.output / ".tui-gen")[0])
    assert dataset_of(beginning).leftovers() == []


@pytest.mark.soak
def test_a_run_goes_on_in_a_runner_and_ends_at_home(made: Series, beginning: Series) -> None:
    dataset = dataset_of(beginning)
    dataset.run_at_home(limit=1)
    dataset.run_in_runner(limit=1)
    state = dataset.run_at_home()
    assert beginning.tree() == made.tree()
    assert made_of(state).keys() == made_of(replay(made.output / ".tui-gen")[0]).keys()


@pytest.mark.cluster
@pytest.mark.parametrize("output", ["shared", "send"])
def test_a_cluster_gives_the_same_dataset(
    made: Series, beginning: Series, cluster: Cluster, output: OutputMode
) -> None:
    state = dataset_of(beginning).run_over(ClusterSettings(cluster.address, output=output))
    assert beginning.tree() == made.tree()
    assert made_of(state) == made_of(replay(made.output / ".tui-gen")[0])
    dataset_of(beginning).check_machines()


# --------------------------------------------------------------------------------------- what is not there


async def first_report(job: Anime, stage: str, unit: FrameUnit) -> object:
    (performing,) = [each for each in job.stages if each.name == stage]
    async with aclosing(performing.perform(unit)) as reports:
        return await anext(reports)


def unit_of(series: Series, stage: str, kind: str = "episode") -> FrameUnit:
    """Return a unit of a stage of the finished dataset, as if it were left."""
    state, _ = replay(series.output / ".tui-gen")
    for name, record in list(state.records.items()):
        if stage in record.stages:
            state.records[name] = record.with_stage(stage, StageRecord())
    (planning,) = [each for each in job_of(series).stages if each.name == stage]
    units = [unit for plan in planning.plan(state.records).sources for unit in plan.units]
    frames = [unit for unit in units if isinstance(unit, FrameUnit) and unit.origin.kind == kind]
    return frames[0]


def test_an_episode_that_a_machine_does_not_see_is_unreachable(series: Series, tmp_path: Path) -> None:
    episodes = series.folder / "series"
    (tmp_path / "mnt").mkdir()
    (tmp_path / "mnt" / "other.mkv").write_bytes(b"x")
    there = ground(**{str(episodes): str(tmp_path / "mnt")})
    job = job_of(series).at(there)
    with pytest.raises(SourceUnreachableError) as caught:
        asyncio.run(first_report(job, "survey", unit_of(series, "survey")))
    assert there.home(caught.value.path) == str(episodes / "Small Series - 01.mkv")


def test_a_machine_that_lost_the_output_folder_takes_no_image_for_deleted(
    series: Series, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.symlink_to(series.output)
    job = job_of(series).at(ground(**{str(series.output): str(share)}))
    unit = unit_of(series, "crop")
    share.unlink()
    share.mkdir()
    with pytest.raises(ObstructedError, match="is not there on this machine"):
        asyncio.run(first_report(job, "crop", unit))
    assert list(share.iterdir()) == []


def test_a_stage_that_reads_images_waits_where_files_are_sent_from(series: Series, tmp_path: Path) -> None:
    job = job_of(series).at(ground(**{str(series.output): str(tmp_path / "staging")}))
    with pytest.raises(ObstructedError, match="is not there on this machine"):
        asyncio.run(first_report(job, "crop", unit_of(series, "crop")))


async def outcomes(job: Anime, stage: str, unit: FrameUnit) -> set[type[object]]:
    (performing,) = [each for each in job.stages if each.name == stage]
    async with aclosing(performing.perform(unit)) as reports:
        found = [report async for report in reports]
    job.resources.children.close()
    return {type(report) for report in found if not isinstance(report, Doing)}


def test_images_of_a_folder_that_a_machine_does_not_see_are_tried_again(
    series: Series, tmp_path: Path
) -> None:
    unit = unit_of(series, "extract", "images")
    job = job_of(series).at(ground(**{str(series.folder / "pictures"): str(tmp_path / "nowhere")}))
    assert asyncio.run(outcomes(job, "extract", unit)) == {Failed}


def test_a_frame_that_is_not_seen_was_deleted_at_home_only(series: Series) -> None:
    unit = unit_of(series, "crop", "images")
    for frame in unit.ids:
        (series.raw / "pictures" / f"{frame}.png").unlink()
    job = job_of(series)
    assert asyncio.run(outcomes(job.at(ground()), "crop", unit)) == {Failed}
    assert asyncio.run(outcomes(job, "crop", unit)) == {Made}


def test_a_machine_with_other_models_is_refused_by_their_names(
    series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(series)
    home = job.resources.children.context
    named = replace(home.models.found.tagger, name="wd-swinv2", digest="5f3a")
    other = replace(home.models, found=replace(home.models.found, tagger=named))
    monkeypatch.setattr(job.resources.children, "context", replace(home, models=other))
    with pytest.raises(RefusedError, match=r"tag would .* the tagger of the run is wd-swinv2") as caught:
        job.at(ground())
    assert home.models.found.tagger.name in str(caught.value)


def test_a_machine_without_the_folder_of_models_is_refused(series: Series, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    series.write(models={"dir": str(tmp_path / "models")})
    job = job_of(series)
    with pytest.raises(RefusedError, match="no folder"):
        job.at(ground(**{str(tmp_path / "models"): str(tmp_path / "elsewhere")}))


# ---------------------------------------------------------------------------------- what a job says of itself


def test_a_job_says_which_stages_other_machines_may_perform(series: Series) -> None:
    stages = job_of(series).stages
    assert [stage.name for stage in stages if stage.is_portable] == PORTABLE
    assert [stage.name for stage in stages if stage.needs_output] == PORTABLE[2:]
    assert all(stage.scope == "dataset" for stage in stages if not stage.is_portable)


def test_a_job_names_its_episodes_by_the_engines_paths(series: Series) -> None:
    job = job_of(series)
    (file,) = job.known_files()
    path = series.folder / "series" / "Small Series - 01.mkv"
    assert (file.path, file.size_bytes) == (str(path), path.stat().st_size)
    assert file.mtime == pytest.approx(path.stat().st_mtime)
    assert list(job.at(ground(**{str(series.folder): "/mnt"})).known_files()) == [file]


def test_the_files_of_a_clip_are_its_images_and_their_metadata(series: Series) -> None:
    job = job_of(series)
    files = {path.stem: path for path in series.raw.rglob("*.png")}
    name, path = next(iter(files.items()))
    relative = path.relative_to(series.output).as_posix()
    made = Made(
        Clip("pictures", 0),
        (Patch("frames", 1, {"format": "extract", "files": {name: relative}}),),
        1,
        0.0,
    )
    assert list(job.files_of(made)) == [str(path.with_name(f".{name}_meta.json")), str(path)]
    survey = Patch("minutes", 1, {"format": "survey", "files": {"survey": ".tui-gen/survey/EP1/0.npz"}})
    elsewhere = job.at(ground(**{str(series.output): "/srv/o u t"}))
    assert list(elsewhere.files_of(replace(made, patches=(survey,)))) == [
        "/srv/o u t/.tui-gen/survey/EP1/0.npz"
    ]
    assert list(job.files_of(Rejected(Clip("pictures", 0), "flat", 1, 0.0))) == []


def test_a_job_pickles(series: Series) -> None:
    job = job_of(series)
    again: Anime = pickle.loads(pickle.dumps(job))  # noqa: S301 - dumped here
    assert again.resources.children.context == job.resources.children.context
    assert [stage.name for stage in again.stages] == [stage.name for stage in job.stages]


def test_the_proof_is_quick_and_covers_encoders_and_models(
    series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(series)
    proof = job.proof()
    before = psutil.Process().cpu_times().user
    assert job.proof() == proof
    assert psutil.Process().cpu_times().user - before < 1
    context = job.resources.children.context
    job.resources.children.context = replace(context, settings=replace(context.settings, raw_format="webp"))
    assert job.proof() != proof
    job.resources.children.context = context
    from tui_gen.jobs.anime.models.embedded.embedder import ColourEmbedder

    real: Any = ColourEmbedder.embed
    monkeypatch.setattr(ColourEmbedder, "embed", lambda self, subjects: real(self, subjects) * 1.001)
    assert job.proof() != proof


# ------------------------------------------------------------------------------------------- leftovers


def test_a_start_leaves_files_that_another_machine_writes_now(series: Series) -> None:
    dataset = dataset_of(series)
    names = {
        "living": f".a.png.{new_token()}.part",
        "elsewhere": ".a.png.0badcafe-2a-5f-1.part",
        "old": ".a.png.0badcafe-2a-5f-2.part",
        "older version": ".a.png.4711-5f3a9c12.part",
    }
    for name in names.values():
        (series.raw / "EP1" / name).write_bytes(b"x")
    old = series.raw / "EP1" / names["old"]
    time = old.stat().st_mtime - LIVING_SECONDS - 60
    os.utime(old, (time, time))
    opened = dataset.opened()
    opened.prepare({})
    left = {path.name for path in series.output.rglob("*.part")}
    assert left == {names["living"], names["elsewhere"]}
    opened.tidy({})
    assert list(series.output.rglob("*.part")) == []
    assert list(series.output.rglob(".check-*")) == []
