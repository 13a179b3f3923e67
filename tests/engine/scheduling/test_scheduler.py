from __future__ import annotations

import asyncio
import errno
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.engine.toy import Bench, ToyStage, make
from tui_gen.base.errors import (
    ObstructedError,
    OutOfMemoryError,
    RefusedError,
    SourceChangedError,
    SourceUnreachableError,
)
from tui_gen.engine.model.events import SourceSkipped
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Doing, Failed, Rejected, Report, Retried, Unusable
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.storage import recorder as recorder_module
from tui_gen.engine.storage.ledger import read_events
from tui_gen.processes.children import ChildError


def replayed(bench: Bench) -> RunState:
    state, damage = RunState(), list[str]()
    for event in read_events(bench.ledger_path, on_damage=damage):
        state.apply(event)
    assert damage == []
    return state


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.mark.parametrize("workers", [1, 4, 40])
async def test_every_clip_is_made_once_whatever_the_number_of_workers(
    ledger_path: Path, workers: int
) -> None:
    stage = ToyStage({"a": 30, "b": 17, "c": 1})
    bench = Bench(stage, ledger_path, options=Options(workers=workers))
    ended = await bench.engine.run()
    assert (ended.result, ended.exit_code) == ("finished", 0)
    assert Counter(stage.performed) == Counter(
        [Clip(source, k) for source, quota in stage.quotas.items() for k in range(quota)]
    )
    assert stage.opened == stage.closed
    assert bench.state.categories["all"].images == 48


@pytest.mark.parametrize(
    ("clips", "workers", "handed_out"),
    [(40, 1, [16, 16, 8]), (16, 2, [8, 8]), (64, 4, [16] * 4), (64, 8, [8] * 8), (40, 9, [4] * 10)],
)
async def test_units_are_divided_where_workers_would_go_without(
    ledger_path: Path, clips: int, workers: int, handed_out: list[int]
) -> None:
    stage = ToyStage({"a": clips}, stretch=16)
    ended = await Bench(stage, ledger_path, options=Options(workers=workers)).engine.run()
    assert ended.result == "finished"
    assert stage.handed_out == handed_out
    assert Counter(stage.performed) == Counter(Clip("a", k) for k in range(clips))


async def test_what_is_left_at_the_end_is_shared_with_those_still_at_work(ledger_path: Path) -> None:
    stage = ToyStage({"a": 48, "b": 48}, stretch=16)
    await Bench(stage, ledger_path, options=Options(workers=5)).engine.run()
    assert stage.handed_out[:5] == [16] * 5
    assert max(stage.handed_out[5:]) < 10
    assert len(stage.performed) == 96


async def test_a_limit_is_shared_too(ledger_path: Path) -> None:
    stage = ToyStage({"a": 100}, stretch=16)
    await Bench(stage, ledger_path, options=Options(workers=2, limit=12)).engine.run()
    assert stage.handed_out[:2] == [6, 5]
    assert len(stage.performed) == 12


async def test_a_replayed_ledger_gives_the_state_of_the_live_run(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 30, "b": 17}), ledger_path)
    await bench.engine.run()
    again = replayed(bench)
    assert again.records == bench.state.records
    assert again.categories["all"].images == bench.state.categories["all"].images == 47
    assert again.categories["all"].size_bytes == bench.state.categories["all"].size_bytes
    assert (again.clips_made, again.attempts) == (bench.state.clips_made, bench.state.attempts)


async def test_the_only_stage_that_makes_something_goes_without_saying(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 2}), ledger_path)
    await bench.engine.run()
    assert (bench.state.stage, bench.state.named_stage) == ("toy", "")


async def test_a_second_run_makes_only_what_is_missing(ledger_path: Path) -> None:
    first = Bench(ToyStage({"a": 10}), ledger_path, options=Options(workers=2, limit=4))
    ended = await first.engine.run()
    assert (ended.exit_code, len(first.stage.performed)) == (0, 4)
    second = Bench(ToyStage({"a": 10}), ledger_path, state=replayed(first))
    assert (await second.engine.run()).exit_code == 0
    assert sorted([*first.stage.performed, *second.stage.performed]) == [Clip("a", k) for k in range(10)]


@pytest.mark.parametrize("workers", [1, 3, 8])
async def test_a_limit_is_met_exactly(ledger_path: Path, workers: int) -> None:
    bench = Bench(ToyStage({"a": 30, "b": 30}), ledger_path, options=Options(workers=workers, limit=11))
    await bench.engine.run()
    assert len(bench.stage.performed) == 11


