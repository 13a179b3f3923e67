"""The view that the panes show: state of the run, time, engine, and the condition of the run in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tui_gen.engine.model.end_totals import EndTotals, end_totals
from tui_gen.engine.model.history import HistoryPart
from tui_gen.engine.model.machine_metrics import machines_of
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.metrics import Metrics, metrics_of, standing
from tui_gen.engine.model.run_course import EndFacts
from tui_gen.engine.model.run_verdict import EngineSigns, RunVerdict, run_verdict
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, SourceState
from tui_gen.engine.scheduling.commands import Controller
from tui_gen.tui.timelines import Timelines
from tui_gen.tui.widgets.styled_lines import Role

STALE_AFTER_SECONDS = 10.0
"""A heartbeat older than this is reported."""


Reach = Literal["all", "run", "none"]
"""The commands that an engine accepts: all, those for the whole run (pause, finish, stop), or none."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """A controller's knowledge about its engine, besides the state of the run."""

    is_alive: bool = True
    is_starting: bool = False
    is_absent: bool = False  # there has been none yet
    silent_seconds: float | None = None  # since the last message, by a clock without steps
    now: float | None = None  # wall time of the engine's machine; None if that is this machine
    log_lines: tuple[str, ...] = ()  # the last lines of a dead engine's log, oldest first
    ending: tuple[str, ...] = ()  # how it died, as far as it is known: the signal, the kernel's words
    status_file: str = ""  # that a monitor reads
    reach: Reach = "all"
    trouble: str = ""  # why not everything can be seen or controlled
    history: HistoryPart | None = None  # None: the engine has sent none
    replay: str = ""  # of a replay: the time it has reached, and its speed
    is_replay_over: bool = False


class ScreenController(Controller, Protocol):
    """A controller for a screen, with information about its engine."""

    def engine_info(self) -> EngineInfo:
        """Return information about the engine. Never waits, and reads nothing."""
        ...


@dataclass(frozen=True, slots=True)
class RunCondition:
    """The condition of the run: a word, its severity, and the reason."""

    word: str
    role: Role
    reason: str = ""
    is_dead: bool = False
    is_ended: bool = False
    is_awaited: bool = False  # no engine has answered yet


@dataclass(frozen=True, slots=True)
class ScreenView:
    """All data from which the panes are written."""

    state: RunState
    now: float
    condition: RunCondition
    is_read_only: bool = False
    workers_asked: int | None = None  # requested, not confirmed yet
    workers_asked_on: Mapping[str, int] = field(default_factory=dict)  # likewise, by machine
    engine: EngineInfo = EngineInfo()
    looked_at: float = 0.0  # like `now`, but not stopped by the end of the run
    end: EndFacts | None = None  # of a run that has ended, once they are read
    timelines: Timelines = field(default_factory=Timelines, compare=False)
    metrics: Metrics = field(init=False)
    verdict: RunVerdict = field(init=False)
    totals: EndTotals | None = field(init=False)  # of a run that has ended
    machines: list[MachineState] = field(init=False)  # of a cluster

    def __post_init__(self) -> None:
        """Calculate the metrics and the verdict once for all panes."""
        object.__setattr__(self, "metrics", metrics_of(self.state, self.now))
        object.__setattr__(self, "machines", machines_of(self.state))
        silent = self.engine.silent_seconds
        signs = EngineSigns(
            is_gone=self.condition.is_dead,
            silent_seconds=silent if silent is not None and silent > STALE_AFTER_SECONDS else None,
        )
        object.__setattr__(self, "verdict", run_verdict(self.state, self.metrics, self.now, signs))
        course = self.end.course if self.end is not None else None
        is_ended = self.condition.is_ended
        totals = end_totals(self.state, self.metrics, course) if is_ended else None
        object.__setattr__(self, "totals", totals)

    @property
    def is_working(self) -> bool:
        """Whether clips are being made, so that the time left corresponds to a date."""
        return self.state.phase in {"running", "draining"} and not self.condition.is_dead


_WORDS: dict[str, tuple[str, Role, str]] = {
    "starting": ("STARTING", "accent", ""),
    "running": ("RUNNING", "good", ""),
    "paused": ("PAUSED", "warn", "by hand"),
    "draining": ("FINISHING", "accent", "the {clips} in hand, then stopping"),
    "waiting": ("WAITING", "warn", ""),
    "stopping": ("STOPPING", "accent", ""),
    "stopped": ("STOPPED", "warn", "it goes on where it stopped when started again"),
    "finished": ("FINISHED", "good", ""),
    "failed": ("FAILED", "bad", ""),
}


def condition_of(state: RunState | None, engine: EngineInfo) -> RunCondition:
    """Return the condition of the run, as known from the engine; no state before its first message."""
    if engine.is_starting:
        return RunCondition("STARTING", "accent", "the engine is starting", is_awaited=True)
    if not engine.is_alive:
        return RunCondition("DEAD", "bad", "the engine ended and recorded no end", is_dead=True)
    if state is None or engine.replay:
        return _without_engine(state, engine)
    word, role, reason = _WORDS.get(state.phase, (state.phase.upper(), "accent", ""))
    reason = reason.format(clips=state.nouns.clip.many)
    if state.phase in ENDED_PHASES:
        if standing(state, is_at_work=False) == "with gaps":
            role, reason = "warn", f"some {state.nouns.source.many} failed or targets are unmet"
        said = state.reason.removeprefix("stopped ")  # of older engines: "stopped before the end"
        return RunCondition(word, role, said or reason, is_ended=True)
    silent_seconds = engine.silent_seconds or 0.0
    if silent_seconds > STALE_AFTER_SECONDS:
        return RunCondition("STALE", "warn", f"was {word}, last heard of {silent_seconds:.0f} s ago")
    return RunCondition(word, role, "; ".join(filter(None, (state.reason or reason, engine.trouble))))


def _without_engine(state: RunState | None, engine: EngineInfo) -> RunCondition:
    """Return the condition of a replay, and of a run whose engine has not answered."""
    if engine.replay:
        is_ended = engine.is_replay_over and state is not None and state.phase in ENDED_PHASES
        return RunCondition("REPLAY", "accent", engine.replay, is_ended=is_ended)
    reason = engine.trouble or "no answer from the engine yet"
    return RunCondition("NO RUN" if engine.is_absent else "CONNECTING", "accent", reason, is_awaited=True)


def is_retriable(source: SourceState) -> bool:
    """Return whether a source has clips that can be retried."""
    return bool(source.failed or source.unusable or source.quarantined)


def name_of(state: RunState, source: str | None) -> str:
    """Return the name of a source, unescaped."""
    if source is None:
        return ""
    found = state.sources.get(source)
    return found.name if found is not None else source


def labelled(facts: Iterable[tuple[str, str]], least_cells: int) -> list[str]:
    """Return facts as lines, with labels padded to one width."""
    facts = list(facts)
    cells = max([least_cells, *(len(label) for label, _ in facts)])
    return [f"{label:<{cells}} {text}" for label, text in facts]
