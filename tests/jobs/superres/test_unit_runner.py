"""The job in a unit runner: the bytes are those that the engine makes, also when the runner is killed."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import still_alive
from tests.jobs.superres.sample_films import run_ffmpeg
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.ground import ClusterJob, Ground, PortableJob, WorkerCount
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.executors.runner_executor import MACHINE, UnitRunnerExecutor
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Made, Stage
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.session import Session
from tui_gen.engine.scheduling.options import Options
from tui_gen.jobs.superres import read_config
from tui_gen.jobs.superres.opened import OpenedSuperResolution
from tui_gen.jobs.superres.planning.restricted import Restricted
from tui_gen.jobs.superres.units import Stretch

NOISE = ("-f", "lavfi", "-i", "testsrc2=s=448x256:r=24:d=12,noise=alls=20:allf=t")
CODING = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "24", "-color_range", "tv")
CLIPS = 12
CONFIG = {
    "seed": 5,
    "base_settings": {
        "output_base_dir": "dataset",
        "base_frame_limit": CLIPS,
        "max_workers": 2,
        "min_free_gb": 0.01,
        "nice": 0,
    },
    "category_paths": {"general": "General"},
    "format_config": {"general": {"tiny": {"gt_size": [96, 96], "lr_size": [32, 32], "probability": 1.0}}},
    "videos": [{"name": "Noise", "path": "films/noise.mkv", "id": "noise", "categories": {"general": 1.0}}],
}


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


class Prepared:
    """A run folder whose job is open."""

    def __init__(self, folder: Path, film: Path) -> None:
        folder.mkdir()
        self.films = folder / "films"
        self.films.mkdir()
        shutil.copy2(film, self.films)
        self.path = folder / "config.json"
        self.path.write_text(json.dumps(CONFIG))
        self.config = read_config(self.path)
        opened = self.config.open({})
        assert isinstance(opened, OpenedSuperResolution)
        self.opened = opened
        self.output = self.config.settings.output

    @property
    def job(self) -> ClusterJob:
        return self.opened.job

    def patches(self) -> dict[str, bytes]:
        files = self.output.rglob("*.png")
        return {path.relative_to(self.output).as_posix(): path.read_bytes() for path in files}

    async def run(self, executor: Executor, *, watch: asyncio.Event | None = None) -> RunState:
        """Perform the job to its end; `watch` is set when the first clip is made."""
        session = Session(self.config.settings.run_folder)
        self.opened.prepare({})
        session.begin(self.opened.job, config=self.path, output=self.output)
        settings = self.config.settings
        watched = Watched(self.output, settings.run_folder, settings.status_path, 0)
        try:
            run = asyncio.create_task(
                session.perform(
                    self.opened.job, Options(workers=2), watched, lambda _: None, executor=executor
                )
            )
            while watch is not None and not session.state.clips_made:
                await asyncio.sleep(0.01)
            if watch is not None:
                watch.set()
            assert (await run).exit_code == 0
        finally:
            session.close()
        self.opened.tidy(session.state.records)
        return session.state


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "noise.mkv"
    run_ffmpeg(embedded_ffmpeg, *NOISE, *CODING, str(path))
    return path


@pytest.fixture
def prepared(tmp_path: Path, film: Path) -> Prepared:
    return Prepared(tmp_path / "elsewhere", film)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, film: Path) -> dict[str, bytes]:
    """Make the patches in the engine's own process."""
    here = Prepared(tmp_path_factory.mktemp("expected") / "here", film)
    asyncio.run(here.run(LocalExecutor()))
    patches = here.patches()
    assert len(patches) == 3 * CLIPS
    return patches


@pytest.fixture
async def runner(prepared: Prepared) -> AsyncIterator[UnitRunnerExecutor]:
    async with UnitRunnerExecutor(prepared.job, workers=2) as executor:
        yield executor


async def test_a_runner_makes_the_bytes_that_the_engine_makes(
    prepared: Prepared, expected: dict[str, bytes], runner: UnitRunnerExecutor
) -> None:
    state = await prepared.run(runner)
    assert prepared.patches() == expected
    assert (state.clips_made, state.clips_failed) == (CLIPS, 0)