async def test_nothing_is_pulled_while_paused(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 200}), ledger_path)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.stage.performed) >= 5)
    await bench.steering.steer(do.Pause())
    for _ in range(20):
        await asyncio.sleep(0)
    seen = len(bench.stage.performed)
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(bench.stage.performed) == seen
    assert bench.state.phase == "paused"
    await bench.steering.steer(do.Resume())
    assert (await run).exit_code == 0
    assert len(bench.stage.performed) == 200


@pytest.mark.parametrize("command", [do.Drain(), do.Stop()])
async def test_a_paused_run_can_be_ended(ledger_path: Path, command: do.Command) -> None:
    bench = Bench(ToyStage({"a": 200}), ledger_path)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.stage.performed) >= 5)
    await bench.steering.steer(do.Pause())
    await bench.steering.steer(command)
    ended = await run
    assert (ended.result, ended.exit_code) == ("stopped", 4)
    assert bench.stage.opened == bench.stage.closed
    assert replayed(bench).clips_made == bench.state.clips_made == len(bench.stage.performed)


async def test_a_drained_run_ends_after_the_clips_in_hand(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 200}), ledger_path, options=Options(workers=4))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.stage.performed) >= 10)
    before = len(bench.stage.performed)
    await bench.steering.steer(do.Drain())
    assert (await run).exit_code == 4
    assert len(bench.stage.performed) <= before + 4


@pytest.mark.parametrize("how", ["drain", "pause", "fewer workers"])
async def test_a_clip_that_was_begun_is_not_thrown_away(ledger_path: Path, how: str) -> None:
    stage = ToyStage({"a": 40})
    bench = Bench(stage, ledger_path, options=Options(workers=2))
    holds: dict[str, Callable[[], None]] = {
        "drain": lambda: bench.engine.end("drain"),
        "pause": bench.engine.gate.pause,
        "fewer workers": lambda: bench.engine.set_workers(1),
    }
    begun, made = list[Clip](), list[Clip]()

    def act(clip: Clip) -> Iterable[Report]:
        begun.append(clip)
        if len(begun) == 6:
            holds[how]()
        yield Doing(clip, "decoding")
        yield Doing(clip, "cutting", 2)
        yield from make(clip)
        made.append(clip)

    stage.act = act
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(begun) >= 6)
    for _ in range(40):
        await asyncio.sleep(0)
    if how == "pause":
        assert (len(begun), bench.state.clips_made) == (6, 6)
        await bench.steering.steer(do.Resume())
    await run
    assert Counter(begun) == Counter(stage.performed)


async def test_a_clip_that_is_to_be_tried_again_can_be_left(ledger_path: Path) -> None:
    stage = ToyStage({"a": 40})
    bench = Bench(stage, ledger_path, options=Options(workers=1))

    def act(clip: Clip) -> Iterable[Report]:
        bench.engine.end("drain")
        yield Retried(clip, 1, "damaged data")
        yield from make(clip)

    stage.act = act
    assert (await bench.engine.run()).exit_code == 4
    assert bench.state.clips_made == 0


async def test_a_worker_that_is_stopped_before_it_began_is_let_go(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 200}), ledger_path, options=Options(workers=4))
    run = asyncio.create_task(bench.engine.run())
    while not bench.state.slots:
        await asyncio.sleep(0)
        if bench.state.slots:  # opened in the step that just ended: none of them has run yet
            await bench.steering.steer(do.Stop())
    async with asyncio.timeout(5):
        assert (await run).exit_code == 4
    assert bench.state.slots == {}


async def test_workers_change_while_a_stretch_runs(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 400}), ledger_path, options=Options(workers=2))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.state.slots) == 2)
    await bench.steering.steer(do.SetWorkers(6))
    await bench.until(lambda: len(bench.state.slots) == 6)
    before = len(bench.stage.performed)
    await bench.steering.steer(do.SetWorkers(1))
    assert sum(slot.is_draining for slot in bench.state.slots.values()) == 5
    await bench.until(lambda: len(bench.state.slots) == 1)
    assert len(bench.stage.performed) <= before + 2 * 6
    assert (await run).exit_code == 0
    assert len(set(bench.stage.performed)) == len(bench.stage.performed) == 400


