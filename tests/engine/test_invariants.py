"""The check of the invariants finds what it is there for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.engine import invariants
from tests.engine.toy import Bench, ToyStage
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Made, Patch, Plan


async def finished(tmp_path: Path) -> Bench:
    bench = Bench(ToyStage({"a": 6, "b": 4}), tmp_path / "ledger.jsonl")
    await bench.engine.run()
    return bench


def lose_an_image(state: RunState) -> None:
    state.categories["all"].images -= 1


def lose_a_byte(state: RunState) -> None:
    state.sources["a"].size_bytes -= 1


def lose_a_bit(state: RunState) -> None:
    made = state.records["a"].stages["toy"].made
    made["all"] &= ~1


def reject_what_was_made(state: RunState) -> None:
    state.records["a"].stages["toy"].rejected |= 1


def count_a_clip_twice(state: RunState) -> None:
    state.clips_made += 1


def forget_an_outcome(state: RunState) -> None:
    state.sources["b"].ended += 1


def hold_a_source_without_a_worker(state: RunState) -> None:
    state.sources["a"].in_hand = 1


def want_less_than_nothing(state: RunState) -> None:
    state.sources["a"].clips_left = -1


@pytest.mark.parametrize(
    "break_it",
    [
        lose_an_image,
        lose_a_byte,
        lose_a_bit,
        reject_what_was_made,
        count_a_clip_twice,
        forget_an_outcome,
        hold_a_source_without_a_worker,
        want_less_than_nothing,
    ],
)
async def test_a_broken_state_is_found(tmp_path: Path, break_it: Callable[[RunState], None]) -> None:
    bench = await finished(tmp_path)
    invariants.check(bench.state)
    break_it(bench.state)
    with pytest.raises(AssertionError):
        invariants.check(bench.state)
    Bench.all_made.clear()


async def test_a_ledger_that_says_something_else_is_found(tmp_path: Path) -> None:
    bench = await finished(tmp_path)
    invariants.check_replayed(bench.state, bench.ledger_path)
    clip = Made(Clip("a", 7), (Patch("all", 10, {}),), 1, 1.0)
    bench.recorder.show(ev.ClipEnded(bench.clock(), "toy", clip))
    invariants.check(bench.state)
    with pytest.raises(AssertionError):
        invariants.check_replayed(bench.state, bench.ledger_path)
    Bench.all_made.clear()


async def test_files_that_are_not_counted_are_found(tmp_path: Path) -> None:
    bench = await finished(tmp_path)
    invariants.check(bench.state, files={"all": 10, "none": 0})
    with pytest.raises(AssertionError):
        invariants.check(bench.state, files={"all": 9})


class Forgetful(ToyStage):
    """Plans as if nothing were known."""

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        return super().plan({name: SourceRecord() for name in records})


async def test_a_plan_that_wants_what_is_made_is_found(tmp_path: Path) -> None:
    bench = await finished(tmp_path)
    invariants.check_planned(bench.state, bench.stage)
    with pytest.raises(AssertionError):
        invariants.check_planned(bench.state, Forgetful(bench.stage.quotas))
