"""A run over real dask workers: what the scheduler, the state and the ledger know of the machines."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.executors import executor_of, until
from tests.cluster.harness import cluster_of
from tests.engine.executors.portable_toy import PortableStage, made
from tests.engine.toy import Bench
from tui_gen.engine.model.machine_metrics import machines_of
from tui_gen.engine.model.work import Doing, Report, Unit
from tui_gen.engine.scheduling import commands as do

pytestmark = pytest.mark.cluster

CLIPS = 300


@dataclass
class SlowStage(PortableStage):
    """Takes a twentieth of a second for each clip."""

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        for clip in unit.clips:
            yield Doing(clip, "making")
            await asyncio.sleep(0.05)
            yield made(clip)


async def test_machines_are_seen_steered_and_lost(tmp_path: Path) -> None:
    stage = SlowStage({"a": CLIPS, "b": CLIPS}, folder=tmp_path)
    with cluster_of(tmp_path / "cluster", box1=2, box2=1) as cluster:
        async with executor_of(cluster, stage, tmp_path) as executor:
            bench = Bench(stage, tmp_path / "ledger.jsonl", executor=executor)
            state, run = bench.state, asyncio.create_task(bench.engine.run())
            await until(lambda: len(state.slots) == 3)
            assert {each.name: (each.phase, each.workers) for each in machines_of(state)} == {
                "box1": ("running", 2),
                "box2": ("running", 1),
            }
            assert Counter(slot.machine for slot in state.slots.values()) == {"box1": 2, "box2": 1}
            assert state.workers_target == 3
            await until(lambda: all(each.load is not None for each in machines_of(state)))
            assert await bench.steering.steer(do.SetWorkers(3, "box2")) == "3 workers on box2"
            await until(lambda: state.machines["box2"].in_hand == 3)
            await until(lambda: bool(state.machines["box2"].clips_made))
            cluster.kill_box("box1")
            await until(lambda: state.machines["box1"].phase in {"lost", "silent"})
            await until(lambda: not state.machines["box1"].in_hand)
            assert state.workers_target == 3
            assert [problem.text for problem in state.problems if "machine box1" in problem.text]
            assert (await run).exit_code == 0
    assert state.clips_made == 2 * CLIPS
    assert state.clips_failed == 0
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    by = Counter(line["machine"] for line in lines if line["kind"] == "clip")
    assert by == {name: each.clips_made for name, each in state.machines.items()}
