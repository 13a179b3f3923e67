"""A unit runner is another process: it is killed, stopped and refused, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import still_alive
from tests.engine.executors.portable_toy import PortableStage, PortableToyJob, made, unit_of
from tests.engine.executors.test_contract import evidence, left, outcome
from tests.engine.toy import Bench
from tui_gen.base.errors import RefusedError
from tui_gen.engine.executors import machine, messages, remote_unit
from tui_gen.engine.executors.base import MachineLostError
from tui_gen.engine.executors.error_fields import UnitError
from tui_gen.engine.executors.runner_executor import MACHINE, UnitRunnerExecutor
from tui_gen.engine.executors.runner_process import RunnerProcess
from tui_gen.engine.model.work import Clip
from tui_gen.engine.scheduling.options import Options


@pytest.fixture
def stage(tmp_path: Path) -> PortableStage:
    folder = tmp_path / "evidence"
    folder.mkdir()
    return PortableStage({"a": 12, "b": 7}, folder=folder)


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


def runner_for(
    stage: PortableStage, workers: int = 3, tools: dict[str, str] | None = None
) -> UnitRunnerExecutor:
    return UnitRunnerExecutor(PortableToyJob((stage,)), workers=workers, tools=tools)


async def there_again(executor: UnitRunnerExecutor, changed: asyncio.Event) -> None:
    while executor.place({}, "a") is None:
        await changed.wait()
        changed.clear()


# ------------------------------------------------------------------------------------ a lost runner


async def test_a_killed_runner_is_started_again_and_its_units_are_lost(stage: PortableStage) -> None:
    changed = asyncio.Event()
    async with runner_for(stage) as executor:
        executor.on_change(changed.set)
        first = executor.runner_pid
        assert first is not None
        async with (
            aclosing(executor.perform(MACHINE, stage, unit_of("waits"))) as at_work,
            aclosing(executor.perform(MACHINE, stage, unit_of("a"))) as idle,
        ):
            await outcome(at_work)
            await outcome(idle)
            pulling = asyncio.create_task(outcome(at_work))
            await left(stage, "waiting")
            os.kill(first, signal.SIGKILL)
            with pytest.raises(MachineLostError) as caught:
                await pulling
            assert caught.value.was_at_work
            with pytest.raises(MachineLostError):
                await outcome(idle)
        await there_again(executor, changed)
        assert not psutil.pid_exists(first)
        assert executor.runner_pid != first
        async with aclosing(executor.perform(MACHINE, stage, unit_of("b"))) as reports:
            assert await outcome(reports) == made(Clip("b", 0))


async def test_a_unit_that_was_not_pulled_is_not_charged_with_the_death(stage: PortableStage) -> None:
    async with runner_for(stage) as executor:
        pid = executor.runner_pid
        assert pid is not None
        reports = executor.perform(MACHINE, stage, unit_of("a"))
        await outcome(reports)
        os.kill(pid, signal.SIGKILL)
        while executor.runner_pid == pid:
            await asyncio.sleep(0.01)
        with pytest.raises(MachineLostError) as caught:
            await outcome(reports)
        assert not caught.value.was_at_work
        if executor.runner_pid is None:
            with pytest.raises(MachineLostError) as caught:
                await outcome(executor.perform(MACHINE, stage, unit_of("a")))
            assert not caught.value.was_at_work


async def test_a_look_through_a_killed_runner_sees_nothing(stage: PortableStage) -> None:
    async with runner_for(stage) as executor:
        assert executor.runner_pid is not None
        os.kill(executor.runner_pid, signal.SIGSTOP)
        look = asyncio.create_task(executor.sees("/"))
        await asyncio.sleep(0)
        os.kill(executor.runner_pid, signal.SIGKILL)
        assert not await look
        assert not await executor.sees("/") or executor.runner_pid is not None


async def test_a_run_goes_on_after_a_death_and_nobody_is_charged(
    stage: PortableStage, tmp_path: Path
) -> None:
    stage.quotas = {"dies once": 6, "b": 6}
    async with runner_for(stage) as executor:
        bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=2), executor=executor)
        assert (await bench.engine.run()).exit_code == 0
    assert bench.state.clips_made == 12
    assert bench.state.clips_failed == 0
    assert [problem.text.partition(":")[0] for problem in bench.state.problems] == [
        f"machine {MACHINE} was lost"
    ]
    assert not any(source.quarantined for source in bench.state.sources.values())


async def test_a_clip_that_kills_its_process_three_times_fails_alone(
    stage: PortableStage, tmp_path: Path
) -> None:
    stage.quotas = {"dies": 6}
    async with runner_for(stage) as executor:
        executor.set_target(MACHINE, 1)  # a clip beside it would be charged with its deaths
        bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=1), executor=executor)
        assert (await bench.engine.run()).exit_code == 3
    assert bench.state.clips_made == 5
    errors = [problem.text for problem in bench.state.problems if problem.level == "error"]
    assert errors == ["clip 1 failed: its process died three times"]


async def test_a_runner_that_cannot_be_started_again_is_tried_until_it_can(
    stage: PortableStage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(machine, "TRY_AGAIN_SECONDS", 0.01)
    start, refusals, changed = RunnerProcess.start, [1, 2], asyncio.Event()

    async def refuse() -> RunnerProcess:
        if refusals:
            refusals.pop()
            message = "can't start new thread"
            raise RuntimeError(message)
        return await start()

    async with runner_for(stage) as executor:
        executor.on_change(changed.set)
        monkeypatch.setattr(RunnerProcess, "start", refuse)
        pid = executor.runner_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while executor.runner_pid == pid:
            await asyncio.sleep(0.01)
        await there_again(executor, changed)
    assert refusals == []
    assert caplog.text.count("cannot be started again") == 2


async def test_a_runner_that_closes_nothing_is_killed(
    stage: PortableStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_unit, "CLOSE_SECONDS", 0.05)
    async with runner_for(stage) as executor:
        stopped = psutil.Process(executor.runner_pid)
        reports = executor.perform(MACHINE, stage, unit_of("a"))
        await outcome(reports)
        stopped.suspend()
        await reports.aclose()
        assert still_alive([stopped], 10) == []


# ------------------------------------------------------------------------------------ its end


async def test_the_end_of_its_stdin_closes_every_unit(stage: PortableStage) -> None:
    async with runner_for(stage) as executor:
        pid = executor.runner_pid
        reports = executor.perform(MACHINE, stage, unit_of("waits"))
        await outcome(reports)
        pulling = asyncio.create_task(outcome(reports))
        await left(stage, "waiting")
        await executor.__aexit__(None, None, None)
        assert evidence(stage) == {"waits 0", "waiting", "closed"}
        assert pid is not None
        assert not psutil.pid_exists(pid)
        with pytest.raises(MachineLostError):
            await pulling


ENGINE = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    from tests.engine.executors.portable_toy import PortableStage, PortableToyJob, unit_of
    from tests.engine.executors.test_contract import outcome
    from tui_gen.engine.executors.runner_executor import MACHINE, UnitRunnerExecutor

    async def main():
        stage = PortableStage({}, folder=Path(sys.argv[1]))
        async with UnitRunnerExecutor(PortableToyJob((stage,)), workers=1) as executor:
            reports = executor.perform(MACHINE, stage, unit_of("waits"))
            await outcome(reports)
            print(executor.runner_pid, flush=True)
            await outcome(reports)

    asyncio.run(main())
""")