async def test_no_workers_at_all_are_refused(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 1}), ledger_path)
    with pytest.raises(do.CommandRefusedError, match="1 to 256"):
        await bench.steering.steer(do.SetWorkers(0))


async def test_a_skipped_source_stops_at_once_and_comes_back(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 100, "b": 300}), ledger_path)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.stage.performed) >= 5)
    await bench.steering.steer(do.Skip("a"))
    await bench.until(lambda: not any(slot.source == "a" for slot in bench.state.slots.values()))
    made = sum(clip.source == "a" for clip in bench.stage.performed)
    await bench.until(lambda: len(bench.stage.performed) >= 50)
    assert sum(clip.source == "a" for clip in bench.stage.performed) == made < 20
    await bench.steering.steer(do.Unskip("a"))
    assert (await run).exit_code == 0
    assert Counter(clip.source for clip in bench.stage.performed) == {"a": 100, "b": 300}


async def test_a_rejected_clip_is_replaced_by_the_next(ledger_path: Path) -> None:
    def act(clip: Clip) -> Iterable[Report]:
        if clip.index in {0, 3, 7}:
            return [Rejected(clip, "blank", 10, 1.0)]
        return make(clip)

    bench = Bench(ToyStage({"a": 10}, act), ledger_path, options=Options(workers=2))
    assert (await bench.engine.run()).exit_code == 0
    assert bench.state.categories["all"].images == 10
    assert max(clip.index for clip in bench.stage.performed) == 12
    assert len(set(bench.stage.performed)) == len(bench.stage.performed)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RefusedError("the probe hung"), "the probe hung"),
        (ChildError("the probe hung"), "the probe hung"),
        (RefusedError(""), "RefusedError: "),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
async def test_what_the_program_raises_itself_is_told_in_a_sentence(
    ledger_path: Path, error: Exception, reason: str
) -> None:
    def act(_clip: Clip) -> Iterable[Report]:
        raise error

    bench = Bench(ToyStage({"a": 1}, act), ledger_path, options=Options(workers=1))
    await bench.engine.run()
    assert [problem.text for problem in bench.state.problems] == [f"clip 0 failed: {reason}"]


async def test_whoever_skips_a_source_does_not_wait_for_the_disk(
    ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(ToyStage({"a": 4, "b": 4}), ledger_path)
    running = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.clips_made == 2)
    bench.ledger.append([SourceSkipped(1.0, "c")] * recorder_module.SYNC_EVERY_LINES)
    bench.keeps_rules = False  # the state knows nothing of these lines
    synced: list[int] = []
    monkeypatch.setattr(bench.ledger, "sync", lambda: synced.append(1))
    asked = asyncio.create_task(bench.steering.steer(do.Skip("b")))
    await asyncio.sleep(0)
    assert asked.done()
    assert synced == []
    await running


async def test_a_surprise_fails_its_clip_alone(ledger_path: Path) -> None:
    def act(clip: Clip) -> Iterable[Report]:
        if clip.index == 5:
            message = "out of luck"
            raise RuntimeError(message)
        return make(clip)

    bench = Bench(ToyStage({"a": 10}, act), ledger_path, options=Options(workers=1))
    ended = await bench.engine.run()
    assert ended.exit_code == 3
    assert sorted(clip.index for clip in bench.stage.performed) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert [problem.text for problem in bench.state.problems] == ["clip 5 failed: RuntimeError: out of luck"]
    again = Bench(ToyStage({"a": 10}), ledger_path, state=replayed(bench))
    assert (await again.engine.run()).exit_code == 0
    assert list(again.stage.performed) == [Clip("a", 5)]


async def test_a_source_that_fails_three_times_alike_is_set_aside(ledger_path: Path) -> None:
    def act(clip: Clip) -> Iterable[Report]:
        return [Failed(clip, "killed", 3, 1.0)] if clip.source == "poison" else make(clip)

    bench = Bench(ToyStage({"poison": 50, "b": 20}, act), ledger_path, options=Options(workers=1))
    assert (await bench.engine.run()).exit_code == 3
    assert bench.state.sources["poison"].phase == "quarantined"
    assert bench.state.clips_failed == 3
    assert bench.state.categories["all"].images == 20


