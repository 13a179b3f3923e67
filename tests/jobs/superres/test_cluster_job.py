"""The job on other machines: the same bytes under other paths, and without the output folder."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.harness import Cluster
from tests.jobs.portable_runs import Dataset, outcome_of
from tests.jobs.superres.sample_films import run_ffmpeg
from tui_gen.base.errors import RefusedError, SourceChangedError, SourceUnreachableError
from tui_gen.config.cluster_settings import ClusterSettings, OutputMode
from tui_gen.engine.executors.ground import Ground, WorkerCount
from tui_gen.engine.model.work import Clip, Made, Patch, Rejected, Report
from tui_gen.engine.run.session import replay
from tui_gen.jobs.superres import read_config
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.degradation.variants import Blur, Jpeg, Variant
from tui_gen.jobs.superres.extraction.proof import proof_of
from tui_gen.jobs.superres.planning.restricted import Restricted
from tui_gen.jobs.superres.stages import SuperResolution
from tui_gen.media.presence import Presence

NOISE = ("-f", "lavfi", "-i", "testsrc2=s=320x192:r=24:d=8,noise=alls=20:allf=t")
CODING = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "24", "-color_range", "tv")
CLIPS = 6
CONFIG: Mapping[str, Any] = {
    "seed": 5,
    "base_settings": {
        "output_base_dir": "data set",
        "base_frame_limit": CLIPS,
        "max_workers": 2,
        "min_free_gb": 0.01,
        "nice": 0,
    },
    "category_paths": {"general": "General"},
    "format_config": {"general": {"tiny": {"gt_size": [96, 96], "lr_size": [32, 32], "probability": 1.0}}},
    "videos": [
        {"name": "Noise", "path": "some films/noise.mkv", "id": "noise", "categories": {"general": 1.0}}
    ],
}


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "noise.mkv"
    run_ffmpeg(embedded_ffmpeg, *NOISE, *CODING, str(path))
    return path


def dataset_in(folder: Path, film: Path) -> Dataset:
    (folder / "some films").mkdir(parents=True)
    shutil.copy2(film, folder / "some films")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return Dataset(folder / "config.json", read_config)


@pytest.fixture
def dataset(tmp_path: Path, film: Path) -> Dataset:
    return dataset_in(tmp_path / "home", film)


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Dataset:
    """Return a dataset that was made in the engine's process."""
    made = dataset_in(tmp_path_factory.mktemp("made") / "home", film)
    made.run_at_home()
    assert len(made.tree()) == 3 * CLIPS
    return made


def expected(at_home: Dataset) -> dict[str, object]:
    return outcome_of(replay(at_home.output / ".tui-gen")[0])


# ------------------------------------------------------------------------------------------ whole runs


def test_a_runner_under_other_paths_gives_the_same_dataset(
    dataset: Dataset, at_home: Dataset, tmp_path: Path
) -> None:
    films, share = dataset.config.parent / "some films", tmp_path / "a share"
    share.mkdir()
    dataset.output.mkdir()
    (share / "the output").symlink_to(dataset.output)
    paths = {str(films): str(share / "its films"), str(dataset.output): str(share / "the output")}
    state = dataset.run_in_runner(paths=paths, moves=films)
    assert dataset.tree() == at_home.tree()
    assert outcome_of(state) == expected(at_home)
    assert dataset.leftovers() == []


@pytest.mark.soak
def test_a_run_goes_on_in_a_runner_and_ends_at_home(dataset: Dataset, at_home: Dataset) -> None:
    dataset.run_at_home(limit=2)
    dataset.run_in_runner(limit=2)
    state = dataset.run_at_home()
    assert dataset.tree() == at_home.tree()
    assert outcome_of(state) == expected(at_home)
    assert state.records["noise"].stage("extract").made["general"].bit_count() == CLIPS


@pytest.mark.cluster
@pytest.mark.parametrize("output", ["shared", "send"])
def test_a_cluster_gives_the_same_dataset(
    dataset: Dataset, at_home: Dataset, cluster: Cluster, output: OutputMode
) -> None:
    state = dataset.run_over(ClusterSettings(cluster.address, output=output))
    assert dataset.tree() == at_home.tree()
    assert outcome_of(state) == expected(at_home)
    dataset.check_machines()