def test_a_runner_ends_with_an_engine_that_was_killed(stage: PortableStage) -> None:
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, stage.folder],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
        text=True,
    ) as engine:
        assert engine.stdout is not None
        runner = psutil.Process(int(engine.stdout.readline()))
        engine.kill()
        assert still_alive([runner], 30) == []


# ------------------------------------------------------------------------------------ its start


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ({"refuses": "no ffmpeg was found"}, "runner-1: no ffmpeg was found"),
        ({"ffmpeg": "5.1.9"}, "runner-1: it would make other bytes: ffmpeg: None -> '5.1.9'"),
        ({"dies": "yes"}, "ended with 3: a library is missing"),
    ],
)
async def test_a_machine_that_cannot_perform_the_job_is_refused(
    stage: PortableStage, tools: dict[str, str], said: str
) -> None:
    with pytest.raises(RefusedError, match=said):
        async with runner_for(stage, tools=tools):
            """Not reached."""


async def test_a_job_that_cannot_be_read_there_is_refused(
    stage: PortableStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "packed", lambda _: "no job")
    with pytest.raises(RefusedError, match="the job cannot be opened"):
        async with runner_for(stage):
            """Not reached."""


async def test_a_unit_of_a_stage_that_the_job_lacks_fails(stage: PortableStage) -> None:
    async with runner_for(stage) as executor:
        reports = executor.perform(MACHINE, replace(stage, name="cut"), unit_of("a"))
        with pytest.raises(UnitError, match="no such stage: cut"):
            await outcome(reports)


# ------------------------------------------------------------------------------------ what it says


async def test_what_a_job_prints_or_reads_does_not_come_between_the_messages(
    stage: PortableStage, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with runner_for(stage) as executor:
            reports = executor.perform(MACHINE, stage, unit_of("prints"))
            outcomes = [await outcome(reports) for _ in range(4)]
            await reports.aclose()
    assert outcomes == [made(Clip("prints", index)) for index in range(4)]
    assert [record.getMessage() for record in caplog.records if record.name == "tests.toy"] == [
        "runner-1: a film called a\udcff"
    ]


async def test_a_runner_takes_as_many_units_as_it_is_told(stage: PortableStage) -> None:
    calls: list[str] = []
    call: Callable[[], None] = lambda: calls.append("changed")  # noqa: E731
    async with runner_for(stage, workers=2) as executor:
        executor.on_change(call)
        assert executor.place({MACHINE: 1}, "a") == MACHINE
        assert executor.place({MACHINE: 2}, "a") is None
        executor.set_target(MACHINE, 3)
        assert calls == ["changed"]
        assert executor.place({MACHINE: 2}, "a") == MACHINE
        assert (executor.target(MACHINE), executor.target("")) == (3, 0)


async def test_a_runner_measures_its_machine(
    stage: PortableStage,
) -> None:
    async with runner_for(stage) as executor:
        async with asyncio.timeout(60):
            while executor.load is None:
                await asyncio.sleep(0.01)
    assert executor.load.memory_total_bytes > executor.load.memory_used_bytes > 0
