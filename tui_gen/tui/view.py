"""What a screen looks at in one moment: the state, the time, and how the run as a whole stands in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tui_gen.engine.model.metrics import Metrics, metrics_of, standing
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, SourceState
from tui_gen.engine.scheduling.commands import Controller
from tui_gen.tui.widgets.styled_lines import Role

STALE_AFTER_SECONDS = 10.0
"""A heartbeat older than this is worth saying."""


Reach = Literal["all", "run", "none"]
"""Which commands an engine takes: all, those for the whole run (pause, finish, stop), or none."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a controller knows of its engine besides the state of the run."""

    is_alive: bool = True
    is_starting: bool = False
    silent_seconds: float | None = None  # since it was heard of last, by a clock that no step moves
    now: float | None = None  # wall time where the engine runs, None where that is this machine's
    log_lines: tuple[str, ...] = ()  # the last words of an engine that is gone, oldest first
    status_file: str = ""  # which a monitor reads
    reach: Reach = "all"
    trouble: str = ""  # why less than everything can be seen or done


class ScreenController(Controller, Protocol):
    """A controller of a screen: it also knows whether its engine lives."""

    def engine_info(self) -> EngineInfo:
        """Return what is known of the engine. Never waits, and reads nothing."""
        ...


@dataclass(frozen=True, slots=True)
class RunCondition:
    """How the run as a whole stands: a word, how grave it is, and what there is to say about it."""

    word: str
    role: Role
    reason: str = ""
    is_dead: bool = False
    is_ended: bool = False
    is_awaited: bool = False  # no engine has answered yet


@dataclass(frozen=True, slots=True)
class ScreenView:
    """All that the panes write from."""

    state: RunState
    now: float
    condition: RunCondition
    is_read_only: bool = False
    workers_asked: int | None = None  # asked for, not yet confirmed
    engine: EngineInfo = EngineInfo()
    looked_at: float = 0.0  # as `now`, which stands still once the run has ended
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        """Derive the numbers once for all panes."""
        object.__setattr__(self, "metrics", metrics_of(self.state, self.now))

    @property
    def is_working(self) -> bool:
        """Whether clips are being made, so that a time left leads to a date."""
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
    """Return how the run stands, as far as the engine still says; no state is known before its first word."""
    if engine.is_starting:
        return RunCondition("STARTING", "accent", "the engine is on its way up", is_awaited=True)
    if not engine.is_alive:
        return RunCondition("DEAD", "bad", "the engine has ended without a word", is_dead=True)
    if state is None:
        reason = engine.trouble or "no word from the engine yet"
        return RunCondition("CONNECTING", "accent", reason, is_awaited=True)
    word, role, reason = _WORDS.get(state.phase, (state.phase.upper(), "accent", ""))
    reason = reason.format(clips=state.nouns.clip.many)
    if state.phase in ENDED_PHASES:
        if standing(state, is_at_work=False) == "with gaps":
            role, reason = "warn", f"some {state.nouns.source.many} failed or targets are unmet"
        return RunCondition(word, role, state.reason or reason, is_ended=True)
    silent_seconds = engine.silent_seconds or 0.0
    if silent_seconds > STALE_AFTER_SECONDS:
        return RunCondition("STALE", "warn", f"was {word}, last heard of {silent_seconds:.0f} s ago")
    return RunCondition(word, role, "; ".join(filter(None, (state.reason or reason, engine.trouble))))


def is_retriable(source: SourceState) -> bool:
    """Whether there is something about a source to try again."""
    return bool(source.failed or source.unusable or source.quarantined)


def name_of(state: RunState, source: str | None) -> str:
    """Return the name of a source, foreign as it is."""
    if source is None:
        return ""
    found = state.sources.get(source)
    return found.name if found is not None else source


def labelled(facts: Iterable[tuple[str, str]], least_cells: int) -> list[str]:
    """Return facts as lines, their labels padded to one width."""
    facts = list(facts)
    cells = max([least_cells, *(len(label) for label, _ in facts)])
    return [f"{label:<{cells}} {text}" for label, text in facts]
