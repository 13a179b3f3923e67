"""Rates and times of completion, from measured values; None if nothing was measured. Pure.

    clips_left   wanted and not made, including clips of sources that are quarantined, failed or unreachable;
                 skipped, unusable and missing sources have none
    clips_to_do  those of clips_left that this run will try: without quarantined and failed ones

The rate is that of the last minutes of this run if they have enough clips, before that the rate of all runs.
Rates are of the time in which clips are made (`making_time`).
"""

from __future__ import annotations

from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState, SourceState

ENOUGH_CLIPS = 30
ENOUGH_SECONDS = 60.0
WINDOW_MINUTES = 15
ENOUGH_OF_WINDOW = 0.9
"""The share of the window in which clips were made: a short pause does not matter."""
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
    """Return the rate of made clips while clips are made, or None before the first one.

    Rejected clips do not count: other clips take their place. The rate is 0 if no clip was made in the last
    quarter of an hour, and usually there are some.
    """
    making = state.making
    run_clips, run_seconds = state.clips_made - state.made_before, making.of_run(now)
    usual = None
    if run_clips >= ENOUGH_CLIPS and run_seconds >= ENOUGH_SECONDS:
        usual = run_clips / run_seconds
    elif state.clips_made and making.total(now) > 0:
        usual = state.clips_made / making.total(now)
    recent = _recent_rate(state, now, usual)
    return usual if recent is None else recent


def _recent_rate(state: RunState, now: float, usual: float | None) -> float | None:
    """Return the rate of the last whole minutes, or None if they are too few or too short for one."""
    this_minute = int(now // 60)
    first = this_minute - WINDOW_MINUTES
    seconds = state.making.within(first * 60.0, this_minute * 60.0)
    if usual is None or seconds < ENOUGH_OF_WINDOW * WINDOW_MINUTES * 60.0:
        return None
    clips = sum(minute.clips for minute in state.minutes if first <= minute.minute < this_minute)
    return clips / seconds if max(clips, usual * seconds) >= ENOUGH_CLIPS else None


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
    """Return the patches of a minute of making, in the last whole minutes (up to five).

    None if clips were made for less than one of these minutes.
    """
    this_minute = int(now // 60)
    first = this_minute - RATE_MINUTES
    minutes = state.making.within(first * 60.0, this_minute * 60.0) / 60
    if minutes < 1:
        return None
    return sum(each.patches for each in state.minutes if first <= each.minute < this_minute) / minutes


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
