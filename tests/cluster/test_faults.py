"""Machines, processes and connections fail in the middle of a run, and the tree is that of a run at home.

Invariant: no clip fails, at most one clip for each slot is made again, and no process is left.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.cluster.executors import (
    News,
    begun,
    capacity_of,
    executor_of,
    expected_tree,
    tree_of,
    until,
    writing_stage,
)
from tests.cluster.harness import REPOSITORY, Cluster, cluster_of
from tests.engine.executors.portable_toy import PortableStage
from tests.engine.toy import Bench
from tui_gen.engine.executors.dask import ClusterExecutor
from tui_gen.engine.scheduling.options import Options

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

QUOTAS = {"a": 24, "b": 24}
SLOTS = 4


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_of(tmp_path / "boxes", box1=2, box2=2) as started:
        yield started


class Run:
    """A run over two machines with two workers each."""

    def __init__(self, executor: ClusterExecutor, folder: Path, bench: Bench) -> None:
        self.executor, self.folder, self.bench = executor, folder, bench
        self.news = News(executor)

    async def until_made(self, clips: int) -> None:
        await until(lambda: self.bench.state.clips_made >= clips)

    async def until_phase(self, machine: str, *phases: str, seconds: float = 60.0) -> None:
        """Wait until a machine has gone through phases in this order."""
        await until(lambda: _contains(self.news.phases(machine), phases), seconds)


def _contains(found: list[str], wanted: tuple[str, ...]) -> bool:
    left = iter(found)
    return all(phase in left for phase in wanted)


@asynccontextmanager
async def running(cluster: Cluster, folder: Path, seconds: float = 0.4) -> AsyncIterator[Run]:
    """Run until the block has done its harm, then to the end; compare the tree with one made at home."""
    stage = writing_stage(folder, QUOTAS, seconds)
    async with executor_of(cluster, stage, folder) as executor:
        await capacity_of(executor, SLOTS)
        bench = Bench(stage, folder / "ledger.jsonl", options=Options(workers=SLOTS), executor=executor)
        run = Run(executor, folder, bench)
        running_engine = asyncio.create_task(bench.engine.run())
        await run.until_made(6)
        yield run
        assert (await running_engine).exit_code == 0
    assert tree_of(folder) == expected_tree(QUOTAS)
    assert bench.state.clips_made == sum(QUOTAS.values())
    assert bench.state.clips_failed == 0
    assert all(problem.text.startswith("machine ") for problem in bench.state.problems)
    repeated = begun(folder).total() - sum(QUOTAS.values())
    assert repeated <= SLOTS
    await until(lambda: not _runners(cluster))


def _runners(cluster: Cluster) -> list[psutil.Process]:
    return [
        process
        for box in cluster.boxes.values()
        for process in box.tree()
        if any("unit_runner" in part for part in process.cmdline())
    ]


async def test_a_killed_unit_runner(cluster: Cluster, tmp_path: Path) -> None:
    async with running(cluster, tmp_path) as run:
        cluster.boxes["box1"].runner.kill()
        await run.until_phase("box1", "running", "lost", "enlisting", "running", seconds=10)


async def test_a_unit_runner_that_hangs_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    async with running(cluster, tmp_path, seconds=2.0) as run:
        cluster.boxes["box1"].runner.suspend()
        await run.until_phase("box1", "running", "lost", "enlisting", "running", seconds=50)


async def test_a_killed_dask_worker(cluster: Cluster, tmp_path: Path) -> None:
    async with running(cluster, tmp_path) as run:
        runner = cluster.boxes["box1"].runner
        cluster.boxes["box1"].worker.kill()
        await until(lambda: not runner.is_running(), 10)
        await run.until_phase("box1", "running", "lost", "enlisting", "running")


async def test_a_dask_worker_that_hangs_for_a_while(cluster: Cluster, tmp_path: Path) -> None:
    async with running(cluster, tmp_path, seconds=1.0) as run:
        worker, runner = cluster.boxes["box1"].worker, cluster.boxes["box1"].runner
        worker.suspend()
        await run.until_phase("box1", "running", "silent", seconds=14)
        await asyncio.sleep(4)
        worker.resume()
        await run.until_phase("box1", "running", "silent", "enlisting", "running")
        assert not runner.is_running()


async def test_a_machine_that_dies(cluster: Cluster, tmp_path: Path) -> None:
    async with running(cluster, tmp_path) as run:
        cluster.kill_box("box1")
        await run.until_phase("box1", "running", "lost", seconds=14)
        assert run.executor.capacity == 2


async def test_a_scheduler_that_dies_and_comes_back(cluster: Cluster, tmp_path: Path) -> None:
    async with running(cluster, tmp_path) as run:
        cluster.kill_scheduler()
        for name in ("box1", "box2"):
            await run.until_phase(name, "running", "lost", seconds=30)
        assert run.executor.capacity == 0
        cluster.start_scheduler()
        for name in ("box1", "box2"):
            cluster.kill_box(name)
            cluster.start_box(name)
        await run.until_phase("box2", "running", "lost", "running")


async def test_a_clip_that_kills_its_process_three_times_fails_alone(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "evidence").mkdir()
    stage = PortableStage({"dies": 6}, folder=tmp_path / "evidence")
    async with executor_of(cluster, stage, tmp_path) as executor:
        await capacity_of(executor, SLOTS)
        bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=1), executor=executor)
        assert (await bench.engine.run()).exit_code == 3
    assert (bench.state.clips_made, bench.state.clips_failed) == (5, 1)
    assert "clip 1 failed: its process died three times" in [each.text for each in bench.state.problems]


# ---------------------------------------------------------------------------- the engine itself

ENGINE = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    from tests.cluster.executors import capacity_of, executor_of, writing_stage
    from tests.cluster.harness import Cluster
    from tests.engine.toy import Bench
    from tui_gen.engine.scheduling.options import Options

    async def main(folder, port):
        stage = writing_stage(folder, {"a": 24, "b": 24}, seconds=0.4)
        async with executor_of(Cluster(folder, port), stage, folder) as executor:
            await capacity_of(executor, 4)
            bench = Bench(stage, folder / "ledger.jsonl", options=Options(workers=4), executor=executor)
            sys.exit((await bench.engine.run()).exit_code)

    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
""")


def engine_of(cluster: Cluster, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", ENGINE, folder, str(cluster.port)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        cwd=folder,
    )


async def until_begun(folder: Path, clips: int) -> None:
    path = folder / "evidence" / "begun"
    await until(lambda: path.exists() and begun(folder).total() >= clips)


async def test_a_killed_engine_leaves_no_unit_runner(cluster: Cluster, tmp_path: Path) -> None:
    with engine_of(cluster, tmp_path) as engine:
        await until_begun(tmp_path, 6)
        assert len(_runners(cluster)) == 2
        engine.kill()
    await until(lambda: not _runners(cluster), 30)
    made = tree_of(tmp_path)
    assert made == {name: data for name, data in expected_tree(QUOTAS).items() if name in made}


async def test_an_engine_that_was_suspended_goes_on(cluster: Cluster, tmp_path: Path) -> None:
    with engine_of(cluster, tmp_path) as engine:
        await until_begun(tmp_path, 6)
        engine.send_signal(signal.SIGSTOP)
        await until(lambda: not _runners(cluster), 40)
        engine.send_signal(signal.SIGCONT)
        await until(lambda: engine.poll() is not None)
        assert engine.returncode == 0
    assert tree_of(tmp_path) == expected_tree(QUOTAS)
    assert begun(tmp_path).total() - sum(QUOTAS.values()) <= SLOTS
