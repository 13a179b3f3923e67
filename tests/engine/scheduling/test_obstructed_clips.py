"""A clip in hand while something is in the way: it is held, and given back by a drain. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage, make
from tui_gen.engine.model.work import Clip, Doing, Report
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options


@pytest.mark.parametrize("way_out", ["the way is clear again", "drain"])
async def test_an_obstruction_holds_a_clip_before_it_is_written(tmp_path: Path, way_out: str) -> None:
    stage = ToyStage({"a": 6})
    bench = Bench(stage, tmp_path / "ledger.jsonl", options=Options(workers=1))
    begun, written = list[Clip](), list[Clip]()

    def act(clip: Clip) -> Iterable[Report]:
        begun.append(clip)
        if len(begun) == 3:
            bench.engine.gate.obstruct("output", "the disk is gone")
        yield Doing(clip, "decoding")
        written.append(clip)
        yield from make(clip)

    stage.act = act
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(begun) >= 3)
    for _ in range(40):
        await asyncio.sleep(0)
    assert (len(begun), len(written)) == (3, 2)
    if way_out == "drain":
        await bench.steering.steer(do.Drain())
        assert (await run).exit_code == 4
        assert bench.state.clips_made == len(written) == 2
    else:
        bench.engine.gate.clear("output")
        assert (await run).exit_code == 0
        assert bench.state.clips_made == len(written) == 6
