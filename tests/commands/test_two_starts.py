"""Of two engines started at once, one is locked out or comes second; each screen shows the last run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.commands.engines import lock_held, write_state
from tests.engine.control.conftest import served
from tests.engine.toy import Bench, ToyStage
from tui_gen.base.errors import RefusedError
from tui_gen.commands import engine_client
from tui_gen.commands.engine_client import StartedEngine
from tui_gen.commands.recorded_run import RecordedRun
from tui_gen.commands.remote_controller import LiveController
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.job import JobConfig
from tui_gen.contract.registry import read_config
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.tui.view import condition_of

OTHER = 7
"""The process id of an engine that another screen started."""
EARLIER = 1
"""The process id of the engine of an earlier run."""


@pytest.fixture
def job(tmp_path: Path) -> JobConfig:
    """Return a configuration of one film that exists nowhere, and of which two clips are wanted."""
    video = {"name": "First", "path": "/nowhere/a.mkv", "id": "aaaaaaaaaa", "categories": {"general": 1.0}}
    base = {"output_base_dir": "out", "base_frame_limit": 2}
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"base_settings": base, "videos": [video]}), encoding="utf-8")
    (tmp_path / "out" / ".tui-gen").mkdir(parents=True)
    return read_config(path)


@pytest.fixture
def config(job: JobConfig) -> RunConfig:
    return job.run


def ended(engine: StartedEngine) -> StartedEngine:
    engine.process.wait()
    return engine


def recorded_run(job: JobConfig, *pids: int, end: Sequence[ev.Durable] | None = None) -> None:
    """Write the ledger of one run for each process; the first run makes both patches."""
    events: list[ev.Durable] = []
    for number, pid in enumerate(pids, 1):
        at = 100.0 * number
        events += [ev.RunStarted(at, "superres", {}, str(job.run.path), str(job.run.output), pid, "box", "1")]
        if number == 1:
            patch = Patch("general", 1000, {"format": "small_540"})
            events += [
                ev.ClipEnded(at + index, "extract", Made(Clip("aaaaaaaaaa", index), (patch,), 1, 1.0))
                for index in (0, 1)
            ]
        events += [ev.RunEnded(at + 50.0, "finished", 0)] if end is None or pid != pids[-1] else end
    ledger = Ledger(job.run.run_folder / LEDGER_NAME)
    ledger.append(events)
    ledger.close()


async def looked(job: JobConfig, engine: StartedEngine | None = None) -> LiveController:
    """Return a controller that has looked at its engine once."""
    controller = LiveController(job.run, engine, RecordedRun(job).state)
    await controller._look()
    return controller


def shown(controller: LiveController) -> tuple[str, int, int]:
    """Return the word of the screen, the images made and the clips of all videos."""
    state = controller._state
    assert state is not None
    images = sum(category.images for category in state.categories.values())
    return (
        condition_of(state, controller.engine_info()).word,
        images,
        sum(source.clips_wanted for source in state.sources.values()),
    )


# ---------------------------------------------------------------------- both engines have ended


async def test_an_engine_that_came_first_is_shown_by_the_numbers_of_the_second(
    job: JobConfig, start: Callable[[str], StartedEngine]
) -> None:
    first = ended(start("exit 0"))
    recorded_run(job, first.pid, OTHER)
    write_state(job.run, pid=OTHER, phase="finished", started_at=200.0, exit_code=0, clips_made=2)
    controller = await looked(job, first)
    assert shown(controller)[0] == "FINISHED"
    assert controller._state is not None
    assert (controller._state.clips_made, controller._state.reason) == (2, "")


async def test_an_engine_that_was_locked_out_leaves_the_numbers_of_the_other(
    job: JobConfig, start: Callable[[str], StartedEngine]
) -> None:
    second = ended(start("echo 'another is working'; exit 11"))
    recorded_run(job, OTHER)
    write_state(job.run, pid=OTHER, phase="finished", started_at=100.0, exit_code=0, clips_made=2)
    controller = await looked(job, second)
    assert shown(controller)[0] == "FINISHED"
    assert controller._state is not None
    assert (controller._state.clips_made, controller._state.exit_code) == (2, 0)


@pytest.mark.parametrize("code", [0, 11, None])
@pytest.mark.parametrize(
    "status", ["missing", "torn", "of an earlier version", "of an earlier run", "at work"]
)
async def test_a_status_file_that_does_not_tell_of_the_end_is_made_up_for_by_the_ledger(
    job: JobConfig, start: Callable[[str], StartedEngine], status: str, code: int | None
) -> None:
    engine = ended(start(f"exit {code}")) if code is not None else None
    pid = engine.pid if engine is not None and code == 0 else OTHER
    recorded_run(job, EARLIER, pid)
    if status == "of an earlier run":
        write_state(job.run, pid=EARLIER, phase="stopped", started_at=100.0, exit_code=4)
    elif status == "at work":
        write_state(job.run, pid=pid, phase="running", started_at=200.0)
        _date_back(job.run.status_path)
    elif status != "missing":
        job.run.status_path.write_text('{"heartbeat": 1.0' + ("}" if "version" in status else ""), "ascii")
    controller = await looked(job, engine)
    assert shown(controller) == ("FINISHED", 2, 2)
    assert controller._state is not None
    assert (controller._state.pid, controller._state.exit_code, controller._state.reason) == (pid, 0, "")


def _date_back(status_path: Path) -> None:
    """Let a status file be an hour old."""
    status = json.loads(status_path.read_bytes())
    for key in ("heartbeat", "last_update"):
        status[key] = 220.0
    status_path.write_text(json.dumps(status), encoding="ascii")


async def test_a_status_file_of_the_last_run_is_shown_as_it_is(job: JobConfig) -> None:
    recorded_run(job, OTHER)
    write_state(job.run, pid=OTHER, phase="finished", started_at=100.0, exit_code=0, clips_made=5)
    controller = await looked(job)
    assert controller._state is not None
    assert controller._state.clips_made == 5


# ---------------------------------------------------------------------- an engine that died


async def test_an_engine_that_died_before_its_first_word_is_shown_with_the_numbers_of_the_ledger(
    job: JobConfig, start: Callable[[str], StartedEngine]
) -> None:
    recorded_run(job, EARLIER)
    controller = await looked(job, ended(start("echo no memory; exit 1")))
    assert shown(controller) == ("DEAD", 2, 2)
    assert controller.engine_info().log_lines == ("no memory",)
    assert controller.engine_info().ending == ("the engine ended with exit code 1",)


@pytest.mark.parametrize("script", ["echo locked; exit 11", "exit 0"])
async def test_the_words_of_another_engine_that_died_are_not_those_of_the_own_one(
    job: JobConfig, start: Callable[[str], StartedEngine], script: str
) -> None:
    own = ended(start(script))
    (job.run.run_folder / "engine.log").write_text("the other fell\n", encoding="ascii")
    recorded_run(job, own.pid, OTHER, end=[])
    controller = await looked(job, own)
    assert shown(controller) == ("DEAD", 2, 2)
    assert controller.engine_info().log_lines == ("the other fell",)
    assert controller.engine_info().ending == ()


async def test_a_ledger_that_cannot_be_read_is_told_of(
    job: JobConfig, start: Callable[[str], StartedEngine]
) -> None:
    (job.run.run_folder / LEDGER_NAME).mkdir()
    controller = await looked(job, ended(start("exit 0")))
    assert controller._state is not None
    assert "does not tell of this run" in controller._state.reason
    assert ["cannot be read (Is a directory)" in each.text for each in controller._state.problems] == [True]


# ---------------------------------------------------------------------- engines that come and go meanwhile


async def test_an_engine_that_begins_while_the_ledger_is_read_is_not_taken_for_dead(
    job: JobConfig, start: Callable[[str], StartedEngine]
) -> None:
    own = ended(start("exit 11"))
    recorded_run(job, OTHER)
    with ExitStack() as held:
        controller = LiveController(job.run, own, lambda: held.enter_context(lock_held(job.run)))
        await controller._look()
        assert condition_of(controller._state, controller.engine_info()).word == "CONNECTING"
    controller._recorded = RecordedRun(job).state
    await controller._look()
    assert shown(controller) == ("FINISHED", 2, 2)


async def test_the_ledger_is_read_again_only_after_a_change(
    job: JobConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def noting(run_folder: Path) -> tuple[RunState, list[str]]:
        reads.append(run_folder)
        return replay(run_folder)

    monkeypatch.setattr("tui_gen.commands.recorded_run.replay", noting)
    recorded_run(job, OTHER)
    controller = await looked(job)
    for _ in range(3):
        await controller._look()
    assert (shown(controller), len(reads)) == (("FINISHED", 2, 2), 1)
    recorded_run(job, EARLIER)
    await controller._look()
    assert len(reads) == 2


async def test_a_start_with_flags_waits_until_it_is_known_whether_it_was_locked_out(
    job: JobConfig, start: Callable[[str], StartedEngine], tmp_path: Path
) -> None:
    start("sleep 0.3; echo 'tui-gen: another is working'; exit 11")
    async with served(Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl"), job.run.run_folder):
        with pytest.raises(RefusedError, match="another is working"):
            await engine_client.start_and_wait(job.run, ("--limit", "3"))


async def test_of_two_screens_that_start_again_at_once_one_says_that_the_other_was_first(
    job: JobConfig, start: Callable[[str], StartedEngine]
) -> None:
    recorded_run(job, EARLIER)
    controller = await looked(job)
    start("exit 11")
    assert await controller.restart() == "another engine was started at the same time"
    (job.run.run_folder / LEDGER_NAME).unlink()
    recorded_run(job, EARLIER, OTHER)
    await controller._look()
    assert shown(controller) == ("FINISHED", 2, 2)
    assert controller._state is not None
    assert controller._state.pid == OTHER