async def test_what_failed_is_tried_again_when_asked(ledger_path: Path) -> None:
    fails = True

    def act(clip: Clip) -> Iterable[Report]:
        return [Failed(clip, "killed", 3, 1.0)] if fails and clip.source == "a" else make(clip)

    bench = Bench(ToyStage({"a": 5, "b": 400}, act), ledger_path, options=Options(workers=2))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: "a" in bench.state.sources)
    await bench.until(lambda: bench.state.sources["a"].phase == "quarantined")
    fails = False
    assert await bench.steering.steer(do.Retry("a")) == "trying 1 again"
    assert (await run).exit_code == 0
    assert bench.state.clips_failed == 0
    assert bench.state.clips_made == 405


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_retried_source_is_looked_at_before_all_other_work(
    ledger_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_gen.engine.scheduling.scheduler.PLAN_SECONDS", 0.0)
    looks = list[int]()

    def act(clip: Clip) -> Iterable[Report]:
        if clip.source == "z":
            looks.append(bench.state.clips_made)
            return [Unusable("z", "not a video file")]
        return make(clip)

    stage = ToyStage({"z": 9, "a": 500, "b": 500}, act, stretch=100)
    bench = Bench(stage, ledger_path, options=Options(workers=workers))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.clips_made >= 50)
    known = len(looks)
    assert known
    assert bench.state.categories["all"].planned == 1000
    assert await bench.steering.steer(do.Retry()) == "trying 1 again"
    at = bench.state.clips_made  # the work goes on while the ledger takes the order
    assert bench.state.categories["all"].planned == 1009
    await bench.until(lambda: len(looks) > known and bench.state.categories["all"].planned == 1000)
    # The clips in hand, and not the rest of a stretch of 100. One worker makes room; others go on while the
    # ledger takes that worker's line.
    most = 2 if workers == 1 else 50
    assert looks[known] - at <= most
    assert bench.state.clips_made - at <= 2 * most
    await run
    assert (len(looks), bench.state.clips_made) == (known + 1, 1000)


async def test_a_retry_during_a_pause_waits_for_its_end_and_says_so(ledger_path: Path) -> None:
    bench = Bench(
        ToyStage(
            {"z": 5, "a": 200}, lambda clip: [Unusable("z", "torn")] if clip.source == "z" else make(clip)
        ),
        ledger_path,
    )
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.clips_made >= 20)
    await bench.steering.steer(do.Pause())
    assert await bench.steering.steer(do.Retry()) == "trying 1 again when the run goes on"
    await bench.steering.steer(do.Resume())
    assert (await run).exit_code == 3
    assert bench.state.sources["z"].unusable == "torn"


async def test_a_retried_source_that_is_skipped_ends_no_worker(
    ledger_path: Path,
) -> None:
    def act(clip: Clip) -> Iterable[Report]:
        return [Unusable("z", "torn")] if clip.source == "z" else make(clip)

    stage = ToyStage({"z": 5, "a": 200}, act, stretch=100)
    bench = Bench(stage, ledger_path, options=Options(workers=1))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.clips_made >= 20)
    handed_out = len(stage.handed_out)
    await bench.steering.steer(do.Skip("z"))
    await bench.steering.steer(do.Retry("z"))
    made = bench.state.clips_made
    await bench.until(lambda: bench.state.clips_made >= made + 20)
    assert len(stage.handed_out) == handed_out
    await run
    assert bench.state.clips_made == 200


async def test_an_unusable_source_ends_and_the_others_go_on(ledger_path: Path) -> None:
    def act(clip: Clip) -> Iterable[Report]:
        return [Unusable("a", "no such codec")] if clip.source == "a" else make(clip)

    bench = Bench(ToyStage({"a": 5, "b": 20}, act), ledger_path)
    assert (await bench.engine.run()).exit_code == 3
    assert bench.state.sources["a"].unusable == "no such codec"
    assert bench.state.categories["all"].images == 20


@pytest.mark.parametrize(("room", "workers", "made"), [(3, 3, 30), (1, 1, 30), (0, 1, 0)])
async def test_where_memory_runs_out_fewer_workers_go_on_and_only_the_last_one_is_charged(
    ledger_path: Path, room: int, workers: int, made: int
) -> None:
    stage = ToyStage({"a": 30}, stretch=3)
    bench = Bench(stage, ledger_path, options=Options(workers=8))

    def act(clip: Clip) -> Iterable[Report]:
        if bench.state.workers_target > room:
            message = "memory ran out: the system ended it"
            raise OutOfMemoryError(message)
        return make(clip)

    stage.act = act
    ended = await bench.engine.run()
    assert bench.state.workers_target == workers
    assert bench.state.categories["all"].images == made
    assert ended.exit_code == (0 if made else 3)
    assert bench.state.problems[0].text == "memory ran out: the system ended it; fewer workers from now on"
    assert bench.state.clips_failed == (0 if made else 3)


