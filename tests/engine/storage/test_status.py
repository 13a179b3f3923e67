from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.machines import Cluster
from tests.engine.toy import Bench, ToyStage
from tui_gen.base.nouns import USUAL_NOUNS, Noun, Nouns
from tui_gen.engine.executors.base import MachineLoad
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.storage.status import status_of, write_status
from tui_gen.engine.storage.status_reader import StatusError, read_status, snapshot_of


async def half_done(tmp_path: Path) -> Bench:
    bench = Bench(
        ToyStage({"a": 30, "b": 20}), tmp_path / "ledger.jsonl", options=Options(workers=2, limit=10)
    )
    bench.recorder.write(
        ev.RunStarted(bench.clock(), "toy", {"seed": 0}, "/c.json", "/out", os.getpid(), "h", "1")
    )
    await bench.engine.run()
    return bench


async def test_what_is_written_is_what_a_monitor_shows(tmp_path: Path) -> None:
    bench = await half_done(tmp_path)
    path, now = tmp_path / "status.json", bench.clock()
    await write_status(path, status_of(bench.state, now))
    seen = read_status(path, now).state
    for key in ("phase", "clips_made", "attempts", "minutes", "workers_allowed", "slots", "disk", "system"):
        assert getattr(seen, key) == getattr(bench.state, key), key
    assert seen.elapsed_seconds(now) == pytest.approx(bench.state.elapsed_seconds(now), abs=0.01)
    assert seen.categories["all"].images == bench.state.categories["all"].images == 10
    assert {s.id: (s.phase, s.clips_made, s.clips_left) for s in seen.sources.values()} == {
        s.id: (s.phase, s.clips_made, s.clips_left) for s in bench.state.sources.values()
    }


async def test_a_monitor_knows_the_machines_of_a_cluster(tmp_path: Path) -> None:
    cluster = Cluster({"box1": 2, "box2": 3})
    bench = Bench(ToyStage({"a": 300}), tmp_path / "ledger.jsonl", executor=cluster)
    cluster.tell(MachineLoad("box1", 97.0, 8 * 10**9, 32 * 10**9))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.clips_made > 20)
    cluster.change("box2", "refused", "ffmpeg: 'n9.0' -> '5.1'", workers=0)
    path, now, known = tmp_path / "status.json", bench.clock(), bench.state.copy()
    status = status_of(known, now)
    await write_status(path, status)
    seen = read_status(path, now).state
    assert seen.machines == known.machines
    assert seen.slots == known.slots
    assert status["machines"]["box2"]["phase"] == "refused"
    assert status["verdict"]["text"] == "box2 refused: ffmpeg: 'n9.0' -> '5.1'. 7 shows the machines"
    for slot in status["slots"]:
        del slot["machine"]
    del status["machines"]  # as an earlier version wrote it
    await write_status(path, status)
    assert read_status(path, now).state.machines == {}
    await bench.steering.steer(do.Stop())
    await run


async def test_a_file_of_an_older_program_is_read_without_what_it_did_not_write(tmp_path: Path) -> None:
    bench = await half_done(tmp_path)
    path, status = tmp_path / "status.json", status_of(bench.state, 2000.0)
    for key in ("workers_held", "unbroken_seconds", "problem_counts", "dataset_checkpoint"):
        del status[key]
    del status["progress"]["share_done"], status["category_stats"]["all"]["surplus"]
    await write_status(path, status)
    seen = read_status(path, 2000.0).state
    assert metrics_of(seen, 2000.0).share_done == metrics_of(bench.state, 2000.0).share_done == 10 / 50


async def test_a_monitor_knows_what_the_job_calls_things_and_the_stage_that_is_named(tmp_path: Path) -> None:
    bench = await half_done(tmp_path)
    nouns = Nouns(source=Noun("episode", "episodes"), has_attempts=False)
    bench.state.apply(ev.JobDescribed(1.0, nouns))
    bench.state.apply(ev.StagePlanned(1.0, "toy", bench.stage.plan(bench.state.records), is_named=True))
    path, status = tmp_path / "status.json", status_of(bench.state, 1.0)
    await write_status(path, status)
    seen = read_status(path, 1.0).state
    assert (seen.nouns, seen.named_stage) == (nouns, "toy")
    del status["nouns"], status["named_stage"]  # as an earlier version wrote it
    await write_status(path, status)
    before = read_status(path, 1.0).state
    assert (before.nouns, before.named_stage) == (USUAL_NOUNS, "")


async def test_each_entry_and_each_source_has_a_line_of_its_own(tmp_path: Path) -> None:
    bench = await half_done(tmp_path)
    status = status_of(bench.state, bench.clock()) | {"reason": 'a "quoted"\nname', "category_stats": {}}
    await write_status(tmp_path / "status.json", status)
    text = (tmp_path / "status.json").read_text(encoding="ascii")
    assert json.loads(text) == json.loads(json.dumps(status))
    lines = text.splitlines()
    assert [line for line in lines if line.startswith('  "a": {"name": "The a"')] != []
    assert len(lines) == 2 + len(status) + 2 + 1  # braces, entries, two sources and their closing brace


async def test_a_full_disk_leaves_the_old_status_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = await half_done(tmp_path)
    path = tmp_path / "status.json"
    await write_status(path, status_of(bench.state, 1.0))
    before = path.read_bytes()

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await write_status(path, status_of(bench.state, 2.0))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".tmp"] == []


async def test_an_engine_that_died_is_told_from_one_that_ended(tmp_path: Path) -> None:
    bench = await half_done(tmp_path)
    path = tmp_path / "status.json"
    status = status_of(bench.state, 1000.0)
    status |= {"state": "running", "host": os.uname().nodename}
    cases: list[tuple[dict[str, object], float, str]] = [
        ({}, 1001.0, "alive"),
        ({}, 1100.0, "stale"),
        ({"pid": 2**22 + 1}, 1001.0, "dead"),
        ({"boot_id": "another"}, 1001.0, "dead"),
        ({"host": "elsewhere"}, 1001.0, "alive"),
        ({"state": "finished", "pid": 2**22 + 1}, 9999.0, "ended"),
    ]
    for changes, now, liveness in cases:
        await write_status(path, status | changes)
        assert read_status(path, now).liveness == liveness, changes


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"version": 99}', "[" * 100_000, "\x00" * 50, "NaN"]
)
def test_a_damaged_status_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "status.json"
    path.write_text(text)
    with pytest.raises(StatusError, match=r"status\.json"):
        read_status(path, 0.0)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: st.dictionaries(
            st.sampled_from(["state", "progress", "pid", "host", "heartbeat", "slots"]), x, max_size=4
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_status_or_a_status_error(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-status.json"
    path.write_text(json.dumps(value))
    with pytest.raises(StatusError):
        read_status(path, 0.0)


def test_a_monitor_knows_every_problem_with_the_details_of_the_newest() -> None:
    state = RunState()
    state.apply(ev.ProblemNoted(1.0, "error", "encrypted", None, "page\n" * 40))
    for number in range(60):
        state.apply(ev.ProblemNoted(2.0, "warning", f"warning {number}", None, "why"))
    seen = snapshot_of(json.loads(json.dumps(status_of(state, 3.0))), 3.0, origin="here").state
    assert [problem.text for problem in seen.problems] == [problem.text for problem in state.problems]
    assert seen.problems[-1].detail == "why"
    assert (seen.problems[0].level, seen.problems[0].detail) == ("error", "")
    assert metrics_of(seen, 3.0).problems == metrics_of(state, 3.0).problems
