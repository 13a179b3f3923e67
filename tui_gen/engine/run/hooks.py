"""Runs the user's commands on events that the user wants to know, once per event.

    on_finish    the run ended, in any way            on_problem    new warnings or errors, collected
    on_disk_low  the disk guard holds the work        on_pause      the run is paused or waits

The command gets the event on its standard input as one line of JSON. A command is a list of arguments and
runs without a shell. A command that hangs is killed (hook_command.py). A failure goes to the log and has no
other effect.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.problems import Problem
from tui_gen.engine.model.run_verdict import RunVerdict, run_verdict, verdict_json
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.run.hook_command import run_command

LOOK_SECONDS = 1.0
GATHER_SECONDS = 60.0
"""Problems within this time are one event: five hundred missing files cause one message."""
PROBLEMS_TOLD = 20


@dataclass(frozen=True, slots=True)
class HookEvent:
    """An event for a hook."""

    event: str  # "on_finish"
    said: Mapping[str, Any]


@dataclass(slots=True)
class EventDetector:
    """Compares a run with its state at the last call, and detects events."""

    phase: str = "starting"
    is_disk_low: bool = False
    has_ended: bool = False
    _told: dict[tuple[str, str | None], int] = field(default_factory=dict)
    _gathered: list[Problem] = field(default_factory=list)
    _told_at: float = float("-inf")
    _judged: tuple[str, str | None] = ("", None)

    def look(self, state: RunState, now: float) -> Iterator[HookEvent]:
        """Yield the events since the last call."""
        verdict = run_verdict(state, metrics_of(state, now), now)
        about = {
            "at": now,
            "output": state.output,
            "state": state.phase,
            "reason": state.reason,
            "verdict": verdict_json(verdict),
        }
        if state.phase != self.phase:
            if state.phase in {"paused", "waiting"}:
                yield HookEvent("on_pause", about)
            self.phase = state.phase
        is_disk_low = state.phase == "waiting" and "disk low" in state.reason
        if is_disk_low and not self.is_disk_low and state.disk is not None:
            free = {"free_bytes": state.disk.free_bytes, "needed_bytes": state.disk.pauses_below_bytes}
            yield HookEvent("on_disk_low", about | free)
        self.is_disk_low = is_disk_low
        self._take_verdict(verdict, now)
        yield from self._problems(state, about, now)
        has_ended = state.phase in ENDED_PHASES
        if has_ended and not self.has_ended:
            yield HookEvent("on_finish", about | _ending(state, now))
        self.has_ended = has_ended

    def _take_verdict(self, verdict: RunVerdict, now: float) -> None:
        """Gather a verdict that no problem tells of; once, until another one takes its place."""
        judged = (verdict.kind, verdict.source)
        if verdict.is_news and judged != self._judged:
            text = f"{verdict.fact[:1].upper()}{verdict.fact[1:]}"
            self._gathered.append(Problem(verdict.level, text, verdict.source, "", now, now))
        self._judged = judged

    def _problems(self, state: RunState, about: Mapping[str, Any], now: float) -> Iterator[HookEvent]:
        for problem in state.problems:
            key = (problem.text, problem.source)
            if key not in self._told:
                self._gathered.append(problem)
            self._told[key] = problem.count
        # After a step of the clock, forward or back, problems may be reported early.
        is_due = abs(now - self._told_at) >= GATHER_SECONDS or state.phase in ENDED_PHASES
        if self._gathered and is_due:
            yield HookEvent("on_problem", {**about, **_problems_said(self._gathered, state)})
            self._gathered, self._told_at = [], now


def _ending(state: RunState, now: float) -> dict[str, Any]:
    metrics = metrics_of(state, now)
    return {
        "exit_code": state.exit_code,
        "elapsed_seconds": round(metrics.elapsed_seconds, 1),
        "images": {name: category.images for name, category in metrics.categories.items()},
        "targets": {name: category.target for name, category in metrics.categories.items()},
        "clips_failed": state.clips_failed,
    }


def _problems_said(problems: Sequence[Problem], state: RunState) -> dict[str, Any]:
    told = [
        {
            "level": problem.level,
            "text": problem.text,
            "video": state.sources[problem.source].name if problem.source in state.sources else None,
        }
        for problem in problems[:PROBLEMS_TOLD]
    ]
    return {"count": len(problems), "problems": told}


class Hooks:
    """Checks once per second, and runs commands beside the work."""

    def __init__(self, commands: Mapping[str, Sequence[str]], snapshot: Callable[[], RunState]) -> None:
        """Take a map from event to argument list, and a function that returns the state."""
        self._commands, self._snapshot = commands, snapshot
        self._lookout = EventDetector()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Check until cancelled; return at once without commands."""
        while self._commands:
            self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def finish(self) -> None:
        """Check a last time, and wait for the commands that run."""
        if self._commands:
            self._look()
        if self._running:
            await asyncio.wait(self._running)

    def _look(self) -> None:
        for happening in self._lookout.look(self._snapshot(), time.time()):
            command = self._commands.get(happening.event)
            if command:
                line = json.dumps({"event": happening.event, **happening.said}).encode("ascii") + b"\n"
                task = asyncio.create_task(
                    run_command(command, line, name=happening.event), name=happening.event
                )
                self._running.add(task)
                task.add_done_callback(self._running.discard)
