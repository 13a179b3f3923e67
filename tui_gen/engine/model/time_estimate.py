"""Estimates the time that the rest of a plan takes, for `plan` and `check` alike. Pure.

runs so far ──> clips left / their rate
none        ──> measured processor time / processors that the workers keep busy
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_gen.engine.model import eta
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """The estimated time of the rest of a plan, if nothing else uses the machine."""

    seconds: float
    by_source: Mapping[str, float]  # seconds that each source adds; only sources with a measured cost
    is_by_runs: bool  # by the rate of the runs so far; False: by processor time
    is_all_known: bool  # False: some sources are not measured, so it takes longer
    processor_seconds: float | None
    workers: int


def time_estimate(
    state: RunState, plan: Plan, now: float, *, workers: int, processors: int
) -> TimeEstimate | None:
    """Return the estimate; None if nothing is left to make or nothing was measured.

    `state` must have applied the plan. A worker keeps about one processor busy, so that workers beyond the
    number of processors do not help.
    """
    left = [source for source in plan.sources if source.clips_left]
    if not left:
        return None
    busy = max(1, min(workers, processors))
    costs = {s.source: s.processor_seconds for s in left if s.processor_seconds is not None}
    spent = sum(costs.values()) if costs else None
    seconds = eta.seconds_to_completion(state, now)
    is_by_runs = seconds is not None
    if seconds is None:
        if spent is None:
            return None
        seconds = spent / busy
    return TimeEstimate(
        seconds=seconds,
        by_source={source: cost / busy for source, cost in costs.items()},
        is_by_runs=is_by_runs,
        is_all_known=is_by_runs or len(costs) == len(left),
        processor_seconds=spent,
        workers=workers,
    )


def described(estimate: TimeEstimate, duration: str) -> str:
    """Return the estimate as a phrase; `duration` is its number of seconds, for people."""
    many = f"{estimate.workers} worker{'' if estimate.workers == 1 else 's'}"
    if estimate.is_by_runs:
        return f"about {duration}, at the rate of the runs so far"
    about = "about" if estimate.is_all_known else "at least"
    return f"{about} {duration} with {many}, by the clips that check read as a test"
