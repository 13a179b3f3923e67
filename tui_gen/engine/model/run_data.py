"""The data of a run, and values that follow from them directly. `RunState` in state.py changes the data."""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Self

from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.making_time import MakingTime
from tui_gen.engine.model.problems import Problem
from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.engine.model.state_views import CategoryState, Minute, Phase, Recent, SlotState, SourceState
from tui_gen.engine.model.streaks import NO_STREAK, Streak
from tui_gen.engine.model.work import DATASET

RECENT_KEPT = 1000
MESSAGES_KEPT = 200
MINUTES_KEPT = 180
_LEGACY_STAGES = frozenset({"", "split"})
"""The stage in ledger lines of programs with only one making stage: missing, or that of a moved patch."""


@dataclass(slots=True)
class RunData:
    """All data of a run. `records` is the input of plans; the rest is for views."""

    phase: Phase = "starting"
    reason: str = ""
    job: str = ""
    nouns: Nouns = USUAL_NOUNS
    config: str = ""
    output: str = ""
    pid: int = 0
    host: str = ""
    version: str = ""
    recipe: dict[str, object] = field(default_factory=dict)
    started_at: float | None = None  # of this run
    first_started_at: float | None = None  # of the first run of this folder
    last_at: float = 0.0
    exit_code: int | None = None
    is_paused: bool = False
    # Seconds of work up to `active_since`, without pauses, waits and the time between runs.
    active_seconds: float = 0.0
    active_since: float | None = None
    making: MakingTime = field(default_factory=MakingTime)
    rested_since: float | None = None  # since when this run pauses or waits
    worked_until: float = 0.0  # the last sign of an engine at work
    clips_before: int = 0  # ended in earlier runs
    made_before: int = 0  # made in earlier runs
    active_seconds_before: float = 0.0  # in earlier runs
    stage: str = ""  # the first of the planned stages with work left, else the last
    named_stage: str = ""  # the stage, if screens name it
    workers_target: int = 0
    workers_held: ev.WorkersHeld | None = None
    worker_memory: ev.WorkersMeasured | None = None
    schedule: ev.ScheduleApplied | None = None
    slots: dict[int, SlotState] = field(default_factory=dict)
    machines: dict[str, MachineState] = field(default_factory=dict)  # of a cluster, by name
    sources: dict[str, SourceState] = field(default_factory=dict)
    categories: dict[str, CategoryState] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)  # oldest first
    problems_dropped: dict[str, int] = field(default_factory=dict)  # by level: those not kept in `problems`
    warnings: tuple[str, ...] = ()  # of the current plan
    clips_made: int = 0
    clips_rejected: int = 0
    clips_failed: int = 0  # in this run
    clips_retried: int = 0
    attempts: int = 0
    streak: Streak = NO_STREAK  # of all sources, in this run
    last_end_seconds: float = 0.0  # at which second of work a clip ended last, or the run began
    minutes: deque[Minute] = field(default_factory=lambda: deque(maxlen=MINUTES_KEPT))
    disk: ev.DiskMeasured | None = None
    system: ev.SystemMeasured | None = None
    recent: deque[tuple[int, Recent]] = field(default_factory=lambda: deque(maxlen=RECENT_KEPT))
    # Of these, the newest that tell of problems: clips do not displace them.
    messages: deque[tuple[int, Recent]] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))
    recent_count: int = 0  # number of entries ever appended to `recent`; each has its number
    newest_patch: dict[str, object] | None = None  # the ledger entry of the newest patch, for the preview
    records: dict[str, SourceRecord] = field(default_factory=dict)
    making_stage: str = ""  # the latest stage that made a clip
    stage_starts: dict[str, ev.StageStarted] = field(default_factory=dict)  # the latest of each stage
    # Stage -> whether screens name it, of the stages planned in this run, in the order of their first plans.
    stages_planned: dict[str, bool] = field(default_factory=dict)

    # ------------------------------------------------------------------ reading

    @property
    def clips_ended(self) -> int:
        """Clips with an outcome, over all runs; failed ones of this run only."""
        return self.clips_made + self.clips_rejected + self.clips_failed

    @property
    def workers_allowed(self) -> int:
        """The requested number of workers, or fewer while there may be no more."""
        held, target = self.workers_held, self.workers_target
        return min(target, held.allowed) if held is not None and held.reason else target

    @property
    def success_rate(self) -> float | None:
        """Share of the ended clips that were made; None before the first."""
        return self.clips_made / self.clips_ended if self.clips_ended else None

    @property
    def retry_rate(self) -> float | None:
        """Share of the ended clips that took more than one attempt."""
        return self.clips_retried / self.clips_ended if self.clips_ended else None

    @property
    def average_attempts(self) -> float | None:
        """Attempts per clip."""
        return self.attempts / self.clips_ended if self.clips_ended else None

    def elapsed_seconds(self, now: float) -> float:
        """Return the seconds of work up to `now`, over all runs, without pauses and waits."""
        running = max(0.0, now - self.active_since) if self.active_since is not None else 0.0
        return self.active_seconds + running

    def record(self, source: str) -> SourceRecord:
        """Return the record of a source; the first call makes the record."""
        found = self.records.get(source)
        if found is None:
            found = self.records[source] = SourceRecord()
        return found

    def see(self, source: str, name: str = "", path: str = "") -> SourceState:
        """Return a source, with the given name and path; the first call makes the source."""
        found = self.sources.get(source)
        if found is None:
            found = self.sources[source] = SourceState(source, name or source, path)
            found.is_dataset = source == DATASET
        elif name:
            found.name, found.path = name, path
        return found

    def machine(self, name: str) -> MachineState:
        """Return a machine; the first call makes the machine."""
        found = self.machines.get(name)
        if found is None:
            found = self.machines[name] = MachineState(name)
        return found

    def category(self, name: str) -> CategoryState:
        """Return a category; the first call makes the category."""
        found = self.categories.get(name)
        if found is None:
            found = self.categories[name] = CategoryState(name)
        return found

    def stage_record(self, source: str, stage: str) -> StageRecord:
        """Return the record of a stage of a ledger line; the first call makes the record."""
        return self.record(source).kept_stage(self.stage_of(stage))

    def stage_of(self, stage: str) -> str:
        """Return the stage of a ledger line; older programs had only one making stage."""
        return self.making_stage if stage in _LEGACY_STAGES else stage

    def copy(self) -> Self:
        """Return a copy that later events do not change.

        It lacks the data that only plans need: `records`, `stage_starts` and the progress by stage.
        """
        picture = replace(
            self,
            slots={number: copy(slot) for number, slot in self.slots.items()},
            machines={name: machine.copy() for name, machine in self.machines.items()},
            sources={name: copy(source) for name, source in self.sources.items()},
            categories={name: copy(category) for name, category in self.categories.items()},
            problems=[copy(problem) for problem in self.problems],
            problems_dropped=dict(self.problems_dropped),
            minutes=self.minutes.copy(),
            recent=self.recent.copy(),
            messages=self.messages.copy(),
            records={},
            stage_starts={},
            stages_planned={},
        )
        for source in picture.sources.values():
            source.images, source.progress = dict(source.images), {}
        if picture.minutes:  # only the last minute can still change
            picture.minutes.append(copy(picture.minutes.pop()))
        return picture