def test_a_machine_without_the_output_folder_makes_the_files_elsewhere(
    dataset: Dataset, at_home: Dataset, tmp_path: Path
) -> None:
    staging = tmp_path / "staged files"
    staging.mkdir()
    paths = {str(dataset.output): str(staging)}
    state = dataset.run_in_runner(paths=paths)
    assert dataset.tree() == {}
    job = dataset.job.at(Ground(WorkerCount(1), paths=paths))
    names = {file for made in outcomes(dataset) for file in job.files_of(made)}
    assert names == {str(path) for path in staging.rglob("*") if path.is_file()}
    for name in names:
        target = dataset.output / Path(name).relative_to(staging)
        Path(name).rename(target)  # the run has made the folders
    assert dataset.tree() == at_home.tree()
    assert outcome_of(state) == expected(at_home)


def outcomes(dataset: Dataset) -> list[Made]:
    """Return the outcomes of the ledger, with their files."""
    lines = (dataset.output / ".tui-gen" / "ledger.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        Made(
            Clip("noise", 0),
            tuple(Patch(record["category"], 1, record) for record in entry["patches"]),
            1,
            0.0,
        )
        for entry in entries
        if entry["kind"] == "clip"
    ]


def test_a_machine_without_the_files_of_others_is_refused_where_names_must_keep_clear_of_them(
    dataset: Dataset, tmp_path: Path
) -> None:
    job = read_config(dataset.config).open({}, may_write_beside=True).job
    assert isinstance(job, SuperResolution)
    job.at(Ground(WorkerCount(1)))
    with pytest.raises(RefusedError, match='use "output": "shared"'):
        job.at(Ground(WorkerCount(1), paths={str(dataset.output): str(tmp_path)}))


def test_a_machine_without_numba_is_refused_where_the_kernel_is_used(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = read_config(dataset.config).open({}).job
    assert isinstance(job, SuperResolution)
    fast = replace(job, settings=replace(job.settings, hdr="fast"))
    monkeypatch.setitem(sys.modules, "numba", None)
    job.at(Ground(WorkerCount(1)))
    with pytest.raises(RefusedError, match='"hdr": "fast" needs numba'):
        fast.at(Ground(WorkerCount(1)))


# -------------------------------------------------------------------------------- films that are not there


async def first_report(job: SuperResolution) -> Report:
    """Return the first report of the first unit of the job at home, performed by another one."""
    (unit,) = next(iter(job.stages[0].plan({}).sources)).units
    reports = job.stages[0].perform(unit)
    try:
        return await anext(reports)
    finally:
        await reports.aclose()


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "other films"])
def test_a_film_that_a_machine_does_not_see_is_unreachable_under_the_engines_path(
    dataset: Dataset, tmp_path: Path, there: str
) -> None:
    films, elsewhere = dataset.config.parent / "some films", tmp_path / "mnt" / "films"
    if there != "nothing":
        elsewhere.mkdir(parents=True)
    if there == "other films":
        (elsewhere / "another.mkv").write_bytes(b"x")
    ground = Ground(WorkerCount(1), paths={str(films): str(elsewhere)})
    job: Any = dataset.job.at(ground)
    with pytest.raises(SourceUnreachableError) as caught:
        asyncio.run(first_report(job))
    assert caught.value.path == str(elsewhere / "noise.mkv")
    assert ground.home(caught.value.path) == str(films / "noise.mkv")


def test_a_film_of_no_map_is_unreachable_where_its_path_has_nothing(dataset: Dataset, tmp_path: Path) -> None:
    films = dataset.config.parent / "some films"
    job: Any = dataset.job.at(Ground(WorkerCount(1), paths={"/elsewhere": str(tmp_path)}))
    (films / "noise.mkv").rename(films / "renamed.mkv")
    with pytest.raises(SourceUnreachableError) as caught:
        asyncio.run(first_report(job))
    assert caught.value.path == str(films / "noise.mkv")


@pytest.mark.parametrize("later_seconds", [1.9, -1.9, 2.1])
def test_another_machine_may_see_a_rounded_time(tmp_path: Path, later_seconds: float) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"x")
    state = film.stat()
    later = state.st_mtime_ns + int(later_seconds * 1e9)
    os.utime(film, ns=(later, later))
    at_home = Presence({"film": (1, state.st_mtime_ns)})
    with pytest.raises(SourceChangedError):
        asyncio.run(at_home.check("film", str(film)))
    elsewhere = replace(at_home, is_elsewhere=True)
    if abs(later_seconds) < 2:
        asyncio.run(elsewhere.check("film", str(film)))
    else:
        with pytest.raises(SourceChangedError, match="on this machine"):
            asyncio.run(elsewhere.check("film", str(film)))


