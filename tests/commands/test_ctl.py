"""One order, one answer: of an engine of this version, of another version, and of none."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.commands.engines import lock_held, write_state
from tests.engine.control.conftest import served
from tests.engine.control.versions import Answer, answering, protocol_1, protocol_9
from tests.engine.machines import Cluster
from tests.engine.toy import Bench, ToyStage
from tui_gen.base.errors import RefusedError
from tui_gen.commands import ctl
from tui_gen.commands.ctl import CtlOrder
from tui_gen.commands.engine_client import NoEngineError
from tui_gen.config.run_config import RunConfig
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.executors.base import MachineLoad
from tui_gen.engine.model.history import History
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.storage.lock import Lock
from tui_gen.processes.machine_memory import Memory


async def test_an_engine_of_this_version_carries_out_every_order(config: RunConfig, tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3000}), tmp_path / "ledger.jsonl")
    async with served(bench, config.run_folder):
        run = asyncio.create_task(bench.engine.run())
        await bench.until(lambda: "a" in bench.state.sources)
        assert await ctl._carry_out(config, CtlOrder("workers", count=3)) == "3 workers"
        assert await ctl._carry_out(config, CtlOrder("skip", name="The a")) == "skipping The a"
        assert await ctl._carry_out(config, CtlOrder("unskip", name="a")) == "taking back The a"
        assert "pausing" in await ctl._carry_out(config, CtlOrder("pause"))
        said = json.loads(await ctl._carry_out(config, CtlOrder("status", json=True)))
        assert (said["state"], said["workers"]) == ("paused", 3)
        lines = (await ctl._carry_out(config, CtlOrder("status"))).splitlines()
        assert lines[1] == said["verdict"]["text"]
        assert (lines[0], len(lines)) == ("paused", 3)
        assert "stopping" in await ctl._carry_out(config, CtlOrder("stop"))
        await run


async def test_the_machines_of_a_cluster_are_listed_and_each_has_its_own_number(
    config: RunConfig, tmp_path: Path
) -> None:
    cluster = Cluster({"box1": 2, "box2": 3, "box10": 0})
    bench = Bench(ToyStage({"a": 3000}), tmp_path / "ledger.jsonl", executor=cluster)
    cluster.tell(MachineLoad("box1", 97.0, 8_400_000_000, 32 * 10**9))
    cluster.change("box10", "refused", "another \x1b[31mversion", workers=0)
    async with served(bench, config.run_folder):
        run = asyncio.create_task(bench.engine.run())
        await bench.until(lambda: bench.state.clips_made > 20)
        lines = (await ctl._carry_out(config, CtlOrder("machines"))).splitlines()
        assert lines[0].split() == [
            "machine",
            "workers",
            "cores",
            "cpu",
            "memory",
            "clips/min",
            "clips",
            "phase",
        ]
        assert [line.split()[0] for line in lines[1:]] == ["box1", "box2", "box10"]
        assert "97 %  8.4 of 32.0 GB" in lines[1]
        assert lines[1].endswith("running")
        assert "0/0" in lines[3]
        assert "refused: another" in lines[3]
        assert "\x1b" not in "".join(lines)
        said = json.loads(await ctl._carry_out(config, CtlOrder("machines", json=True)))
        assert list(said) == ["box1", "box2", "box10"]
        assert said["box1"]["load"]["cpu_percent"] == 97.0
        assert (
            await ctl._carry_out(config, CtlOrder("workers", count=1, machine="box2")) == "1 workers on box2"
        )
        with pytest.raises(do.CommandRefusedError, match="known are box1, box2, box10"):
            await ctl._carry_out(config, CtlOrder("workers", count=1, machine="box3"))
        with pytest.raises(do.CommandRefusedError, match="4 cores keep up with 8 workers"):
            await ctl._carry_out(config, CtlOrder("workers", count=9, machine="box2"))
        said_of_run = (await ctl._carry_out(config, CtlOrder("status"))).splitlines()
        assert said_of_run[-2] == "3 machines: 2 running, 1 refused"
        assert said_of_run[-1].startswith("  box10 refused: another")
        await ctl._carry_out(config, CtlOrder("stop"))
        await run


async def test_a_run_at_home_has_no_machines_to_list(config: RunConfig, tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, config.run_folder):
        assert await ctl._carry_out(config, CtlOrder("machines")) == "this run has no other machines"
        assert json.loads(await ctl._carry_out(config, CtlOrder("machines", json=True))) == {}
        await bench.engine.run()
        with pytest.raises(do.CommandRefusedError, match="box2: this run has no other machines"):
            await ctl._carry_out(config, CtlOrder("workers", count=1, machine="box2"))


@pytest.mark.parametrize(("answer", "version"), [(protocol_1, "0.1.0"), (protocol_9, "7.1")])
async def test_an_engine_of_another_version_can_be_ended_and_says_how_it_stands(
    config: RunConfig, tmp_path: Path, answer: Answer, version: str
) -> None:
    write_state(config, pid=7, phase="running", clips_made=12)
    async with answering(tmp_path, answer):
        with lock_held(config, str(tmp_path / "s")):
            for word in ("pause", "resume", "drain", "stop"):
                assert await ctl._carry_out(config, CtlOrder(word)) == f"carried out {word.capitalize()}"
            lines = (await ctl._carry_out(config, CtlOrder("status"))).splitlines()
            assert lines[0] == "running"
            assert version in lines[3]
            assert "drain the engine and start it again" in lines[3]
            said = json.loads(await ctl._carry_out(config, CtlOrder("status", json=True)))
            assert said["progress"]["clips_made"] == 12
            with pytest.raises(do.CommandRefusedError, match="nothing else does"):
                await ctl._carry_out(config, CtlOrder("skip", name="a"))


async def test_an_engine_without_a_socket_tells_its_status_by_the_file(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctl, "START_SECONDS", 0.0)
    write_state(config, pid=7, phase="running")
    with lock_held(config):
        lines = (await ctl._carry_out(config, CtlOrder("status"))).splitlines()
    assert lines[0] == "running"
    assert "no control socket" in lines[3]


@pytest.mark.parametrize("word", ["status", "pause"])
async def test_an_engine_that_has_just_begun_is_waited_for(
    config: RunConfig, tmp_path: Path, word: str
) -> None:
    bench = Bench(ToyStage({"a": 3000}), tmp_path / "ledger.jsonl")
    lock = Lock(config.run_folder / "lock")  # held, and no socket yet
    asked = asyncio.create_task(ctl._carry_out(config, CtlOrder(word)))
    await asyncio.sleep(2 * ctl.LOOK_SECONDS)
    server = ControlServer(bench.steering, run_folder=config.run_folder, lock=lock, history=History())
    serving = asyncio.create_task(server.run())
    try:
        assert await asked
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        lock.release()


@pytest.mark.parametrize("word", ["status", "drain"])
async def test_an_engine_that_ends_instead_of_an_answer_is_told_of_as_none(
    config: RunConfig, tmp_path: Path, word: str
) -> None:
    held = ExitStack()

    def end(_: dict[str, Any]) -> dict[str, Any]:
        held.close()
        raise ConnectionResetError

    async with answering(tmp_path, end):
        held.enter_context(lock_held(config, str(tmp_path / "s")))
        with pytest.raises(NoEngineError, match="no engine is running here; start one with"):
            await ctl._carry_out(config, CtlOrder(word))


@pytest.mark.parametrize("word", ["status", "drain"])
def test_where_no_engine_runs_the_answer_says_how_to_start_one(config: RunConfig, word: str) -> None:
    with pytest.raises(RefusedError, match=r"no engine is running here; start one with: tui-gen .*c\.json"):
        ctl.carry_out(config, CtlOrder(word))


def test_a_lock_of_a_dead_engine_is_no_engine(config: RunConfig) -> None:
    (config.run_folder / "lock").write_text(
        '{"pid": 1, "host": "x", "boot_id": "y", "socket": "/gone"}', encoding="ascii"
    )
    with pytest.raises(RefusedError, match="no engine is running here"):
        ctl.carry_out(config, CtlOrder("stop"))


async def test_more_workers_than_the_machine_bears_need_a_yes(config: RunConfig, tmp_path: Path) -> None:
    memory = Memory(3 * 10**9, 20 * 10**9)
    machine = Machine(cores=2, memory=lambda: memory, worker_bytes=10**9)
    options = Options(workers=1, machine=machine)
    bench = Bench(ToyStage({"a": 3000}), tmp_path / "ledger.jsonl", options=options)
    async with served(bench, config.run_folder):
        run = asyncio.create_task(bench.engine.run())
        await bench.until(lambda: "a" in bench.state.sources)
        with pytest.raises(do.CommandRefusedError, match=r"Memory bears 2: .*2 cores.*Nothing was changed"):
            await ctl._carry_out(config, CtlOrder("workers", count=99))
        assert bench.state.workers_target == 1
        said = await ctl._carry_out(config, CtlOrder("workers", count=99, yes=True))
        assert said.startswith("99 workers\nMemory bears 2: ")
        assert bench.state.workers_target == 99
        assert await ctl._carry_out(config, CtlOrder("workers", count=98)) == "98 workers"  # fewer
        with pytest.raises(do.CommandRefusedError, match="from 1 to 256, not 300"):
            await ctl._carry_out(config, CtlOrder("workers", count=300, yes=True))
        await ctl._carry_out(config, CtlOrder("stop"))
        await run
