"""What every executor promises, held against each of them: order, credit, closing, late outcomes, errors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.cluster.executors import capacity_of, executor_of
from tests.cluster.harness import Cluster, cluster_of
from tests.engine.executors.portable_toy import ERRORS, PortableStage, PortableToyJob, made, unit_of
from tests.engine.toy import Bench
from tui_gen.base.detached_call import exhaustion
from tui_gen.base.errors import SourceUnreachableError, reason_of
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.dask import ClusterExecutor
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.executors.runner_executor import UnitRunnerExecutor
from tui_gen.engine.model.work import Clip, Doing, Learned, Report, Retried
from tui_gen.engine.scheduling.options import Options


@pytest.fixture
def stage(tmp_path: Path) -> PortableStage:
    folder = tmp_path / "evidence"
    folder.mkdir()
    return PortableStage({"a": 12, "b": 7}, folder=folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of(tmp_path_factory.mktemp("boxes"), box1=3) as started:
        yield started


@pytest.fixture(params=["local", "unit runner", pytest.param("dask", marks=pytest.mark.cluster)])
async def executor(
    request: pytest.FixtureRequest, stage: PortableStage, tmp_path: Path
) -> AsyncIterator[Executor]:
    if request.param == "local":
        yield LocalExecutor()
    elif request.param == "unit runner":
        async with UnitRunnerExecutor(PortableToyJob((stage,)), workers=3) as runner:
            yield runner
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        async with executor_of(cluster, stage, tmp_path) as machines:
            await capacity_of(machines, 3)
            yield machines


def begun(
    executor: Executor, stage: PortableStage, source: str, clips: int = 4
) -> AsyncGenerator[Report, None]:
    machine = executor.place({}, source)
    assert machine is not None
    return executor.perform(machine, stage, unit_of(source, clips))


async def outcome(reports: AsyncGenerator[Report, None]) -> Report:
    """Pull up to the next report other than `Doing`, as a worker does."""
    async for report in reports:
        if not isinstance(report, Doing):
            return report
    raise EOFError


def evidence(stage: PortableStage) -> set[str]:
    return {path.name for path in stage.folder.iterdir()}


async def left(stage: PortableStage, name: str) -> None:
    while not (stage.folder / name).exists():
        await asyncio.sleep(0.01)


async def test_reports_come_in_the_order_of_the_unit(executor: Executor, stage: PortableStage) -> None:
    reports = [report async for report in begun(executor, stage, "a", 3)]
    expected = [(Doing(clip, "making"), made(clip)) for clip in unit_of("a", 3).clips]
    assert reports == [report for pair in expected for report in pair]
    assert evidence(stage) == {"a 0", "a 1", "a 2", "closed"}


async def test_reports_of_other_kinds_end_a_pull_too(executor: Executor, stage: PortableStage) -> None:
    async with aclosing(begun(executor, stage, "learns")) as reports:
        await outcome(reports)
        assert await outcome(reports) == Learned("learns", {"probe": {"codec": "h264"}}, ("odd",))
    async with aclosing(begun(executor, stage, "retries")) as reports:
        await outcome(reports)
        assert await outcome(reports) == Retried(Clip("retries", 1), 1, "damaged data")


async def test_nothing_is_performed_without_a_pull(executor: Executor, stage: PortableStage) -> None:
    async with aclosing(begun(executor, stage, "a")) as reports:
        assert not await executor.sees(str(stage.folder / "a 0"))
        assert await outcome(reports) == made(Clip("a", 0))
        for _ in range(5):
            assert not await executor.sees(str(stage.folder / "a 1"))
        assert evidence(stage) == {"a 0"}
        assert await outcome(reports) == made(Clip("a", 1))
        assert evidence(stage) == {"a 0", "a 1"}


async def test_closing_between_two_pulls_ends_what_was_started(
    executor: Executor, stage: PortableStage
) -> None:
    reports = begun(executor, stage, "a")
    await outcome(reports)
    assert "closed" not in evidence(stage)
    await reports.aclose()
    assert evidence(stage) == {"a 0", "closed"}


async def test_a_unit_that_was_never_pulled_can_be_closed(executor: Executor, stage: PortableStage) -> None:
    await begun(executor, stage, "a").aclose()
    assert evidence(stage) == set()


async def test_cancelling_a_pull_ends_what_was_started(executor: Executor, stage: PortableStage) -> None:
    reports = begun(executor, stage, "waits")
    await outcome(reports)
    pulling = asyncio.create_task(outcome(reports))
    await left(stage, "waiting")
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert "closed" in evidence(stage)
    await reports.aclose()


async def test_an_outcome_that_comes_after_a_cancellation_is_not_lost(
    executor: Executor, stage: PortableStage
) -> None:
    os.mkfifo(stage.folder / "pipe")
    reports = begun(executor, stage, "writes")
    await outcome(reports)
    pulling = asyncio.create_task(outcome(reports))
    await left(stage, "writing")
    pulling.cancel()
    await asyncio.sleep(0)
    await asyncio.to_thread((stage.folder / "pipe").write_bytes, b"go on")
    assert await pulling == made(Clip("writes", 1))
    await reports.aclose()
    assert evidence(stage) == {"pipe", "writing", "writes 0", "writes 1", "closed"}


async def test_several_units_are_performed_at_once(executor: Executor, stage: PortableStage) -> None:
    async with (
        aclosing(begun(executor, stage, "waits")) as first,
        aclosing(begun(executor, stage, "a")) as other,
    ):
        await outcome(first)
        pulling = asyncio.create_task(outcome(first))
        await left(stage, "waiting")
        assert [await outcome(other) for _ in range(4)] == [made(Clip("a", index)) for index in range(4)]
        pulling.cancel()
        await asyncio.wait({pulling})


@pytest.mark.parametrize("name", list(ERRORS))
async def test_an_error_arrives_as_what_a_worker_tells_it_by(
    executor: Executor, stage: PortableStage, name: str
) -> None:
    if name == "out of memory" and isinstance(executor, ClusterExecutor):
        pytest.skip("the machine performs one unit fewer: see tests/cluster")
    raised = ERRORS[name]()
    async with aclosing(begun(executor, stage, name)) as reports:
        assert await outcome(reports) == made(Clip(name, 0))
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its type is compared below
            await outcome(reports)
    assert reason_of(caught.value) == reason_of(raised)
    assert exhaustion(caught.value) == exhaustion(raised)
    if name not in {"own", "foreign"}:
        assert type(caught.value) is type(raised)
    if isinstance(raised, SourceUnreachableError):
        assert isinstance(caught.value, SourceUnreachableError)
        assert caught.value.path == raised.path
    assert evidence(stage) == {f"{name} 0", "closed"}


async def test_paths_are_seen_where_units_are_performed(executor: Executor, tmp_path: Path) -> None:
    (tmp_path / "a\udcff.mkv").touch()
    assert await executor.sees(str(tmp_path / "a\udcff.mkv"))
    assert not await executor.sees(str(tmp_path / "b.mkv"))


@pytest.mark.parametrize("workers", [1, 4])
async def test_a_whole_run_makes_every_clip_once(
    executor: Executor, stage: PortableStage, tmp_path: Path, workers: int
) -> None:
    bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=workers), executor=executor)
    ended = await bench.engine.run()
    assert (ended.result, ended.exit_code) == ("finished", 0)
    assert evidence(stage) == {"closed", *(f"a {k}" for k in range(12)), *(f"b {k}" for k in range(7))}
    assert bench.state.clips_made == 19
    assert bench.state.problems == []


async def test_a_run_that_is_stopped_leaves_nothing_in_hand(
    executor: Executor, stage: PortableStage, tmp_path: Path
) -> None:
    stage.quotas = {"waits": 4}
    bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=1), executor=executor)
    run = asyncio.create_task(bench.engine.run())
    await left(stage, "waiting")
    bench.engine.end("stop")
    assert (await run).exit_code == 4
    assert evidence(stage) == {"waits 0", "waiting", "closed"}
    assert bench.state.clips_made == 1
