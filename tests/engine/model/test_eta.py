"""The time left right after a resume is near the truth, whatever stood in between."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model import eta
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import CategoryPlan, Clip, Made, Patch, Plan, SourcePlan
from tui_gen.engine.storage.ledger_codec import decode, encode

CLIPS = 3000
MADE_BEFORE = CLIPS // 10
NEAR = 0.25
DAY = 86_400.0


def opened(at: float) -> Iterator[ev.Durable]:
    yield ev.RunStarted(at, "toy", {}, "c.json", "/out", 1, "host", "0")
    yield ev.PhaseChanged(at, "running")


def made(at: float, index: int) -> ev.ClipEnded:
    patch = Patch("all", 100, {"format": "toy"})
    return ev.ClipEnded(at, "extract", Made(Clip("a", index), (patch,), 1, 1.0))


def earlier_runs(
    seconds_a_clip: float, stops: set[int], pauses: set[int], chance: random.Random
) -> list[ev.Durable]:
    """Return the events of the runs that made the first tenth, stopped and paused on the way."""
    at = 1e9
    events = list(opened(at))
    for index in range(MADE_BEFORE):
        if index in pauses:
            events.append(ev.PhaseChanged(at, "paused"))
            at += chance.uniform(60.0, DAY)
            events.append(ev.PhaseChanged(at, "running"))
        if index in stops:  # killed: nothing tells of the end
            at += chance.uniform(60.0, 5 * DAY)
            events += opened(at)
        at += seconds_a_clip * chance.uniform(0.4, 1.6)
        events.append(made(at, index))
    return events


@given(
    seconds_a_clip=st.floats(0.05, 30.0),
    stops=st.sets(st.integers(1, MADE_BEFORE - 1), max_size=5),
    pauses=st.sets(st.integers(1, MADE_BEFORE - 1), max_size=5),
    seed=st.integers(0, 10**6),
)
def test_the_time_left_after_a_resume_leaves_out_pauses_and_the_time_between_runs(
    seconds_a_clip: float, stops: set[int], pauses: set[int], seed: int
) -> None:
    chance = random.Random(seed)
    events = earlier_runs(seconds_a_clip, stops, pauses, chance)
    state = RunState()
    for event in events:
        state.apply(decode(encode(event)))
    now = events[-1].at + chance.uniform(60.0, 5 * DAY)
    left = CLIPS - MADE_BEFORE
    source = SourcePlan("a", "A", "/a", 255, (), 0, MADE_BEFORE, left)
    plan = Plan((source,), {"all": CategoryPlan(CLIPS, CLIPS, "All")})
    for event in opened(now):
        state.apply(event)
    state.apply(ev.StagePlanned(now, "extract", plan))
    for count in itertools.count():  # at once, and while the first clips of this run come in
        truth = (left - count) * seconds_a_clip
        shown = eta.seconds_left(state, now)
        assert shown is not None
        assert abs(shown - truth) <= NEAR * truth
        if count == 2 * eta.ENOUGH_CLIPS:
            break
        now += seconds_a_clip * chance.uniform(0.6, 1.4)
        state.apply(made(now, MADE_BEFORE + count))