async def test_a_runner_that_is_killed_in_a_stretch_leaves_nothing_behind_and_changes_no_byte(
    prepared: Prepared, expected: dict[str, bytes], runner: UnitRunnerExecutor
) -> None:
    made = asyncio.Event()
    run = asyncio.create_task(prepared.run(runner, watch=made))
    await made.wait()
    victim = psutil.Process(runner.runner_pid)
    while not (decoders := victim.children(recursive=True)):
        await asyncio.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    state = await run
    assert still_alive(decoders, 10) == []
    assert runner.runner_pid != victim.pid
    assert prepared.patches() == expected
    assert not (prepared.output / "General" / ".tui-gen-tmp").exists()
    assert (state.clips_made, state.clips_failed) == (CLIPS, 0)
    assert not any(source.quarantined for source in state.sources.values())
    assert [problem.text for problem in state.problems if problem.level == "error"] == []


async def stretch_of(job: PortableJob) -> tuple[Stage, Stretch]:
    """Return a stretch of the first film, with what is learned of the film before."""
    state = RunState()
    for stage in job.stages:
        for _ in range(2):  # a survey, and then stretches
            source = next(iter(stage.plan(state.records).sources))
            for unit in source.units:
                if isinstance(unit, Stretch):
                    return stage, unit
                reports = [report async for report in stage.perform(unit)]
                for report in reports:
                    facts = getattr(report, "facts", {})
                    state.records.setdefault(source.source, SourceRecord()).facts.update(facts)
    raise AssertionError(job)


@pytest.mark.soak
async def test_a_runner_that_is_not_pulled_uses_no_processor_time(
    prepared: Prepared, runner: UnitRunnerExecutor
) -> None:
    prepared.opened.prepare({})
    stage, stretch = await stretch_of(prepared.job)
    async with aclosing(runner.perform(MACHINE, stage, stretch)) as reports:
        async for report in reports:
            if isinstance(report, Made):
                break
        family = [psutil.Process(runner.runner_pid), *psutil.Process(runner.runner_pid).children()]
        assert len(family) > 1
        used, before = used_seconds(family), -1.0
        async with asyncio.timeout(60):
            # The runner itself looks at the machine every 2 s.
            while used - before > 0.02:
                await asyncio.sleep(1)
                before, used = used, used_seconds(family)
    assert still_alive(family[1:], 0) == []


def used_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def test_a_runner_reads_and_writes_where_its_machine_has_the_folders(
    prepared: Prepared, expected: dict[str, bytes], tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    prepared.opened.prepare({})
    (share / "output").symlink_to(prepared.output)
    paths = {str(prepared.films): str(share / "films"), str(prepared.output): str(share / "output")}
    prepared.films.rename(share / "films")
    async with UnitRunnerExecutor(prepared.job, workers=2, paths=paths) as executor:
        await prepared.run(executor)
    assert prepared.patches() == expected


def test_the_job_and_its_units_are_pickled(prepared: Prepared) -> None:
    job = prepared.job
    again: PortableJob = pickle.loads(pickle.dumps(Restricted(job, {})))  # noqa: S301 - dumped here
    assert again.recipe == job.recipe
    assert [stage.name for stage in again.stages] == [stage.name for stage in job.stages]
    for source in job.stages[0].plan({}).sources:
        for unit in source.units:
            assert pickle.loads(pickle.dumps(unit)) == unit  # noqa: S301 - dumped here


def test_a_job_takes_the_machines_own_ffmpeg_and_number_of_workers(
    prepared: Prepared, embedded_ffmpeg: str
) -> None:
    workers = WorkerCount(1)
    at = prepared.opened.job.at(Ground(workers, tools={"ffmpeg": embedded_ffmpeg}))
    assert at.recipe == Restricted(prepared.job, {}).at(Ground(workers)).recipe == prepared.job.recipe
    threads = at.resources.threads()  # type: ignore[attr-defined] # of this job alone
    workers.count = 10_000
    assert threads == (os.cpu_count() or 1)
    assert at.resources.threads() == 1  # type: ignore[attr-defined] # of this job alone
