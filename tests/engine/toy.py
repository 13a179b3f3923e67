"""A job without pixels: sources give numbered clips to one category, as told by a script.

Sets of clips are integers used as bit sets, as in the engine: a plan of 500 films stays cheap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import (
    CategoryPlan,
    Clip,
    Doing,
    JsonObject,
    Made,
    Patch,
    Plan,
    Report,
    SourcePlan,
    StageDefaults,
    Unit,
)
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.scheduling.scheduler import Scheduler
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.processes.machine_memory import Memory

STRETCH = 4


@dataclass(frozen=True, slots=True)
class ToyUnit:
    """A few clips of one source."""

    source: str
    clips: tuple[Clip, ...]

    def without(self, done: Collection[Clip]) -> ToyUnit | None:
        left = tuple(clip for clip in self.clips if clip not in done)
        return replace(self, clips=left) if left else None


@dataclass(frozen=True, slots=True)
class ToyUnits:
    """Re-iterable, as the engine asks for."""

    source: str
    left: int
    stretch: int

    def __iter__(self) -> Iterator[Unit]:
        clips = (Clip(self.source, k) for k in range(self.left.bit_length()) if self.left >> k & 1)
        while chunk := tuple(islice(clips, self.stretch)):
            yield ToyUnit(self.source, chunk)


Act = Callable[[Clip], Iterable[Report]]


def make(clip: Clip) -> list[Report]:
    return [Doing(clip, "making"), Made(clip, (Patch("all", 10, {"format": "toy"}),), 1, 0.5)]


def first(quota: int, rejected: int, capacity: int) -> int:
    """Return the first clips that are not rejected, so many if there are."""
    end = min(quota, capacity)
    while (wanted := min(capacity, quota + (rejected & all_below(end)).bit_count())) > end:
        end = wanted
    return all_below(end) & ~rejected


def all_below(end: int) -> int:
    return (1 << end) - 1


@dataclass
class ToyStage(StageDefaults):
    """Wants `quota` clips of each source; what a clip gives is decided by `act`."""

    quotas: Mapping[str, int]
    act: Act = make
    name: str = "toy"
    is_discovery: bool = False
    capacity: int = 1000
    step: Callable[[], object] | None = None
    stretch: int = STRETCH
    performed: deque[Clip] = field(default_factory=deque)
    handed_out: list[int] = field(default_factory=list)  # clips of each unit
    opened: int = 0
    closed: int = 0

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        plans = tuple(self._plan_one(name, records.get(name) or SourceRecord()) for name in self.quotas)
        planned = sum(plan.quotas["all"] for plan in plans)
        return Plan(plans, {"all": CategoryPlan(sum(self.quotas.values()), planned, "All")})

    def _plan_one(self, source: str, record: SourceRecord) -> SourcePlan:
        dropped = record.skipped or record.unusable is not None
        made = record.stage(self.name).made.get("all", 0)
        wanted = (
            made if dropped else first(self.quotas[source], record.stage(self.name).rejected, self.capacity)
        )
        left, quota = wanted & ~made, wanted.bit_count()
        return SourcePlan(
            source=source,
            name=f"The {source}",
            path=f"/films/{source}.mkv",
            priority=record.priority if record.priority is not None else 255,
            units=ToyUnits(source, left, self.stretch),
            key=(quota, record.stage(self.name).rejected, dropped),
            clips_made=made.bit_count(),
            clips_left=left.bit_count(),
            quotas={"all": quota},
        )

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        self.opened += 1
        self.handed_out.append(len(unit.clips))
        try:
            for clip in unit.clips:
                await asyncio.sleep(0)
                for report in self.act(clip):
                    if not isinstance(report, Doing):
                        self.performed.append(clip)
                    yield report
                    await asyncio.sleep(0)
        finally:
            self.closed += 1


@dataclass(frozen=True)
class ToyJob:
    stages: tuple[ToyStage, ...]
    name: str = "toy"
    recipe: JsonObject = field(default_factory=dict)
    legacy_recipe: JsonObject = field(default_factory=dict)


ROOMY = Machine(cores=256, memory=lambda: Memory(64 * 10**9, 64 * 10**9))
"""A machine on which all workers of a test begin at once."""


@dataclass
class Bench:
    """An engine on a toy job, with a ledger in a temporary folder."""

    stage: ToyStage
    ledger_path: Path
    state: RunState = field(default_factory=RunState)
    options: Options = field(default_factory=lambda: Options(workers=4))
    executor: Executor = field(default_factory=LocalExecutor)
    ticks: int = 0
    keeps_rules: bool = True  # False where a test breaks those of stages or of the ledger on purpose
    all_made: ClassVar[list[Bench]] = []

    def __post_init__(self) -> None:
        Bench.all_made.append(self)
        if self.options.machine == Machine():
            self.options = replace(self.options, machine=ROOMY)
        self.ledger = Ledger(self.ledger_path)
        self.recorder = Recorder(self.ledger, self.state, self.clock)
        self.engine = Scheduler(
            job=ToyJob((self.stage,)),
            recorder=self.recorder,
            executor=self.executor,
            options=self.options,
        )
        self.steering = Steering(self.engine, self.recorder)

    def clock(self) -> float:
        self.ticks += 1
        return 1000.0 + self.ticks / 100

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0)
