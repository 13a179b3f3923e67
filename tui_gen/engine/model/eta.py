"""When things will end, from what has been measured; None where nothing has.

The rate is that of the last minutes of this run once they say enough, and that of all runs together
before; pauses, waits and the time between runs are in neither.
"""

from __future__ import annotations

from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState

ENOUGH_CLIPS = 30
ENOUGH_SECONDS = 60.0
WINDOW_MINUTES = 15


def clips_left(state: RunState) -> int:
    """Return the clips still to be made, of all sources that are worked on."""
    return sum(source.clips_left for source in state.sources.values() if _is_worked_on(source.phase))


def _is_worked_on(phase: str) -> bool:
    return phase in {"queued", "working", "failed"}


def clips_per_second(state: RunState, now: float) -> float | None:
    """Return the rate of clips while working, or None before the first clip ended."""
    seconds = state.elapsed_seconds(now)
    run_seconds = seconds - state.active_seconds_before
    run_clips = state.clips_ended - state.clips_before
    recent = _recent_rate(state, now, run_seconds)
    if recent is not None:
        return recent
    if run_clips >= ENOUGH_CLIPS and run_seconds >= ENOUGH_SECONDS:
        return run_clips / run_seconds
    return state.clips_ended / seconds if state.clips_ended and seconds > 0 else None


def _recent_rate(state: RunState, now: float, run_seconds: float) -> float | None:
    """Rate of the last whole minutes, when the run has worked through all of them."""
    this_minute = int(now // 60)
    window = [m for m in state.minutes if this_minute - WINDOW_MINUTES <= m.minute < this_minute]
    seconds = WINDOW_MINUTES * 60.0
    clips = sum(m.clips for m in window)
    has_worked_throughout = (
        len(window) == WINDOW_MINUTES
        and run_seconds > seconds + 60.0
        and state.active_since is not None
        and now - state.active_since > seconds + 60.0
    )
    return clips / seconds if has_worked_throughout and clips >= ENOUGH_CLIPS else None


def seconds_left(state: RunState, now: float) -> float | None:
    """Return the seconds of work until everything planned is made, or None when unknown."""
    rate = clips_per_second(state, now)
    left = clips_left(state)
    if left == 0:
        return 0.0 if state.categories else None  # before the plan nothing is known to be left
    return left / rate if rate else None


def category_seconds_left(state: RunState, category: CategoryState, now: float) -> float | None:
    """Return the seconds until a category has what is planned for it, in step with all others."""
    left = max(0, category.planned - category.images)
    if left == 0:
        return 0.0
    all_left = sum(max(0, c.planned - c.images) for c in state.categories.values())
    images = sum(c.images for c in state.categories.values())
    rate = clips_per_second(state, now)
    if rate is None or not images or not state.clips_made:
        return None
    share = left / all_left if all_left else 0.0
    patches_per_second = rate * images / state.clips_made
    # A category can end no later than everything does.
    whole = seconds_left(state, now)
    own = left / (patches_per_second * share) if share else None
    return min(x for x in (own, whole) if x is not None) if own is not None else whole


def patches_per_minute(state: RunState, now: float) -> float | None:
    """Return the patches of the last whole minutes of work (up to five), or None before the first."""
    this_minute = int(now // 60)
    window = [m for m in state.minutes if this_minute - 5 <= m.minute < this_minute]
    if not window:
        return None
    return sum(m.patches for m in window) / (this_minute - window[0].minute)


def bytes_left(state: RunState) -> float | None:
    """Return the bytes the rest will take, by the mean patch of each category, or None when unknown."""
    total = 0.0
    images = sum(c.images for c in state.categories.values())
    if not images:
        return None
    mean = sum(c.size_bytes for c in state.categories.values()) / images
    for category in state.categories.values():
        own = category.size_bytes / category.images if category.images else mean
        total += max(0, category.planned - category.images) * own
    return total


def seconds_until_disk_full(state: RunState, now: float) -> float | None:
    """Return the seconds of work until the disk reaches its threshold; None when it will hold."""
    needed, left = bytes_left(state), seconds_left(state, now)
    if state.disk is None or needed is None or left is None or needed <= 0:
        return None
    room = state.disk.free_bytes - state.disk.pauses_below_bytes
    return None if needed <= room else max(0.0, left * room / needed)
