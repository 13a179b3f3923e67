"""Keeps the times of a run while its work begins, rests and goes on. Only `RunState.apply` calls this."""

from __future__ import annotations

from tui_gen.engine.model.minutes import shift_minutes
from tui_gen.engine.model.run_data import RunData


def rest(run: RunData, at: float) -> None:
    """Stop counting: the run pauses, waits or has ended."""
    if run.active_since is not None:
        run.active_seconds += max(0.0, at - run.active_since)
        run.active_since, run.rested_since = None, at
        run.making = run.making.rested(at)


def go_on(run: RunData, at: float) -> None:
    """Count again. What workers do stood still meanwhile."""
    if run.active_since is None:
        run.active_since = at
        if run.making.of_run(at) > 0:
            run.making = run.making.begun(at)
    if run.rested_since is not None:
        for slot in run.slots.values():
            slot.since += max(0.0, at - max(slot.since, run.rested_since))
        run.rested_since = None


def run_on(run: RunData, at: float) -> None:
    """Count from the start of the run if no phase was written.

    A ledger may lack phases (older versions, a full disk): a clip that ended shows that the run works.
    """
    if run.active_since is None and run.phase == "starting" and not run.is_paused:
        run.active_since = run.started_at if run.started_at is not None else at


def make_on(run: RunData, at: float, clip_seconds: float) -> None:
    """Count the time of making from the beginning of the run's first clip, which has ended."""
    run_on(run, at)
    if run.making.since is None and run.active_since is not None:
        run.making = run.making.begun(max(run.active_since, at - clip_seconds))


def step(run: RunData, seconds: float) -> None:
    """Move the times from which durations are measured by a step of the wall clock."""
    if run.active_since is not None:
        run.active_since += seconds
    if run.rested_since is not None:
        run.rested_since += seconds
    for slot in run.slots.values():
        slot.since += seconds
    run.making = run.making.stepped(seconds)
    for machine in run.machines.values():
        machine.step(seconds)
    shift_minutes(run.minutes, seconds)
