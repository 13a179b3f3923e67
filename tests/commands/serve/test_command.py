"""What `serve` refuses, the command of a page, and what a page may do without an engine."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Sequence

import pytest

from tests.commands.engines import write_state
from tests.commands.test_review import Config
from tests.tui.groups.toy import ToyReviewer
from tui_gen import __version__
from tui_gen.base.errors import RefusedError
from tui_gen.cli.main import main
from tui_gen.commands import engine_client
from tui_gen.commands.attached import (
    ASK_SECONDS,
    READ_ONLY,
    AttachedController,
    ReadOnlyController,
    WatchingController,
)
from tui_gen.commands.serve import command
from tui_gen.commands.serve.command import ServeRequest, page_command, serve
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.protocol import PROTOCOL, EngineVersion, state_format
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.commands import CommandRefusedError
from tui_gen.tui.actions import ACTIONS
from tui_gen.tui.view import condition_of

STEERING = [
    do.Pause(), do.Resume(), do.Drain(), do.Stop(), do.SetWorkers(3), do.Skip("a"), do.Unskip("a"),
    do.SetPriority("a", 1), do.Retry("a"), do.Retry(None),
]  # fmt: skip


def job(config: RunConfig) -> Config:
    return Config(config, Capabilities(group_reviewer=ToyReviewer({"Anna": ["a"]})))


@pytest.mark.parametrize("order", STEERING, ids=lambda order: type(order).__name__)
async def test_a_page_that_only_shows_passes_no_command_on(config: RunConfig, order: do.Command) -> None:
    class Steered(AttachedController):
        async def steer(self, command: do.Command) -> str:
            raise AssertionError(command)

    with pytest.raises(CommandRefusedError, match=READ_ONLY):
        await ReadOnlyController(Steered(config)).steer(order)


def test_every_key_that_sends_a_command_counts_as_steering() -> None:
    assert {action.id for action in ACTIONS if action.is_steering} == {
        *("pause", "more-workers", "fewer-workers", "set-workers", "retry", "restart"),
        *("skip", "unskip", "retry-this", "raise-priority", "lower-priority"),
    }


async def test_a_page_starts_no_engine(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> None:
        pytest.fail("an engine was started")

    monkeypatch.setattr(engine_client, "start", start)
    controller = AttachedController(config)
    with pytest.raises(CommandRefusedError, match="starts no engine"):
        await controller.restart()


async def looked_at(controller: AttachedController) -> str:
    """Return the word of the run's condition once the controller has looked."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        condition = condition_of(controller.snapshot(), controller.engine_info())
        if condition.word != "CONNECTING":
            return condition.word
        await asyncio.sleep(0.02)
    return "CONNECTING"


async def test_a_page_shows_that_there_has_been_no_run(config: RunConfig) -> None:
    assert await looked_at(AttachedController(config)) == "NO RUN"


async def test_a_page_shows_the_run_that_is_over(config: RunConfig) -> None:
    write_state(config, pid=1, phase="finished", exit_code=0)
    assert await looked_at(AttachedController(config)) == "FINISHED"


async def test_a_page_that_only_shows_reads_the_status_file_between_two_questions(config: RunConfig) -> None:
    asked: list[float] = []

    class Client(ControlClient):
        async def refresh(self) -> None:
            asked.append(time.monotonic())

        async def history(self, newest: Sequence[int]) -> None:
            assert list(newest) == [-1, -1, -1]

        def snapshot(self) -> RunState:
            return RunState(phase="running", pid=7)

    client, controller = Client(config.run_folder / "socket"), WatchingController(config)
    client.engine = EngineVersion(PROTOCOL, __version__, state_format())
    write_state(config, pid=7, phase="paused")
    phases = []
    for _ in range(3):
        await controller._hear(client)
        assert controller._state is not None
        phases.append(controller._state.phase)
    assert (phases, len(asked)) == (["running", "paused", "paused"], 1)
    controller._asked_at -= ASK_SECONDS
    await controller._hear(client)
    assert len(asked) == 2


def test_the_command_of_a_page_is_a_list_and_imports_nothing_from_the_working_folder(
    config: RunConfig,
) -> None:
    request = ServeRequest(token="x" * 16, may_steer=True, is_review=True)
    made = page_command(job(config), request)
    assert made[:5] == [sys.executable, "-P", "-m", "tui_gen", "serve"]
    assert made[5:] == ["--page", "--steer", "--review", "--", str(config.path)]
    assert "--steer" not in page_command(job(config), ServeRequest())


def test_a_review_needs_keys_that_steer(config: RunConfig) -> None:
    with pytest.raises(RefusedError, match="add --steer"):
        serve(job(config), ServeRequest(is_review=True), out=io.StringIO())


def test_a_job_without_groups_has_no_review(config: RunConfig) -> None:
    with pytest.raises(RefusedError, match="review"):
        serve(Config(config, Capabilities()), ServeRequest(is_review=True, may_steer=True), out=io.StringIO())


def test_without_the_extra_a_sentence_names_it(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    with pytest.raises(RefusedError, match=r"pip install '.\[web\]'"):
        serve(job(config), ServeRequest(), out=io.StringIO())


def test_a_port_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--port", "70000"])
    assert "--port: must be a port, 0 to 65535, not 70000" in capsys.readouterr().err