# ---------------------------------------------------------------------------------- what a job says of itself


def test_a_job_names_files_of_different_folders_first(dataset: Dataset) -> None:
    job = dataset.job
    assert isinstance(job, SuperResolution)
    (source, video), *_ = job.sources
    paths = [f"/films/{folder}/{number}.mkv" for folder in "ab" for number in range(3)]
    sources = tuple((path, replace(video, path=path)) for path in paths)
    known = {path: (number, 1_500_000_000 * (number + 1)) for number, path in enumerate(paths)}
    many = replace(
        job, sources=sources, missing=frozenset({"/films/a/0.mkv"}), presence=Presence(known), ground=None
    )
    found = list(many.known_files())
    assert [file.path for file in found] == ["/films/a/1.mkv", "/films/b/0.mkv", "/films/a/2.mkv"]
    assert [(file.size_bytes, file.mtime) for file in found] == [(1, 3.0), (3, 6.0), (2, 4.5)]
    (file,) = job.known_files()
    state = (dataset.config.parent / "some films" / "noise.mkv").stat()
    assert file.size_bytes == state.st_size
    assert file.mtime == pytest.approx(state.st_mtime)
    assert job.at(Ground(WorkerCount(1), paths={str(dataset.config.parent): "/mnt"})).known_files() == (file,)
    assert source == "noise"


def test_all_files_of_all_patches_are_named_gt_last(dataset: Dataset) -> None:
    def patch(category: str) -> Patch:
        files = {kind: f"{category}/{kind}.png" for kind in ("gt", "lr", "lr7", "lr_h264")}
        return Patch(category, 1, {"files": files})

    made = Made(Clip("noise", 3), (patch("a"), patch("b")), 1, 0.0)
    names = [f"{category}/{kind}.png" for category in "ab" for kind in ("lr", "lr7", "lr_h264", "gt")]
    assert dataset.job.files_of(made) == [str(dataset.output / name) for name in names]
    job = Restricted(dataset.job, {}).at(Ground(WorkerCount(1), paths={str(dataset.output): "/srv/o u t"}))
    assert job.files_of(made) == [f"/srv/o u t/{name}" for name in names]
    assert job.files_of(Rejected(Clip("noise", 3), "flat", 1, 0.0)) == ()


def test_a_wrapped_job_says_the_same(dataset: Dataset) -> None:
    job = dataset.job
    wrapped: Restricted = pickle.loads(pickle.dumps(Restricted(job, {})))  # noqa: S301 - dumped here
    assert wrapped.proof() == job.proof()
    assert wrapped.known_files() == job.known_files()
    assert [(stage.is_portable, stage.needs_output) for stage in wrapped.stages] == [(True, False)] * 2


# ------------------------------------------------------------------------------------------------ the proof


@pytest.fixture
def settings(dataset: Dataset) -> Settings:
    return read_config(dataset.config).settings


def test_the_proof_is_the_same_each_time_and_quick(settings: Settings) -> None:
    before = psutil.Process().cpu_times().user
    assert proof_of(settings) == proof_of(settings)
    assert psutil.Process().cpu_times().user - before < 2


@pytest.mark.parametrize(
    "changes",
    [
        {"lr_kernel": "lanczos"},
        {"png_compression": "6"},
        {"colour_output": "pq16"},
        {"gt_frames": 7},
        {"lr_scales": (2, 4)},
        {"crop_choice": "detail"},
        {"lr_border": "picture"},
        {"lr_variants": (Variant("soft", "gt", (Blur((2.0, 2.0)),)),)},
        {"lr_variants": (Variant("jpeg", "lr", (Jpeg((40, 60)),)),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_proof_covers_what_decides_the_bytes(settings: Settings, changes: dict[str, Any]) -> None:
    assert proof_of(replace(settings, **changes)) != proof_of(settings)


@pytest.mark.parametrize("function", ["imencode", "sepFilter2D"])
def test_the_proof_notices_another_opencv(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    import cv2

    before, real = proof_of(settings), getattr(cv2, function)

    def another(image: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - stands for functions of OpenCV
        if function == "imencode":
            is_done, data = real(image, arguments[0], [cv2.IMWRITE_PNG_COMPRESSION, 9])
            return is_done, data
        return real(image, *arguments, **named) * 1.01

    monkeypatch.setattr(cv2, function, another)
    assert proof_of(settings) != before
