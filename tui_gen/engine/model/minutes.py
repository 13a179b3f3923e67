"""The minutes of a run: the output of each minute of wall time. Steps of the clock move them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from tui_gen.engine.model.state_views import Minute


def count_minute(minutes: deque[Minute], at: float, patches: int, size_bytes: int) -> None:
    """Count a clip with its patches in the minute of `at`, which is in seconds since the epoch."""
    minute = int(at // 60)
    last = minutes[-1] if minutes else None
    if last is None or last.minute < minute:
        minutes.append(Minute(minute, patches, 1, size_bytes))
        return
    last.patches += patches
    last.clips += 1
    last.size_bytes += size_bytes


def shift_minutes(minutes: deque[Minute], seconds: float) -> None:
    """Move all minutes by a step of wall time. Copies of a state share them, so they are replaced."""
    moved = [replace(each, minute=each.minute + round(seconds / 60)) for each in minutes]
    minutes.clear()
    minutes.extend(moved)


def drop_minutes_after(minutes: deque[Minute], at: float) -> None:
    """Remove minutes in the future: the clock was set back while no engine ran."""
    while minutes and minutes[-1].minute > at // 60:
        minutes.pop()
