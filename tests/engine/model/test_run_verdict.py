"""The verdict on a run: the most important fact first, and nothing that chance explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.views.states import CLIPS, NOW, at_work, clips, replanned, state_of
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.run_verdict import EngineSigns, RunVerdict, run_verdict
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import DATASET, Clip, Failed, Made, Patch, Rejected

GB = 10**9
LOW = ev.DiskMeasured(NOW, 40_000_000, 400_000_000, 50_000_000)
ROOMY = ev.DiskMeasured(NOW, 90 * GB, 400 * GB, 50_000_000)
AWAY = ev.SourceUnreachable(NOW, "dora", "/films cannot be listed")
WAITS = ev.PhaseChanged(NOW, "waiting", "/films cannot be listed")
PAUSED = ev.PhaseChanged(NOW, "paused")
ERROR = ev.ProblemNoted(NOW, "error", "something broke", "anna")


def rejected(source: str, number: int, at: float, reason: str = "damaged data: 3 errors") -> ev.ClipEnded:
    return ev.ClipEnded(at, "extract", Rejected(Clip(source, number), reason, 3, 9.0))


def damaged(source: str, many: int = 24, seconds: float = 10.0, first: int = 500) -> Iterator[ev.Event]:
    """Clips that give nothing, one after another from NOW on."""
    for place in range(many):
        yield rejected(source, first + place, NOW + seconds * place)


def slot_of(number: int, source: str) -> ev.SlotOpened:
    return ev.SlotOpened(NOW - 700, number, source)


def run_of(*events: ev.Event, shortfall: bool = False) -> RunState:
    """Return a run at work with as much disk as it needs, and then these events."""
    state = RunState()
    for event in (*at_work(), ROOMY):
        state.apply(event)
    if not shortfall:
        state.categories["general"].target = None
    for event in events:
        state.apply(event)
    return state


def verdict_of(state: RunState, now: float = NOW, engine: EngineSigns | None = None) -> RunVerdict:
    now = max(now, state.last_at)
    return run_verdict(state, metrics_of(state, now), now, engine or EngineSigns())


RISING: list[tuple[str, tuple[ev.Event, ...]]] = [
    ("errors", (ERROR,)),
    ("paused", (PAUSED,)),
    ("failing", (*damaged("cleo", 24), slot_of(2, "cleo"))),
    ("stalled", (*damaged("cleo"), *damaged("bert"), slot_of(3, "cleo"))),
    ("unreachable", (AWAY, WAITS)),
    ("disk", (LOW,)),
]
"""Each fact is more important than those before it."""


@pytest.mark.parametrize("place", range(len(RISING)), ids=[kind for kind, _ in RISING])
def test_the_most_important_fact_is_the_verdict(place: int) -> None:
    events = [each for _, events in RISING[: place + 1] for each in events]
    if place > 1:  # a run that is paused cannot stall
        events.remove(PAUSED)
    assert verdict_of(run_of(*events)).kind == RISING[place][0]
    assert verdict_of(run_of(*events, shortfall=True)).kind == (RISING[place][0] if place else "targets")


def test_an_engine_that_is_gone_precedes_all_and_a_silent_one_what_it_said_last() -> None:
    state = run_of(LOW)
    gone = verdict_of(state, engine=EngineSigns(is_gone=True))
    assert (gone.kind, gone.text()) == (
        "dead",
        "The engine is gone; what it finished is safe. a starts it again",
    )
    silent = verdict_of(state, engine=EngineSigns(silent_seconds=45.0))
    assert silent.text() == "No sign of the engine for 45s. The numbers are of that time"


def test_a_run_that_is_well_is_said_to_be_well() -> None:
    assert verdict_of(run_of()).text() == "All well"


def test_a_source_whose_clips_give_nothing_is_named_with_what_skipping_it_costs() -> None:
    state = run_of(*damaged("cleo"))
    verdict = verdict_of(state)
    assert verdict.text() == (
        "Cleo: last 24 clips: damaged data, 0 patches for 3 min. s skips it, costs 30 images"
    )
    assert (verdict.kind, verdict.source, verdict.action) == ("failing", "cleo", "skip")
    assert verdict.text("f5").endswith("f5 skips it, costs 30 images")


def test_a_clip_that_gives_something_ends_the_streak_and_so_do_a_retry_and_a_new_run() -> None:
    state = run_of(*damaged("cleo"))
    made = Made(Clip("cleo", 900), (Patch("space", 1, {}),), 1, 1.0)
    for event in (
        ev.ClipEnded(NOW, "extract", made),
        ev.SourceRetried(NOW, "cleo"),
        ev.RunStarted(NOW, "superres", {}, "/etc/c.json", "/data", 3, "box", "1"),
    ):
        other = run_of(*damaged("cleo"))
        other.apply(event)
        assert other.sources["cleo"].streak.clips == 0
    assert state.sources["cleo"].streak.clips == 24


def test_a_clip_that_was_made_without_a_patch_gave_nothing() -> None:
    empty = Made(Clip("cleo", 901), (), 1, 1.0, rejected=(("space", "too dark"),))
    state = run_of(ev.ClipEnded(NOW, "extract", empty))
    assert state.sources["cleo"].streak.reasons == {"too dark": 1}


def test_a_short_streak_is_no_sign_and_a_long_one_is_none_where_most_clips_give_nothing() -> None:
    assert verdict_of(run_of(*damaged("cleo", 11))).kind == "well"
    picky = run_of(*damaged("bert", 200, 0.5, first=1000), *clips("bert", range(20, 23), NOW))
    assert picky.sources["bert"].success_rate is not None
    assert picky.sources["bert"].success_rate < 0.2
    for event in damaged("bert", 40, 0.5, first=3000):
        picky.apply(event)
    assert verdict_of(picky).kind == "well"


def test_several_reasons_are_not_one() -> None:
    state = run_of(*damaged("cleo", 20), rejected("cleo", 700, NOW, "blank picture"))
    assert "last 21 clips: mostly damaged data, 0 patches" in verdict_of(state).text()


def test_what_has_failed_is_no_failing_source_any_more() -> None:
    state = run_of(*damaged("cleo"), ev.SourceQuarantined(NOW, "cleo", "five times"))
    assert verdict_of(state).kind == "errors"


def test_clips_that_end_while_nothing_comes_of_any_source_are_a_stall() -> None:
    state = run_of(*damaged("cleo", 20), *damaged("bert", 20), slot_of(2, "cleo"))
    verdict = verdict_of(state)
    assert re.fullmatch(
        r"Stalled: last 41 clips: mostly damaged data, 0 patches for \d min\. 6 lists the problems",
        verdict.text(),
    )


@pytest.mark.parametrize(("minutes", "kind"), [(20, "well"), (30, "stalled")])
def test_no_clip_for_long_is_a_stall_while_workers_work(minutes: int, kind: str) -> None:
    verdict = verdict_of(run_of(), NOW + 60.0 * minutes)
    assert verdict.kind == kind
    if kind == "stalled":
        assert verdict.text() == "Stalled: no clip ended for 31 min, with 1 worker. l shows the log"


def test_neither_a_pause_nor_a_stage_over_the_dataset_nor_no_worker_is_a_stall() -> None:
    later = NOW + 7200.0
    assert verdict_of(run_of(PAUSED), later).kind == "paused"
    assert verdict_of(run_of(ev.SlotClosed(NOW, 1)), later).kind == "well"
    on_the_dataset = run_of(ev.SlotClosed(NOW, 1), ev.SlotOpened(NOW, 1, DATASET))
    assert verdict_of(on_the_dataset, later).kind == "well"


def test_a_pause_does_not_count_as_time_without_a_patch() -> None:
    state = run_of(
        *damaged("cleo"), ev.PhaseChanged(NOW + 230, "paused"), ev.PhaseChanged(NOW + 3600, "running")
    )
    assert "0 patches for 3 min" in verdict_of(state, NOW + 3600).text()


def test_a_disk_that_is_full_soon_is_as_urgent_as_a_low_one_and_one_full_later_is_not() -> None:
    soon = run_of(ev.DiskMeasured(NOW, 60_000_000, 400_000_000, 50_000_000), *damaged("cleo"))
    assert verdict_of(soon).kind == "disk"
    assert verdict_of(soon).text().startswith("The disk will be full ")
    later = run_of(ev.DiskMeasured(NOW, 145_000_000, 400_000_000, 50_000_000), shortfall=True)
    assert verdict_of(later).kind == "disk later"
    for event in damaged("cleo"):
        later.apply(event)
    assert verdict_of(later).kind == "failing"


def test_targets_that_will_be_missed_are_counted() -> None:
    state = run_of(replanned({"dora": 0}), shortfall=True)
    assert verdict_of(state).text() == "GENERAL misses its target by 45 images. 1 shows the categories"


def test_before_the_plan_it_says_that_there_is_none() -> None:
    assert verdict_of(state_of("before the plan")).text() == "Looking at the videos, no plan yet"


def test_the_end_is_told_with_its_gaps() -> None:
    assert verdict_of(state_of("finished with gaps")).text() == (
        "Finished with gaps: GENERAL misses its target by 5 images, 1 video left out. a starts it again"
    )
    done = run_of(*clips("dora", range(CLIPS), NOW), ev.RunEnded(NOW, "finished", 0))
    assert verdict_of(done).level == "good"
    failed = run_of(ev.RunEnded(NOW, "failed", 70, "an internal error; see engine.log"))
    assert verdict_of(failed).level == "error"


def test_failed_clips_of_many_kinds_count_too() -> None:
    failures = [
        ev.ClipEnded(NOW - 5, "extract", Failed(Clip("cleo", 800 + n), f"killed {n}", 3, 9.0))
        for n in range(14)
    ]
    state = run_of(*failures)
    assert verdict_of(state).kind == "failing"
