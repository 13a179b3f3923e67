"""What a screen looks at in one moment: the state, the time, and how the run as a whole stands in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tui_gen.engine.model import eta
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, CategoryState, SourceState
from tui_gen.tui.widgets.styled_lines import Role

STALE_AFTER_SECONDS = 10.0
"""A heartbeat older than this is worth saying."""


@runtime_checkable
class Liveness(Protocol):
    """What a controller may also know: whether its engine lives, and what it said last."""

    @property
    def alive(self) -> bool:
        """Whether the engine's process is there."""
        ...

    @property
    def last_log_lines(self) -> tuple[str, ...]:
        """The last lines of the engine's log, oldest first."""
        ...


@runtime_checkable
class Heartbeat(Protocol):
    """What a controller may also know: when the engine was heard of last."""

    @property
    def last_heard_at(self) -> float | None:
        """Seconds since the epoch, or None before the first sign of life."""
        ...


@runtime_checkable
class StatusFile(Protocol):
    """What the monitor's controller also knows: the file it reads."""

    @property
    def status_path(self) -> str:
        """Its path."""
        ...


@dataclass(frozen=True, slots=True)
class RunCondition:
    """How the run as a whole stands: a word, how grave it is, and what there is to say about it."""

    word: str
    role: Role
    reason: str = ""
    is_dead: bool = False
    is_ended: bool = False


@dataclass(frozen=True, slots=True)
class ScreenView:
    """All that the panes write from."""

    state: RunState
    now: float
    condition: RunCondition
    is_read_only: bool = False
    workers_asked: int | None = None  # asked for, not yet confirmed
    log_lines: tuple[str, ...] = ()
    status_file: str = ""

    @property
    def is_working(self) -> bool:
        """Whether clips are being made, so that a time left leads to a date."""
        return self.state.phase in {"running", "draining"} and not self.condition.is_dead


_WORDS: dict[str, tuple[str, Role, str]] = {
    "starting": ("STARTING", "accent", ""),
    "running": ("RUNNING", "good", ""),
    "paused": ("PAUSED", "warn", "by hand"),
    "draining": ("FINISHING", "accent", "the clips in hand, then stopping"),
    "waiting": ("WAITING", "warn", ""),
    "stopping": ("STOPPING", "accent", ""),
    "stopped": ("STOPPED", "warn", "it goes on where it stopped when started again"),
    "finished": ("FINISHED", "good", ""),
    "failed": ("FAILED", "bad", ""),
}


def condition_of(state: RunState, is_alive: bool, silent_seconds: float | None) -> RunCondition:  # noqa: FBT001
    """Return how the run stands, as far as the engine still says."""
    is_ended = state.phase in ENDED_PHASES
    if not is_alive and not is_ended:
        return RunCondition("DEAD", "bad", "the engine has ended without a word", is_dead=True)
    word, role, reason = _WORDS.get(state.phase, (state.phase.upper(), "accent", ""))
    if silent_seconds is not None and silent_seconds > STALE_AFTER_SECONDS and not is_ended:
        heard = f"was {word}, last heard of {silent_seconds:.0f} s ago"
        return RunCondition("STALE", "warn", heard)
    if state.phase == "finished" and state.exit_code:
        word, role = "FINISHED", "warn"
        reason = "some videos failed or targets are unmet"
    return RunCondition(word, role, state.reason or reason, is_ended=is_ended)


def done_share(state: RunState) -> float | None:
    """Return the share of the wanted clips that is made, or None before a plan."""
    made = sum(source.clips_made for source in state.sources.values())
    wanted = made + eta.clips_left(state)
    return made / wanted if wanted else None


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """The videos of a run, by what is to be expected of them."""

    total: int
    done: int
    left: int
    out: int  # skipped, unusable, missing, set aside


def video_counts(state: RunState) -> VideoCounts:
    """Count the videos."""
    phases = [source.phase for source in state.sources.values()]
    done = sum(phase in {"done", "nothing to do"} for phase in phases)
    out = sum(phase in {"skipped", "unusable", "missing", "set aside"} for phase in phases)
    return VideoCounts(len(phases), done, len(phases) - done - out, out)


def category_videos(state: RunState, category: CategoryState) -> tuple[int, int]:
    """Return how many videos have given a category all they are to give, and how many feed it."""
    feeding = [source for source in state.sources.values() if source.quotas.get(category.name, 0) > 0]
    done = sum(source.images.get(category.name, 0) >= source.quotas[category.name] for source in feeding)
    return done, len(feeding)


def problem_counts(state: RunState) -> tuple[int, int]:
    """Return how many different errors and warnings there are."""
    errors = sum(problem.level == "error" for problem in state.problems)
    return errors, len(state.problems) - errors


def is_retriable(source: SourceState) -> bool:
    """Whether there is something about a source to try again."""
    return bool(source.failed or source.unusable or source.quarantined)


def name_of(state: RunState, source: str | None) -> str:
    """Return the name of a source, foreign as it is."""
    if source is None:
        return ""
    found = state.sources.get(source)
    return found.name if found is not None else source
