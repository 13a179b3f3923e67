"""A job without pixels: sources give numbered clips to categories, as told by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_gen.engine.engine import Engine, Options
from tui_gen.engine.executors import LocalExecutor
from tui_gen.engine.ledger import Ledger
from tui_gen.engine.recorder import Recorder
from tui_gen.engine.state import RunState
from tui_gen.engine.steering import Steering
from tui_gen.engine.work import (
    CategoryPlan,
    Clip,
    Doing,
    JsonObject,
    Made,
    Patch,
    Plan,
    Report,
    SourcePlan,
    SourceRecord,
    Unit,
)

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
    indexes: tuple[int, ...]

    def __iter__(self) -> Iterator[Unit]:
        for start in range(0, len(self.indexes), STRETCH):
            chunk = self.indexes[start : start + STRETCH]
            yield ToyUnit(self.source, tuple(Clip(self.source, k) for k in chunk))


Act = Callable[[Clip], Iterable[Report]]


def make(clip: Clip) -> list[Report]:
    return [Doing(clip, "making"), Made(clip, (Patch("all", 10, {"format": "toy"}),), 1, 0.5)]


@dataclass
class ToyStage:
    """Wants `quota` clips of each source; what a clip gives is decided by `act`."""

    quotas: Mapping[str, int]
    act: Act = make
    name: str = "toy"
    capacity: int = 1000
    step: Callable[[], object] | None = None
    performed: list[Clip] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        plans = tuple(self._plan_one(name, records.get(name) or SourceRecord()) for name in self.quotas)
        planned = sum(plan.quotas["all"] for plan in plans)
        return Plan(plans, {"all": CategoryPlan(sum(self.quotas.values()), planned, "All")})

    def _plan_one(self, source: str, record: SourceRecord) -> SourcePlan:
        dropped = record.skipped or record.unusable is not None
        made = record.made.get("all", 0)
        usable = [k for k in range(self.capacity) if not (record.rejected >> k) & 1]
        quota = made.bit_count() if dropped else min(self.quotas[source], len(usable))
        left = tuple(k for k in usable[:quota] if not (made >> k) & 1) if not dropped else ()
        return SourcePlan(
            source=source,
            name=f"The {source}",
            path=f"/films/{source}.mkv",
            priority=record.priority if record.priority is not None else 255,
            units=ToyUnits(source, left),
            key=(quota, record.rejected, dropped),
            clips_made=made.bit_count(),
            clips_left=len(left),
            quotas={"all": quota},
        )

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        self.opened += 1
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


@dataclass
class Bench:
    """An engine on a toy job, with a ledger in a temporary folder."""

    stage: ToyStage
    ledger_path: Path
    state: RunState = field(default_factory=RunState)
    options: Options = field(default_factory=lambda: Options(workers=4))
    ticks: int = 0

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.ledger_path)
        self.recorder = Recorder(self.ledger, self.state, self.clock)
        self.engine = Engine(
            job=ToyJob((self.stage,)),
            recorder=self.recorder,
            executor=LocalExecutor(),
            options=self.options,
        )
        self.steering = Steering(self.engine, self.recorder)

    def clock(self) -> float:
        self.ticks += 1
        return 1000.0 + self.ticks / 100

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0)
