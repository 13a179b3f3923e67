"""Runs in every state that views tell apart, made of a few events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import (
    DATASET,
    CategoryPlan,
    Clip,
    Failed,
    Made,
    Patch,
    Plan,
    Rejected,
    SourcePlan,
)

NOW = 1_764_000_000.0
CLIPS = 40
PATCH_BYTES = 1_000_000
SOURCES = ("anna", "bert", "cleo", "dora")
FED = {"anna": ("general",), "bert": ("general", "space"), "cleo": ("space",), "dora": ("general",)}


def plan_of(given_up: Mapping[str, int] | None = None, *, made: Mapping[str, int] | None = None) -> Plan:
    """Plan `CLIPS` of each source; those in `given_up` keep what they have made and give nothing more."""
    wanted = {source: (given_up or {}).get(source, CLIPS) for source in SOURCES}
    sources = tuple(
        SourcePlan(
            source=source,
            name=source.capitalize(),
            path=f"/films/{source}.mkv",
            priority=255,
            units=(),
            key=source,
            clips_made=(made or {}).get(source, 0),
            clips_left=wanted[source] - (made or {}).get(source, 0),
            quotas=dict.fromkeys(FED[source], wanted[source]),
        )
        for source in SOURCES
    )
    planned = {
        name: sum(wanted[source] for source in SOURCES if name in FED[source])
        for name in ("general", "space")
    }
    return Plan(
        sources,
        {
            "general": CategoryPlan(3 * CLIPS + 5, planned["general"], "General"),
            "space": CategoryPlan(None, planned["space"], "Space"),
        },
    )


def clips(source: str, numbers: range, start: float, seconds: float = 20.0) -> Iterator[ev.Event]:
    """Make clips of a source, one every so many seconds."""
    for place, number in enumerate(numbers):
        patches = tuple(Patch(name, PATCH_BYTES, {"format": "small"}) for name in FED[source])
        made = Made(Clip(source, number), patches, 1 + number % 2, 1.0)
        yield ev.ClipEnded(start + seconds * place, "extract", made)


def at_work() -> Iterator[ev.Event]:
    """Work for an hour, after a run that was stopped: 70 clips of 160 are made, one was rejected."""
    first = NOW - 10_000
    yield ev.RunStarted(first, "superres", {"seed": 0}, "/etc/c.json", "/data", 1, "box", "1")
    yield ev.PhaseChanged(first, "running")
    yield from clips("anna", range(CLIPS), first)
    yield ev.RunEnded(first + 900, "stopped", 4)
    start = NOW - 3600
    yield ev.RunStarted(start, "superres", {"seed": 0}, "/etc/c.json", "/data", 2, "box", "1")
    yield ev.StagePlanned(start, "extract", plan_of(made={"anna": CLIPS}))
    yield ev.WorkersChanged(start, 2)
    yield ev.PhaseChanged(start, "running")
    yield from clips("bert", range(20), NOW - 1500, 60.0)
    yield from clips("cleo", range(10), NOW - 300, 20.0)
    yield ev.ClipEnded(NOW - 60, "extract", Rejected(Clip("bert", 20), "blank picture", 3, 2.0))
    yield ev.SlotOpened(NOW - 30, 1, "bert")
    yield ev.DiskMeasured(NOW - 2, 90_000_000, 400_000_000, 50_000_000)


def failed() -> Iterator[ev.Event]:
    """Clips of Cleo failed, for this run."""
    for number in (30, 31):
        failure = Failed(Clip("cleo", number), "ffmpeg was killed", 3, 9.0, "Killed")
        yield ev.ClipEnded(NOW - 20 + number / 10, "extract", failure)


def many_problems() -> Iterator[ev.Event]:
    """More problems than a status file lists."""
    for number in range(9):
        level = "error" if number % 3 == 0 else "warning"
        yield ev.ProblemNoted(NOW - 50 + number, level, f"problem {chr(97 + number)}", "dora")


def over_the_dataset() -> Iterator[ev.Event]:
    """Plan a stage that belongs to no video."""
    source = SourcePlan(DATASET, "the dataset", "", 255, (), "pack", clips_made=1, clips_left=4)
    yield ev.StagePlanned(NOW - 9, "pack", Plan((source,)))


def replanned(given_up: Mapping[str, int]) -> ev.StagePlanned:
    """Plan anew without the sources that give nothing more."""
    made = {"anna": CLIPS, "bert": 20, "cleo": 10}
    return ev.StagePlanned(NOW - 9, "extract", plan_of(given_up, made=made))


STATES: dict[str, Callable[[], Iterator[ev.Event]]] = {
    "normal": lambda: iter(()),
    "paused": lambda: iter([ev.PhaseChanged(NOW - 10, "paused")]),
    "quarantined": lambda: iter([ev.SourceQuarantined(NOW - 10, "dora", "killed five times in a row")]),
    "unreachable": lambda: iter([ev.SourceUnreachable(NOW - 10, "dora", "/films cannot be listed")]),
    "failed": failed,
    "skipped": lambda: iter([ev.SourceSkipped(NOW - 10, "dora"), replanned({"dora": 0})]),
    "unusable": lambda: iter(
        [ev.SourceFoundUnusable(NOW - 10, "extract", "dora", "encrypted"), replanned({"dora": 0})]
    ),
    "missing": lambda: iter(
        [ev.SourceMissing(NOW - 10, "dora", "Dora", "/films/dora.mkv"), replanned({"dora": 0})]
    ),
    "many problems": many_problems,
    "a stage over the dataset": over_the_dataset,
    "limit": lambda: iter(
        [ev.SlotClosed(NOW - 1, 1), ev.RunEnded(NOW - 1, "stopped", 0, "the limit of clips was reached")]
    ),
    "finished with gaps": lambda: iter(
        [
            ev.SourceQuarantined(NOW - 10, "dora", "killed five times in a row"),
            *clips("bert", range(21, 41), NOW - 9, 0.1),
            *clips("cleo", range(10, CLIPS), NOW - 6, 0.1),
            ev.SlotClosed(NOW - 2, 1),
            ev.RunEnded(NOW - 1, "finished", 3),
        ]
    ),
    "finished": lambda: iter(
        [
            *clips("bert", range(21, 41), NOW - 9, 0.1),
            *clips("cleo", range(10, CLIPS), NOW - 6, 0.1),
            *clips("dora", range(CLIPS), NOW - 3, 0.01),
            ev.SlotClosed(NOW - 2, 1),
            ev.RunEnded(NOW - 1, "finished", 3),
        ]
    ),
}


def state_of(name: str) -> RunState:
    """Return a run in a state."""
    state = RunState()
    if name == "before the plan":
        before(state)
        return state
    for event in (*at_work(), *STATES[name]()):
        state.apply(event)
    return state


def before(state: RunState) -> None:
    """Begin a second run, whose films are looked at first."""
    for event in at_work():
        if isinstance(event, ev.StagePlanned):
            looked_at = tuple(
                replace(plan, clips_made=0, clips_left=0, quotas={}) for plan in event.plan.sources
            )
            state.apply(ev.StagePlanned(event.at, "probe", Plan(looked_at)))
            state.apply(ev.PhaseChanged(event.at, "running"))
            return
        state.apply(event)


NAMES = (*STATES, "before the plan")
