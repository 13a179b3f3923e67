"""What the schedule says now, in a few words, for the head of the screen and for `ctl status`."""

from __future__ import annotations

from tui_gen.base.formatting import coming
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES


def schedule_words(state: RunState, now: float) -> str:
    """Return `schedule: 2 workers until 18:00`, or `5 workers by hand until 18:00`.

    Empty without a schedule, after the end of the run, and if the schedule never changes.
    """
    applied = state.schedule
    if applied is None or applied.until is None or state.phase in ENDED_PHASES:
        return ""
    until = f"until {coming(applied.until, now)}"
    if applied.is_overridden:
        return f"{_counted(0 if state.is_paused else state.workers_target)} by hand {until}"
    return f"schedule: {_counted(applied.workers)} {until}"


def _counted(workers: int) -> str:
    if not workers:
        return "pause"
    return f"{workers} worker{'' if workers == 1 else 's'}"
