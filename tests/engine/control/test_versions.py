"""An engine of any version can be greeted, paused, drained and stopped, and says how its run stands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.engine.control.conftest import served
from tests.engine.control.versions import Answer, answering, protocol_1, protocol_9
from tests.engine.toy import Bench, ToyStage
from tui_gen import __version__
from tui_gen.engine.control import protocol
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.codec import field_lines
from tui_gen.engine.control.protocol import ControlError, EngineVersion, engine_version, state_format
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling import commands as do


async def test_an_engine_says_its_version_and_how_its_run_stands(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        client = ControlClient(path)
        found = await client.connect()
        assert found == EngineVersion(protocol.PROTOCOL, __version__, state_format())
        assert found.is_same
        assert (await client.status())["state"] == "starting"
        await client.close()


@pytest.mark.parametrize(
    ("answer", "version"),
    [(protocol_1, EngineVersion(1, "0.1.0")), (protocol_9, EngineVersion(9, "7.1", "f00"))],
)
async def test_an_engine_of_another_version_is_steered_without_its_state(
    tmp_path: Path, answer: Answer, version: EngineVersion
) -> None:
    async with answering(tmp_path, answer) as client:
        assert await client.connect() == version
        assert client.snapshot() is None
        for command in (do.Pause(), do.Resume(), do.Drain(), do.Stop()):
            assert await client.steer(command) == f"carried out {type(command).__name__}"
        with pytest.raises(do.CommandRefusedError, match=r"version .*: pause, resume, drain and stop work"):
            await client.steer(do.SetWorkers(3))


async def test_the_words_of_the_stable_part_do_not_change(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []

    def noting(asked: dict[str, Any]) -> dict[str, Any]:
        heard.append(asked)
        return protocol_1(asked)

    async with answering(tmp_path, noting) as client:
        await client.open()
        for command in (do.Pause(), do.Resume(), do.Drain(), do.Stop()):
            await client.steer(command)
        await client.greet()
    assert heard[:4] == [{"command": {"is": name}} for name in ("Pause", "Resume", "Drain", "Stop")]
    assert heard[4] == {"ask": "hello"}
    assert (heard[5]["ask"], set(heard[5])) == ("state", {"ask", "after"})


async def test_an_engine_that_does_not_answer_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_gen.engine.control.client.ANSWER_SECONDS", 0.01)

    has_left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            pass
        writer.close()
        await writer.wait_closed()
        has_left.set()

    async with await asyncio.start_unix_server(silent, tmp_path / "s"):
        client = ControlClient(tmp_path / "s")
        with pytest.raises(ControlError, match="has not answered for"):
            await client.connect()
        with pytest.raises(ControlError, match="not connected"):
            await client.steer(do.Stop())
        await has_left.wait()


@pytest.mark.parametrize("said", [{}, [], None, {"protocol": "x", "version": "1"}, {"protocol": None}])
def test_a_hello_that_says_nothing_is_an_error(said: Any) -> None:  # noqa: ANN401
    with pytest.raises(ControlError, match="does not say its version"):
        engine_version(said)


def test_another_state_format_is_another_version_though_the_number_is_the_same() -> None:
    other = EngineVersion(protocol.PROTOCOL, __version__, "f00")
    assert not other.is_same
    assert "their code differs" in other.difference()
    assert "version 9.9" in EngineVersion(protocol.PROTOCOL, "9.9", "f00").difference()


def test_every_field_of_a_state_is_in_its_format() -> None:
    lines = set(field_lines(RunState))
    assert {"RunState.phase: Phase", "SourceState.quarantined: str | None", "Patch.category: str"} <= lines
    assert not any(line.startswith("RunState.records") for line in lines)


async def test_a_client_of_protocol_1_reads_the_state(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    await bench.engine.run()
    async with served(bench, tmp_path / "run") as (path, _):
        client = ControlClient(path)
        await client.open()
        state = await client.raw_state()
        await client.close()
    assert (state["is"], state["phase"], state["clips_made"]) == ("RunState", bench.state.phase, 3)
    assert all(value is None or isinstance(value, str | int | float) for value in state.values())
