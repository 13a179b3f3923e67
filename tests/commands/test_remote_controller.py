"""A screen's controller tells an engine that ended from one that died, refused or cannot be reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.commands.engines import lock_held, write_state
from tests.engine.control.conftest import served
from tests.engine.control.test_control import InOrder
from tests.engine.control.versions import Answer, answering, protocol_1, protocol_9
from tests.engine.toy import Bench, ToyStage
from tui_gen.base.errors import RefusedError
from tui_gen.commands import engine_client, remote_controller
from tui_gen.commands.engine_client import StartedEngine
from tui_gen.commands.log_tail import log_tail
from tui_gen.commands.remote_controller import LiveController, MonitorController
from tui_gen.config.run_config import RunConfig
from tui_gen.engine.control import history_follower
from tui_gen.engine.model.history import History, Reading, Values
from tui_gen.engine.model.state_views import CategoryState
from tui_gen.engine.model.timeline import SourceTimeline
from tui_gen.engine.run.history_sampler import HistorySampler
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.view import condition_of


def ended(engine: StartedEngine) -> StartedEngine:
    engine.process.wait()
    return engine


def word(controller: LiveController) -> str:
    return condition_of(controller._state, controller.engine_info()).word


# ---------------------------------------------------------------------- an engine that ends at once


@pytest.mark.parametrize(
    ("code", "phase", "shown"),
    [(0, "finished", "FINISHED"), (3, "finished", "FINISHED"), (4, "stopped", "STOPPED")],
)
@pytest.mark.parametrize("has_status", [True, False])
async def test_an_engine_that_ends_at_once_is_shown_as_ended(
    config: RunConfig,
    start: Callable[[str], StartedEngine],
    code: int,
    phase: str,
    shown: str,
    *,
    has_status: bool,
) -> None:
    engine = ended(start(f"echo config loaded; exit {code}"))
    write_state(config, pid=engine.pid if has_status else 1, phase=phase, exit_code=code)
    assert (await engine_client.start_and_wait(config, ())).exit_code == code
    controller = LiveController(config, engine)
    await controller._look()
    state = controller._state
    assert state is not None
    assert (word(controller), state.exit_code) == (shown, code)
    assert ("does not tell of this run" in state.reason) is not has_status


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no memory left; exit 1", "the engine ended with exit code 1"),
        ("echo no memory left; kill -KILL $$", "the engine ended with signal 9 (Killed)"),
    ],
)
async def test_an_engine_that_dies_at_once_is_shown_as_dead_with_what_it_said(
    config: RunConfig, start: Callable[[str], StartedEngine], script: str, said: str
) -> None:
    write_state(config, pid=1, phase="finished")  # of an earlier run
    start(script)
    controller = LiveController(config, await engine_client.start_and_wait(config, ()))
    await controller._look()
    assert word(controller) == "DEAD"
    assert controller.engine_info().log_lines == ("no memory left",)
    assert controller.engine_info().ending == (said,)


async def test_an_engine_that_refuses_is_told_of_with_its_reason(
    config: RunConfig, start: Callable[[str], StartedEngine]
) -> None:
    start("echo 'tui-gen: no such film'; exit 2")
    with pytest.raises(RefusedError, match=r"^no such film$"):
        await engine_client.start_and_wait(config, ())


async def test_an_engine_that_finds_another_at_work_leaves_the_screen_to_that_one(
    config: RunConfig, start: Callable[[str], StartedEngine], tmp_path: Path
) -> None:
    start("echo 'tui-gen: another is working'; exit 11")
    with pytest.raises(RefusedError, match="another is working"):
        await engine_client.start_and_wait(config, ("--limit", "3"))
    engine = await engine_client.start_and_wait(config, ())
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, config.run_folder):
        controller = LiveController(config, engine)
        await controller._look()
        assert word(controller) == "STARTING"
        assert controller._client is not None
        await controller._client.close()


# ---------------------------------------------------------------------- an engine that cannot be reached


async def test_an_engine_without_a_socket_is_watched_and_never_ended(
    config: RunConfig, start: Callable[[str], StartedEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_client, "SOCKET_SECONDS", 0.0)
    monkeypatch.setattr(remote_controller, "SILENT_SECONDS", -1.0)
    first = start("exec sleep 1000")
    with lock_held(config):
        write_state(config, pid=first.pid, phase="running", clips_made=7)
        monkeypatch.setattr(engine_client, "start", lambda *_: first)
        controller = LiveController(config, await engine_client.start_and_wait(config, ()))
        await controller._look()
        info = controller.engine_info()
        assert controller._state is not None
        assert (word(controller), controller._state.clips_made, info.reach) == ("RUNNING", 7, "none")
        assert "only watched" in info.trouble
        await controller._look()
        assert ["no control socket" in problem.text for problem in controller._state.problems] == [True]
        with pytest.raises(do.CommandRefusedError, match="kill -TERM"):
            await controller.steer(do.Stop())
    assert first.exit_code is None


async def test_an_engine_that_does_not_come_up_in_time_is_left_alone(
    config: RunConfig, start: Callable[[str], StartedEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_client, "START_SECONDS", 0.0)
    start("exec sleep 1000")
    engine = await engine_client.start_and_wait(config, ())
    controller = LiveController(config, engine)
    await controller._look()
    assert engine.exit_code is None
    assert word(controller) == "STARTING"


async def test_a_lock_that_cannot_be_read_is_told_of(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_controller, "SILENT_SECONDS", -1.0)

    def broken(_: Path) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(engine_client, "is_held", broken)
    controller = LiveController(config)
    await controller._look()
    assert "Input/output error" in controller.engine_info().trouble
    assert controller.engine_info().is_alive


# ---------------------------------------------------------------------- the history


async def test_a_screen_that_attaches_again_has_the_history_of_before(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_follower, "LOOK_SECONDS", 0.0)
    bench, history = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl"), History()
    screens = []
    async with served(bench, config.run_folder, history):
        for number in range(3):
            history.take(Reading(5.0 * number, 5.0, Values(float(number))))
            screens.append(LiveController(config))
            for screen in screens:
                await screen._look()
        told = [screen.engine_info().history for screen in screens]
        for screen in screens:
            assert screen._client is not None
            await screen._client.close()
    assert told[0] is not None
    assert [point.values.patches_per_minute for point in told[0].spans[0]] == [0.0, 1.0]
    assert [part.spans for part in told if part is not None] == [told[0].spans] * 3


async def test_a_monitor_begins_a_history_of_its_own(config: RunConfig) -> None:
    controller = MonitorController(config.status_path)
    times = iter((100.0, 102.0, 107.0))
    controller._sampler = HistorySampler(controller._history, lambda: next(times))
    for number in range(3):
        category = CategoryState("a", images=number * number)
        write_state(config, pid=1, phase="running", categories={"a": category}, last_at=float(number))
        await controller._look()
    part = controller.engine_info().history
    assert part is not None
    assert [point.values for point in part.spans[0]] == [Values(patches_per_minute=30.0)]


# ---------------------------------------------------------------------- an engine of another version


@pytest.mark.parametrize(("answer", "version"), [(protocol_1, "0.1.0"), (protocol_9, "7.1")])
@pytest.mark.parametrize("has_status", [True, False])
async def test_an_engine_of_another_version_is_shown_from_its_status_and_can_be_ended(
    config: RunConfig, tmp_path: Path, answer: Answer, version: str, *, has_status: bool
) -> None:
    if has_status:
        write_state(config, pid=7, phase="running", clips_made=12)
    async with answering(tmp_path, answer):
        with lock_held(config, str(tmp_path / "s")):
            controller = LiveController(config)
            await controller._look()
            state, info = controller._state, controller.engine_info()
            assert state is not None
            assert (word(controller), state.clips_made) == ("RUNNING", 12 if has_status else 0)
            assert (info.reach, info.trouble.split(":")[0]) == (
                "run",
                f"engine {version} is of another version",
            )
            assert "drain the engine and start it again" in state.problems[-1].text
            assert await controller.steer(do.Drain()) == "carried out Drain"
            with pytest.raises(do.CommandRefusedError, match="nothing else does"):
                await controller.steer(do.Skip("a"))
            assert controller._client is not None
            await controller._client.close()


# ---------------------------------------------------------------------- starting again


@asynccontextmanager
async def stopped(config: RunConfig) -> AsyncIterator[LiveController]:
    """Yield a controller whose engine was stopped in order."""
    write_state(config, pid=1, phase="stopped", exit_code=4)
    controller = LiveController(config)
    await controller._look()
    assert word(controller) == "STOPPED"
    yield controller


async def test_an_engine_is_started_after_an_orderly_stop(
    config: RunConfig, start: Callable[[str], StartedEngine]
) -> None:
    async with stopped(config) as controller:
        start("exit 0")
        assert await controller.restart() == "the engine was started"
        engine = controller._engine
        assert engine is not None
        write_state(config, pid=engine.pid, phase="finished", started_at=200.0)
        await controller._look()
        assert word(controller) == "FINISHED"


async def test_an_engine_that_is_started_again_works_on_the_same_machines(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Sequence[str]] = []

    def start(_: RunConfig, flags: Sequence[str]) -> StartedEngine:
        given.append(flags)
        raise OSError(11, "no room")

    monkeypatch.setattr(engine_client, "start", start)
    controller = LiveController(config, flags=("--cluster", "tcp://nas:8786"))
    with pytest.raises(do.CommandRefusedError, match="no room"):
        await controller.restart()
    assert given == [("--cluster", "tcp://nas:8786")]


async def test_while_an_engine_is_on_its_way_up_no_second_is_started(
    config: RunConfig, start: Callable[[str], StartedEngine]
) -> None:
    async with stopped(config) as controller:
        start("exec sleep 1000")
        starting = asyncio.create_task(controller.restart())
        while controller._engine is None:
            await asyncio.sleep(0.01)
        await controller._look()
        assert word(controller) == "STARTING"
        with pytest.raises(do.CommandRefusedError, match="at work already"):
            await controller.restart()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def test_a_refused_start_says_why_and_leaves_the_run_stopped(
    config: RunConfig, start: Callable[[str], StartedEngine]
) -> None:
    async with stopped(config) as controller:
        start("echo 'tui-gen: line 3: no such key'; exit 2")
        with pytest.raises(do.CommandRefusedError, match=r"^line 3: no such key$"):
            await controller.restart()
        await controller._look()
        assert word(controller) == "STOPPED"


async def test_a_start_after_an_end_that_dies_is_shown_as_dead(
    config: RunConfig, start: Callable[[str], StartedEngine]
) -> None:
    async with stopped(config) as controller:
        start("echo torn; exit 1")
        await controller.restart()
        await controller._look()
        assert word(controller) == "DEAD"
        assert controller.engine_info().log_lines[0] == "torn"


# ---------------------------------------------------------------------- what is read, and when


async def test_the_log_is_read_once_and_only_of_a_dead_engine(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config.run_folder / "engine.log").write_text("one\ntwo\n", encoding="ascii")
    reads: list[Path] = []
    read = log_tail

    def noting(path: Path) -> Awaitable[tuple[str, ...]]:
        reads.append(path)
        return read(path)

    monkeypatch.setattr(remote_controller, "log_tail", noting)
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    controller = LiveController(config)
    async with served(bench, config.run_folder):
        for _ in range(3):
            await controller._look()
            controller.engine_info()
        assert reads == []
    for _ in range(3):
        await controller._look()
        controller.engine_info()
    assert word(controller) == "DEAD"
    assert reads == [config.run_folder / "engine.log"]
    assert controller.engine_info().log_lines == ("one", "two")


async def test_a_look_that_fails_is_told_of_and_the_next_goes_on(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = LiveController(config)

    async def broken(_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as machine:
        machine.setattr(engine_client, "attach", broken)
        await controller._look_safely()
    assert "looking at the engine failed: RuntimeError" in controller.engine_info().trouble
    await controller._look_safely()
    assert controller.engine_info().trouble == ""


async def test_a_monitor_reads_in_the_background(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_controller, "MONITOR_SECONDS", 0.01)
    controller = MonitorController(config.status_path)
    assert controller.snapshot() is None
    while "no status file" not in controller.engine_info().trouble:
        await asyncio.sleep(0.01)
    write_state(config, pid=1, phase="paused")
    while (state := controller.snapshot()) is None:
        await asyncio.sleep(0.01)
    info = controller.engine_info()
    assert (state.phase, info.trouble, info.status_file) == ("paused", "", str(config.status_path))
    with pytest.raises(do.CommandRefusedError, match="only watches"):
        await controller.steer(do.Pause())
    assert controller._task is not None
    controller._task.cancel()
    await asyncio.gather(controller._task, return_exceptions=True)


async def test_the_timelines_that_a_screen_shows_are_read_from_the_engine(
    config: RunConfig, tmp_path: Path
) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    await bench.engine.run()
    (progress,) = bench.state.sources["a"].progress.values()
    progress.places = InOrder()
    async with served(bench, config.run_folder):
        controller = LiveController(config)
        assert controller.timelines.of("a", 2) is None
        await controller._look()
        assert controller.timelines.of("a", 2) == SourceTimeline(60.0, "m ")
        assert controller._client is not None
        await controller._client.close()
