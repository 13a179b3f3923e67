from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.control.conftest import served
from tests.engine.machines import Cluster
from tests.engine.toy import Bench, ToyStage
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.engine.control import server
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.codec import WireError, from_wire, to_wire
from tui_gen.engine.control.protocol import ASK_BYTES, ControlError
from tui_gen.engine.executors.base import MachineLoad
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import NOTHING_KNOWN, History, Reading, Values
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.timeline import SourceTimeline
from tui_gen.engine.scheduling import commands as do


async def test_a_client_sees_and_steers_a_running_engine(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3000}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        run = asyncio.create_task(bench.engine.run())
        client = ControlClient(path)
        await client.connect()
        assert await client.steer(do.SetWorkers(7)) == "7 workers"
        await client.refresh()
        seen = client.snapshot()
        assert seen is not None
        assert seen.workers_target == 7
        assert seen.sources["a"].name == "The a"
        with pytest.raises(do.CommandRefusedError, match="no such source: z"):
            await client.steer(do.Skip("z"))
        await client.steer(do.Stop())
        assert (await run).exit_code == 4
        await client.close()


async def test_a_whole_state_travels_unchanged(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 30, "b": 20}), tmp_path / "ledger.jsonl")
    bench.state.apply(ev.JobDescribed(1.0, Nouns(source=Noun("episode", "episodes"))))
    await bench.engine.run()
    sent = bench.state.copy()
    back = from_wire(json.loads(json.dumps(server.state_to_wire(sent))), RunState)
    assert back == sent


async def test_machines_travel_unchanged_and_a_client_steers_one(tmp_path: Path) -> None:
    cluster = Cluster({"box1": 2, "box2": 3})
    bench = Bench(ToyStage({"a": 300}), tmp_path / "ledger.jsonl", executor=cluster)
    cluster.tell(MachineLoad("box1", 97.0, 8 * 10**9, 32 * 10**9))
    async with served(bench, tmp_path / "run") as (path, _):
        run = asyncio.create_task(bench.engine.run())
        await bench.until(lambda: bench.state.clips_made > 20)
        sent = bench.state.copy()
        assert from_wire(json.loads(json.dumps(server.state_to_wire(sent.copy()))), RunState) == sent
        client = ControlClient(path)
        await client.connect()
        assert await client.steer(do.SetWorkers(5, "box2")) == "5 workers on box2"
        await client.refresh()
        seen = client.snapshot()
        assert seen is not None
        assert (seen.machines["box2"].workers, seen.workers_target) == (5, 7)
        with pytest.raises(do.CommandRefusedError, match="known are box1, box2"):
            await client.steer(do.SetWorkers(5, "box3"))
        await client.steer(do.Stop())
        await run
        await client.close()


async def test_what_happened_is_sent_once_and_shown_for_long(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 30}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        client, late = ControlClient(path), ControlClient(path)
        await client.connect()
        run = asyncio.create_task(bench.engine.run())
        while not run.done():
            await client.refresh()
        await client.refresh()
        await late.connect()
        assert [seen.recent for seen in (client.snapshot(), late.snapshot()) if seen] == [
            bench.state.recent,
            bench.state.recent,
        ]
        assert server.state_to_wire(bench.state.copy(), after=29)["recent"][0][0] == 30
        await client.close()
        await late.close()


async def test_the_socket_is_private_and_comes_back_when_cleaned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.01)
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        path.unlink()
        while not path.exists():
            await asyncio.sleep(0.01)
        client = ControlClient(path)
        await client.connect()
        await client.close()
    assert not path.exists()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b"{}\n",
        b"\xff\xfe\n",
        b'{"command":{"is":"RunState"}}\n',
        b'{"ask":"snapshot","after":"x"}\n',
        b"[" * 5000 + b"\n",
    ],
)
async def test_nonsense_is_refused_and_the_engine_lives(tmp_path: Path, line: bytes) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        assert b"refused" in await reader.readline()
        writer.close()


async def test_an_endless_line_ends_the_connection_alone(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * (ASK_BYTES * 2))
        assert await reader.read() == b""
        writer.close()
        client = ControlClient(path)
        await client.connect()
        await client.close()


async def test_a_dead_socket_says_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="does not answer"):
        await ControlClient(tmp_path / "none").connect()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
named = st.builds(
    lambda name, rest: {"is": name, **rest},
    st.sampled_from(["Skip", "Pause", "Made"]),
    st.dictionaries(st.sampled_from(["source", "count"]), json_values, max_size=2),
)


@given(json_values | named)
def test_any_payload_is_a_command_or_a_wire_error(payload: object) -> None:
    try:
        command = from_wire(payload, do.Command)
    except WireError:
        return
    assert from_wire(to_wire(command), do.Command) == command


async def test_the_history_is_told_once_and_then_what_is_new(tmp_path: Path) -> None:
    bench, history = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl"), History()
    values = Values(1234.56789, 0.123456789, 123456789.12345, None, 123456789012.0)
    for at in range(0, 3 * 86400, 5):
        history.take(Reading(float(at), 5.0, values))
    async with served(bench, tmp_path / "run", history) as (path, _):
        client = ControlClient(path)
        await client.connect()
        whole = await client.history(NOTHING_KNOWN)
        assert whole == history.since(NOTHING_KNOWN, whole.wall_offset if whole else 0.0)
        assert len(json.dumps(to_wire(whole))) < 64 * 1024
        history.take(Reading(3 * 86400.0, 5.0, values))
        newer = await client.history(whole.newest if whole else ())
        assert newer is not None
        assert [[point.step for point in points] for points in newer.spans] == [[51839], [4319], [287]]
        await client.close()


async def test_a_malformed_question_for_the_history_is_refused(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        client = ControlClient(path)
        await client.connect()
        assert await client.history((1, 2)) is None
        assert await client.history(NOTHING_KNOWN) is not None
        await client.close()


class InOrder:
    """Clips in time order."""

    seconds = 60.0

    def parts(self, count: int) -> list[int]:
        return [0b1111 << 4 * part for part in range(count)]


async def test_timelines_are_sent_for_the_sources_that_were_asked_for(tmp_path: Path) -> None:
    bench = Bench(ToyStage({"a": 8, "b": 8}), tmp_path / "ledger.jsonl")
    await bench.engine.run()
    (progress,) = bench.state.sources["a"].progress.values()
    progress.places = InOrder()
    async with served(bench, tmp_path / "run") as (path, _):
        client = ControlClient(path)
        await client.connect()
        seen = await client.timelines([("a", 3), ("b", 3), ("z", 3)])
        assert seen == [SourceTimeline(60.0, "mm "), None, None]
        with pytest.raises(ControlError, match="cannot be read"):
            await client.timelines([("a", 401)])
        await client.close()
