"""Rates and times of completion, from measured values; None if nothing was measured. Pure.

    clips_left   wanted and not made, including clips of sources that are quarantined, failed or unreachable;
                 skipped, unusable and missing sources have none
    clips_to_do  those of clips_left that this run will try: without quarantined and failed ones

The rate is that of the last minutes of this run if they have enough clips, before that the rate of all runs.
Pauses, waits and the time between runs are left out.
"""

from __future__ import annotations

from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState, SourceState

ENOUGH_CLIPS = 30
ENOUGH_SECONDS = 60.0
WINDOW_MINUTES = 15
RATE_MINUTES = 5


def has_plan(state: RunState) -> bool:
    """Return True if anything is planned; without a plan, categories are only known from the ledger."""
    return any(c.planned or c.target is not None for c in state.categories.values())


def source_clips_left(source: SourceState) -> int:
    """Return the clips that are wanted from a source and not made."""
    gives_up = source.is_skipped or source.is_missing or source.unusable is not None
    return 0 if gives_up or not source.is_planned else source.clips_left


def source_clips_to_do(source: SourceState) -> int:
    """Return the clips of a source that this run will still try; failed ones wait for the next run."""
    if source.quarantined is not None:
        return 0
    return max(0, source_clips_left(source) - source.failed)


def clips_left(state: RunState) -> int:
    """Return the clips that are wanted and not made."""
    return sum(map(source_clips_left, state.sources.values()))


def clips_to_do(state: RunState) -> int:
    """Return the clips that this run will still try."""
    return sum(map(source_clips_to_do, state.sources.values()))


def clips_per_second(state: RunState, now: float) -> float | None:
    """Return the rate of clips while working, or None before the first clip has ended."""
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
    """Return the rate of the last whole minutes, or None if the run did not work through all of them."""
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
    """Return the seconds of work until this run has no clip left to try, or None if unknown."""
    return _seconds_of(clips_to_do(state), state, now)


def seconds_to_completion(state: RunState, now: float) -> float | None:
    """Return the seconds of work until all wanted clips are made, in this and later runs; None if unknown."""
    return _seconds_of(clips_left(state), state, now)


def _seconds_of(clips: int, state: RunState, now: float) -> float | None:
    if not clips:
        return 0.0 if has_plan(state) else None
    rate = clips_per_second(state, now)
    return clips / rate if rate else None


def images_to_do(state: RunState) -> dict[str, int]:
    """Return category -> patches that this run will still try to make, by the quotas of its sources."""
    to_do = dict.fromkeys(state.categories, 0.0)
    for source in state.sources.values():
        clips = source_clips_to_do(source)
        if not clips:
            continue
        share = clips / source.clips_left
        for name, quota in source.quotas.items():
            if name in to_do:
                to_do[name] += share * max(0, quota - source.images.get(name, 0))
    return {name: -int(-images // 1) for name, images in to_do.items()}


def category_seconds_left(
    state: RunState, category: CategoryState, to_do: dict[str, int], now: float
) -> float | None:
    """Return the seconds of work until a category is done in this run; None if unknown.

    `to_do` is what `images_to_do` returns.
    """
    if not to_do.get(category.name):
        return 0.0
    rate = clips_per_second(state, now)
    images = sum(c.images for c in state.categories.values())
    if rate is None or not images or not state.clips_made:
        return None
    own = sum(to_do.values()) / (rate * images / state.clips_made)
    whole = seconds_left(state, now)
    # No category ends later than the whole run.
    return own if whole is None else min(own, whole)


def patches_per_minute(state: RunState, now: float) -> float | None:
    """Return the patches of the last whole minutes of work (up to five), or None before the first."""
    this_minute = int(now // 60)
    window = [m for m in state.minutes if this_minute - RATE_MINUTES <= m.minute < this_minute]
    if not window:
        return None
    return sum(m.patches for m in window) / (this_minute - window[0].minute)


def bytes_left(state: RunState) -> float | None:
    """Return the bytes of the remaining patches, by the mean patch of each category, or None if unknown."""
    total = 0.0
    images = sum(c.images for c in state.categories.values())
    if not images:
        return None
    mean = sum(c.size_bytes for c in state.categories.values()) / images
    for category in state.categories.values():
        own = category.size_bytes / category.images if category.images else mean
        total += category.images_left * own
    return total


def seconds_until_disk_full(state: RunState, now: float) -> float | None:
    """Return the seconds of work until the disk reaches its threshold; None if it suffices.

    The patches of quarantined sources are included: the next run makes them.
    """
    needed, seconds = bytes_left(state), seconds_to_completion(state, now)
    if state.disk is None or needed is None or seconds is None or needed <= 0:
        return None
    room = state.disk.free_bytes - state.disk.pauses_below_bytes
    return None if needed <= room else max(0.0, seconds * room / needed)
