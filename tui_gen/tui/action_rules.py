"""Decides which actions are possible now. Pure. The screen does not offer the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_gen.engine.model.machine_metrics import emptiest, fullest
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.layout import NUMBERED, PaneName
from tui_gen.tui.view import ScreenView, is_retriable

_LAST_PRIORITY = 255


@dataclass(frozen=True, slots=True)
class Situation:
    """The conditions on which actions depend."""

    view: ScreenView
    room: PaneName
    source: str | None
    is_elsewhere: bool  # zoomed, or in a pane that is only shown on request
    has_filter: bool
    has_rows: bool
    can_restart: bool
    can_preview: bool
    machine: str | None = None  # under the cursor of the pane of machines, if that has the focus

    @property
    def state(self) -> RunState:
        """The run's state."""
        return self.view.state

    @property
    def chosen(self) -> SourceState | None:
        """The source under the cursor."""
        return self.state.sources.get(self.source or "")

    @property
    def to_skip(self) -> SourceState | None:
        """The source that the key for skipping is about.

        A verdict that names a source with this key precedes the cursor, except in the list of sources.
        """
        verdict = self.view.verdict
        named = verdict.action == "skip" and self.room is not PaneName.SOURCES
        return self.state.sources.get(verdict.source or "") if named else self.chosen

    @property
    def is_run_steerable(self) -> bool:
        """Whether the engine accepts commands for the whole run."""
        condition = self.view.condition
        has_gone = condition.is_dead or condition.is_ended or condition.is_awaited
        return not self.view.is_read_only and not has_gone and self.view.engine.reach != "none"

    @property
    def is_steerable(self) -> bool:
        """Whether the engine accepts every command."""
        return self.is_run_steerable and self.view.engine.reach == "all"


def workers_after(situation: Situation, change: int) -> int:
    """Return the number of workers of the run after a change."""
    asked = situation.view.workers_asked
    before = asked if asked is not None else situation.state.workers_target
    return max(1, min(do.MAX_WORKERS, before + change))


def workers_on(view: ScreenView) -> dict[str, int]:
    """Return the number of workers of each machine, as requested last."""
    return {each.name: view.workers_asked_on.get(each.name, each.workers) for each in view.machines}


def workers_command(now: Situation, change: int) -> do.SetWorkers | None:
    """Return the command for so many workers more or fewer; None if it would change nothing.

    In a cluster it is about the chosen machine, else about that with the fewest or the most workers for each
    core. Only a chosen machine may lose the last worker of all.
    """
    view = now.view
    if not view.machines:
        count = workers_after(now, change)
        return do.SetWorkers(count) if count != workers_after(now, 0) else None
    workers = workers_on(view)
    name = now.machine
    if name is None:
        found = (emptiest if change > 0 else fullest)(view.machines, workers)
        if found is None or sum(workers.values()) + change < 1:
            return None
        name = found.name
    count = max(0, min(do.MAX_WORKERS, workers.get(name, 0) + change))
    return do.SetWorkers(count, name) if count != workers.get(name) else None


def _can_pause(now: Situation, _: int) -> bool:
    return now.is_run_steerable and now.state.phase not in {"draining", "stopping"}


def _can_change_workers(now: Situation, change: int) -> bool:
    return now.is_steerable and workers_command(now, change) is not None


def _can_retry(now: Situation, _: int) -> bool:
    has_failed = any(is_retriable(source) for source in now.state.sources.values())
    is_refused = any(machine.phase == "refused" for machine in now.view.machines)
    return now.is_steerable and (has_failed or is_refused)


def _can_retry_this(now: Situation, _: int) -> bool:
    return now.is_steerable and now.chosen is not None and is_retriable(now.chosen)


def _can_skip(now: Situation, _: int) -> bool:
    return now.is_steerable and now.to_skip is not None and not now.to_skip.is_skipped


def _can_unskip(now: Situation, _: int) -> bool:
    return now.is_steerable and now.chosen is not None and now.chosen.is_skipped


def _can_change_priority(now: Situation, change: int) -> bool:
    chosen = now.chosen
    return now.is_steerable and chosen is not None and 0 <= chosen.priority + change <= _LAST_PRIORITY


def _can_restart(now: Situation, _: int) -> bool:
    condition = now.view.condition
    return now.can_restart and not now.view.is_read_only and (condition.is_dead or condition.is_ended)


def _has_details(now: Situation, _: int) -> bool:
    has_own_page = now.room in {PaneName.CATEGORIES, PaneName.PROBLEMS, PaneName.LOG, PaneName.MACHINES}
    return now.has_rows and (has_own_page or now.chosen is not None)


_RULES: dict[str, Callable[[Situation, int], bool]] = {
    "room": lambda now, number: number <= len(NUMBERED) or bool(now.view.machines),
    "pause": _can_pause,
    "workers": _can_change_workers,
    "set_workers": lambda now, _: now.is_steerable,
    "retry": _can_retry,
    "retry_this": _can_retry_this,
    "skip": _can_skip,
    "unskip": _can_unskip,
    "priority": _can_change_priority,
    "restart": _can_restart,
    "details": _has_details,
    "filter": lambda now, _: bool(now.state.sources),
    "preview": lambda now, _: now.can_preview,
    "log_clips": lambda now, _: now.room is PaneName.LOG,
    "back": lambda now, _: now.is_elsewhere or now.has_filter,
}


STEERING = frozenset(
    {
        "pause",
        "workers",
        "set_workers",
        "retry",
        "retry_this",
        "skip",
        "unskip",
        "priority",
        "restart",
        "preview",
    }
)
"""The actions that a screen that only watches never carries out."""


def why_not(now: Situation, action: str, number: int = 0) -> str:
    """Return why a key for the work has no effect now, in words; "" if it has one, or none is expected."""
    noun, chosen = now.state.nouns.source, now.to_skip if action == "skip" else now.chosen
    if not now.is_steerable or action not in _SAID or can(now, action, number):
        return ""
    if action == "retry":
        return "nothing has failed: there is nothing to try again"
    if chosen is None:
        return f"no {noun.one} is under the cursor"
    return _SAID[action].format(name=chosen.name)


_SAID = {
    "retry": "",
    "retry_this": "nothing of {name} has failed: there is nothing to try again",
    "skip": "{name} is left out already",
    "unskip": "{name} is not left out",
    "priority": "{name} cannot be moved further",
}


def can(situation: Situation, action: str, number: int = 0) -> bool:
    """Return whether an action is possible now; True for unknown actions."""
    rule = _RULES.get(action)
    return rule is None or rule(situation, number)
