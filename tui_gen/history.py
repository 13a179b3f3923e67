"""What a run's ledger tells beyond where things stand: when what was made, by which run, and why not.

A fold over the same events as `RunState`; times are seconds of work, so that pauses, waits and the
nights between runs are in no rate.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

from tui_gen.engine import events as ev
from tui_gen.engine.ledger import read_events
from tui_gen.engine.session import LEDGER_NAME
from tui_gen.engine.state import RunState
from tui_gen.engine.work import Failed, Made, Outcome

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Run:
    """One engine's time on the folder."""

    started_at: float
    last_at: float
    began: float  # in seconds of work over all runs
    clips: int = 0
    result: str = ""  # empty where its end was never written: killed, or still at work
    exit_code: int | None = None
    host: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """What a stretch of working time gave."""

    start: float  # seconds of work
    end: float
    patches: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Additions:
    """When patches came and went, in order: as arrays, because there may be a million."""

    times: array[float] = field(default_factory=lambda: array("d"))  # seconds of work
    categories: array[int] = field(default_factory=lambda: array("H"))
    patches: array[int] = field(default_factory=lambda: array("q"))  # below zero where some were lost
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def append(self, at: float, category: int, patches: int, size_bytes: int) -> None:
        """Add one."""
        self.times.append(at)
        self.categories.append(category)
        self.patches.append(patches)
        self.sizes.append(size_bytes)


@dataclass(frozen=True, slots=True)
class History:
    """A whole ledger in time."""

    runs: tuple[Run, ...]
    work_seconds: float
    categories: tuple[str, ...]  # in the order of their first patch
    formats: Mapping[str, Counter[str]]  # category -> format -> patches
    source_seconds: Mapping[str, float]  # what the ended clips of a source took
    reasons: Counter[tuple[str, str]]  # (outcome, reason without its numbers); failures of all runs
    additions: Additions

    def bins(self, most: int) -> list[Bin]:
        """Return what was made in equal stretches of the working time, so many at most."""
        ends, place_of = self._stretches(most)
        patches, sizes = [0] * len(ends), [0] * len(ends)
        added = self.additions
        for at, number, size_bytes in zip(added.times, added.patches, added.sizes, strict=True):
            if number > 0:
                patches[place_of(at)] += number
                sizes[place_of(at)] += size_bytes
        starts = [0.0, *ends]
        return [Bin(starts[place], end, patches[place], sizes[place]) for place, end in enumerate(ends)]

    def growth(self, most: int) -> dict[str, list[tuple[float, int]]]:
        """Return category -> (seconds of work, patches there were then), so many points at most."""
        ends, place_of = self._stretches(most)
        made = [[0] * len(ends) for _ in self.categories]
        added = self.additions
        for at, category, number in zip(added.times, added.categories, added.patches, strict=True):
            made[category][place_of(at)] += number
        return {
            name: [(0.0, 0), *zip(ends, accumulate(made[number]), strict=True)]
            for number, name in enumerate(self.categories)
        }

    def _stretches(self, most: int) -> tuple[list[float], _PlaceOf]:
        width = max(1.0, -(-self.work_seconds // most))
        count = max(1, int(-(-self.work_seconds // width)))
        ends = [min(self.work_seconds, width * (place + 1)) for place in range(count)]
        return ends, _PlaceOf(width, count)


@dataclass(frozen=True, slots=True)
class _PlaceOf:
    """Tells in which of `count` stretches a time lies."""

    width: float
    count: int

    def __call__(self, at: float) -> int:
        return min(int(at / self.width), self.count - 1)


def replay_history(run_folder: Path) -> tuple[RunState, History, list[str]]:
    """Return the state and the history that a ledger adds up to, and what was damaged in it."""
    damage: list[str] = []
    state, history = history_of(read_events(run_folder / LEDGER_NAME, on_damage=damage))
    return state, history, damage


def history_of(events: Iterable[ev.Durable]) -> tuple[RunState, History]:
    """Return the state and the history that events add up to."""
    state, fold = RunState(), _Fold()
    for event in events:
        already = _made_already(event, state)
        state.apply(event)
        fold.take(event, state.elapsed_seconds(event.at), already)
    return state, fold.history()


def _made_already(event: ev.Durable, state: RunState) -> frozenset[str]:
    """Return the categories of a clip that have its patch: what is made again counts once."""
    if not isinstance(event, ev.ClipEnded) or not isinstance(event.outcome, Made):
        return frozenset()
    clip = event.outcome.clip
    record = state.records.get(clip.source)
    made = record.made if record else {}
    return frozenset(name for name, bits in made.items() if bits >> clip.index & 1)


class _Fold:
    """A history in the making."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._elapsed, self._last_at, self._clips = 0.0, 0.0, 0
        self._categories: dict[str, int] = {}
        self._formats: dict[str, Counter[str]] = defaultdict(Counter)
        self._source_seconds: dict[str, float] = defaultdict(float)
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._additions = Additions()

    def take(self, event: ev.Durable, elapsed_seconds: float, already: frozenset[str]) -> None:
        self._elapsed = max(self._elapsed, elapsed_seconds)
        self._last_at = max(self._last_at, event.at)
        if isinstance(event, ev.ClipEnded):
            self._clips += 1
            self._take_outcome(event.outcome, already)
        elif isinstance(event, ev.RunStarted):
            self._close_run()
            self._last_at, self._clips = event.at, 0
            run = Run(event.at, event.at, self._elapsed, host=event.host, version=event.version)
            self._runs.append(run)
        elif isinstance(event, ev.RunEnded) and self._runs:
            self._runs[-1] = replace(self._runs[-1], result=event.result, exit_code=event.exit_code)
        elif isinstance(event, ev.PatchesLost):
            number = self._number_of(event.category)
            self._additions.append(self._elapsed, number, -len(set(event.clips)), -event.size_bytes)

    def _close_run(self) -> None:
        """Write down of the last run what every event of it changes."""
        if self._runs:
            self._runs[-1] = replace(self._runs[-1], last_at=self._last_at, clips=self._clips)

    def _take_outcome(self, outcome: Outcome, already: frozenset[str]) -> None:
        self._source_seconds[outcome.clip.source] += outcome.seconds
        if not isinstance(outcome, Made):
            kind = "failed" if isinstance(outcome, Failed) else "rejected"
            self._reasons[kind, _without_numbers(outcome.reason)] += 1
            return
        for _, reason in outcome.rejected:
            self._reasons["rejected", _without_numbers(reason)] += 1
        for patch in outcome.patches:
            if patch.category not in already:
                self._formats[patch.category][str(patch.record.get("format", "?"))] += 1
                self._additions.append(self._elapsed, self._number_of(patch.category), 1, patch.size_bytes)

    def _number_of(self, category: str) -> int:
        return self._categories.setdefault(category, len(self._categories))

    def history(self) -> History:
        self._close_run()
        return History(
            runs=tuple(self._runs),
            work_seconds=self._elapsed,
            categories=tuple(self._categories),
            formats=self._formats,
            source_seconds=self._source_seconds,
            reasons=self._reasons,
            additions=self._additions,
        )


def _without_numbers(reason: str) -> str:
    """Return a reason that is the same for all clips it holds for: "difference 46.1" is one of many."""
    return _NUMBER.sub("N", reason)