async def test_an_obstructed_output_holds_the_work_and_charges_nobody(
    ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_gen.engine.scheduling.obstructions.TRY_AGAIN_SECONDS", 0.01)
    full = True

    def act(clip: Clip) -> Iterable[Report]:
        if full:
            message = "disk full"
            raise ObstructedError(message)
        return make(clip)

    bench = Bench(ToyStage({"a": 10}, act), ledger_path)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.phase == "waiting")
    assert bench.state.reason == "disk full"
    full = False
    assert (await run).exit_code == 0
    assert bench.state.clips_failed == 0
    assert len(bench.stage.performed) == 10


async def test_a_ledger_that_takes_nothing_holds_the_work_and_loses_nothing(
    ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "TRY_AGAIN_SECONDS", 0.01)
    bench = Bench(ToyStage({"a": 10}), ledger_path)
    append, refusals = bench.ledger.append, 3

    def refuse(events: list[object]) -> None:
        nonlocal refusals
        if bench.stage.performed and refusals:
            refusals -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        append(events)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.ledger, "append", refuse)
    assert (await bench.engine.run()).exit_code == 0
    assert refusals == 0
    assert replayed(bench).clips_made == 10


async def test_work_on_a_source_that_is_gone_waits_until_it_is_back(
    ledger_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_gen.engine.scheduling.source_waits.LOOK_FOR_SOURCES_SECONDS", 0.01)
    share = tmp_path / "share"

    def act(clip: Clip) -> Iterable[Report]:
        if clip.source == "a" and not share.exists():
            message = "share is missing"
            raise SourceUnreachableError(message, str(share))
        return make(clip)

    bench = Bench(ToyStage({"a": 10, "b": 10}, act), ledger_path)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.phase == "waiting")
    assert bench.state.reason == "share is missing"
    assert bench.state.sources["a"].phase == "unreachable"
    assert bench.state.categories["all"].images == 10
    share.mkdir()
    assert (await run).exit_code == 0
    assert bench.state.clips_failed == 0
    assert bench.state.categories["all"].images == 20


async def test_a_run_that_waits_for_sources_can_be_ended(ledger_path: Path, tmp_path: Path) -> None:
    def act(_clip: Clip) -> Iterable[Report]:
        message = "share is missing"
        raise SourceUnreachableError(message, str(tmp_path / "share"))

    bench = Bench(ToyStage({"a": 10}, act), ledger_path)
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: bench.state.phase == "waiting")
    await bench.steering.steer(do.Drain())
    assert (await run).exit_code == 4


async def test_a_source_that_changed_is_set_aside_until_the_next_run(ledger_path: Path) -> None:
    def act(clip: Clip) -> Iterable[Report]:
        if clip == Clip("a", 5):
            message = "the file changed"
            raise SourceChangedError(message)
        return make(clip)

    bench = Bench(ToyStage({"a": 10, "b": 10}, act), ledger_path, options=Options(workers=1))
    assert (await bench.engine.run()).exit_code == 3
    assert bench.state.sources["a"].quarantined == "the file changed"
    assert bench.state.clips_failed == 0
    assert bench.state.categories["all"].images == 15


async def test_only_the_named_sources_are_worked_on(ledger_path: Path) -> None:
    options = Options(workers=2, only=frozenset({"b"}))
    bench = Bench(ToyStage({"a": 5, "b": 6}), ledger_path, options=options)
    assert (await bench.engine.run()).exit_code == 0
    assert {clip.source for clip in bench.stage.performed} == {"b"}


async def test_a_lower_priority_number_comes_first(ledger_path: Path) -> None:
    bench = Bench(ToyStage({"a": 8, "b": 8, "c": 8}), ledger_path, options=Options(workers=1))
    run = asyncio.create_task(bench.engine.run())
    await bench.until(lambda: len(bench.stage.performed) >= 1)
    await bench.steering.steer(do.SetPriority("c", 0))
    await run
    order = [clip.source for clip in bench.stage.performed]
    assert order.index("c") < order.index("b")
    assert replayed(bench).records["c"].priority == 0
